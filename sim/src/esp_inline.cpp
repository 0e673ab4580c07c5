#include "sim/esp_inline.h"

#include <VEspInline.h>

#include "verilated_inline.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspInline>> EspInline::create(const std::string& trace_path) {
  return VerilatedInline<VEspInline>::make(trace_path);
}

}  // namespace espgate::sim
