#include "sim/esp_lookaside.h"

#include <VEspLookaside.h>

#include "verilated_lookaside.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspLookaside>> EspLookaside::create(const Options& options) {
  return VerilatedLookaside<VEspLookaside>::make(options);
}

}  // namespace espgate::sim
