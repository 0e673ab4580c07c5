// Accesses to a Verilated model's AXI4-Lite port (s_axil_*), for any model that has one.
#pragma once

#include <cstdint>

namespace espgate::sim {

inline constexpr int axi_lite_answer_cycles = 4096;  // far more than any access takes
inline constexpr std::uint32_t axi_lite_no_answer = 0xffffffff;

// `tick` moves the model's clock by one cycle. All ones when the port does not answer.
template <typename Model, typename Tick>
std::uint32_t axi_lite_read(Model& model, std::uint32_t offset, Tick tick) {
  model.s_axil_araddr_i = static_cast<std::uint16_t>(offset);
  model.s_axil_arvalid_i = 1;
  model.s_axil_rready_i = 1;
  std::uint32_t value = axi_lite_no_answer;
  bool answered = false;
  for (int cycle = 0; cycle < axi_lite_answer_cycles && !answered; ++cycle) {
    const bool taken = model.s_axil_arvalid_i != 0 && model.s_axil_arready_o != 0;
    answered = model.s_axil_rvalid_o != 0;
    if (answered) {
      value = model.s_axil_rdata_o;
    }
    tick();
    if (taken) {
      model.s_axil_arvalid_i = 0;
    }
  }
  model.s_axil_arvalid_i = 0;
  model.s_axil_rready_i = 0;
  return value;
}

template <typename Model, typename Tick>
void axi_lite_write(Model& model, std::uint32_t offset, std::uint32_t value, Tick tick) {
  model.s_axil_awaddr_i = static_cast<std::uint16_t>(offset);
  model.s_axil_awvalid_i = 1;
  model.s_axil_wdata_i = value;
  model.s_axil_wstrb_i = 0xf;
  model.s_axil_wvalid_i = 1;
  bool answered = false;
  for (int cycle = 0; cycle < axi_lite_answer_cycles && !answered; ++cycle) {
    const bool address_taken = model.s_axil_awvalid_i != 0 && model.s_axil_awready_o != 0;
    const bool data_taken = model.s_axil_wvalid_i != 0 && model.s_axil_wready_o != 0;
    // A host that lets every answer wait for a cycle: nothing may be lost by it.
    const bool offered = model.s_axil_bvalid_o != 0;
    answered = offered && model.s_axil_bready_i != 0;
    tick();
    model.s_axil_bready_i = offered && !answered ? 1 : 0;
    if (address_taken) {
      model.s_axil_awvalid_i = 0;
    }
    if (data_taken) {
      model.s_axil_wvalid_i = 0;
    }
  }
  model.s_axil_awvalid_i = 0;
  model.s_axil_wvalid_i = 0;
}

}  // namespace espgate::sim
