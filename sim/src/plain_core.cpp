#include <VEspCore.h>

#include "verilated_core.h"

namespace espgate::sim {

std::unique_ptr<EspCore> make_plain_core() {
  return std::make_unique<VerilatedCore<VEspCore, NoTrace<VEspCore>>>();
}

}  // namespace espgate::sim
