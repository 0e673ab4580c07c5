#include "sim/esp_inline.h"

#include <VEspInlineShell.h>

#include "coupled_model.h"
#include "verilated_inline.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspInline>> EspInline::create(const std::string& trace_path) {
  return VerilatedInline<CoupledModel<VEspInlineShell>>::make(trace_path);
}

}  // namespace espgate::sim
