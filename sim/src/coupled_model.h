// A Verilated shell and the Verilated core behind it as one model, as if esp_core stood inside: the pins of
// the shell, and eval() for both.
//
// It rests on two rules of the core: none of its outputs depends on an input within a cycle, and both sides
// work on the rising edge alone. So before an edge the shell's outputs are brought to the core, at the edge
// both see what was there before it, and after it the core's outputs are brought to the shell.
#pragma once

#include <VEspCore.h>
#include <verilated.h>
#include <verilated_fst_c.h>

namespace espgate::sim {

template <typename Shell>
class CoupledModel : public Shell {
 public:
  explicit CoupledModel(VerilatedContext* context) : Shell(context), m_core(context, "core") {}

  void eval() {
    if (this->clk_i != 0) {
      this->clk_i = 0;
      Shell::eval();
      to_core();
      this->clk_i = 1;
      Shell::eval();
      m_core.clk_i = 1;
      m_core.eval();
    } else {
      m_core.clk_i = 0;
      m_core.eval();
      to_shell();
      Shell::eval();
    }
  }
  void trace(VerilatedFstC* file, int levels) {
    Shell::trace(file, levels);
    m_core.trace(file, levels);
  }
  void final() {
    Shell::final();
    m_core.final();
  }

 private:
  void to_core() {
    m_core.rst_ni = this->rst_ni;
#define ESPGATE_CORE_INPUT(name) m_core.name##_i = this->core_##name##_o;
#define ESPGATE_CORE_OUTPUT(name)
#include "core_pins.def"
#undef ESPGATE_CORE_INPUT
#undef ESPGATE_CORE_OUTPUT
  }
  void to_shell() {
#define ESPGATE_CORE_INPUT(name)
#define ESPGATE_CORE_OUTPUT(name) this->core_##name##_i = m_core.name##_o;
#include "core_pins.def"
#undef ESPGATE_CORE_INPUT
#undef ESPGATE_CORE_OUTPUT
  }

  VEspCore m_core;
};

}  // namespace espgate::sim
