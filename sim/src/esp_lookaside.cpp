#include "sim/esp_lookaside.h"

#include <VEspLookasideShell.h>

#include "coupled_model.h"
#include "verilated_lookaside.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspLookaside>> EspLookaside::create(const Options& options) {
  return VerilatedLookaside<CoupledModel<VEspLookasideShell>>::make(options);
}

}  // namespace espgate::sim
