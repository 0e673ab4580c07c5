// EspLookaside over a Verilated model of esp_lookaside, whatever core is inside.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "axi_lite.h"
#include "axi_slave.h"
#include "rtl_coverage.h"
#include "sim/esp_lookaside.h"

namespace espgate::sim {

template <typename Model>
class VerilatedLookaside final : public EspLookaside {
 public:
  explicit VerilatedLookaside(std::size_t memory_bytes) : m_memory(memory_bytes) {}
  VerilatedLookaside(const VerilatedLookaside&) = delete;
  VerilatedLookaside& operator=(const VerilatedLookaside&) = delete;
  ~VerilatedLookaside() override {
    m_model.final();
    if (m_trace) {
      m_trace->close();
    }
    write_coverage(m_context);
  }

  static Expected<std::unique_ptr<EspLookaside>> make(const EspLookaside::Options& options) {
    auto shell = std::make_unique<VerilatedLookaside>(options.memory_bytes);
    if (!options.trace_path.empty()) {
      // The FST writer ends the process when it cannot open its file, so try it first.
      if (!std::ofstream(options.trace_path) || !shell->open_trace(options.trace_path)) {
        return fail("cannot write the waveform file " + options.trace_path +
                    ": check that its folder exists and may be written to");
      }
    }
    shell->reset();
    return shell;
  }

  std::uint32_t read(std::uint32_t offset) override {
    return axi_lite_read(m_model, offset, [this] { tick(); });
  }
  void write(std::uint32_t offset, std::uint32_t value) override {
    axi_lite_write(m_model, offset, value, [this] { tick(); });
  }
  Memory& memory() override { return m_memory; }
  void clock(std::uint32_t cycles) override {
    for (std::uint32_t i = 0; i < cycles; ++i) {
      tick();
    }
  }
  std::uint64_t cycles() const override { return m_cycles; }

  void reset() override {
    constexpr int reset_cycles = 8;
    for (AxiSlave* slave : {&m_outbound, &m_inbound, &m_rings}) {
      slave->forget();
    }
    m_model.rst_ni = 0;
    m_model.m_axi_out_rvalid_i = m_model.m_axi_out_bvalid_i = 0;
    m_model.m_axi_in_rvalid_i = m_model.m_axi_in_bvalid_i = 0;
    m_model.m_axi_ring_rvalid_i = m_model.m_axi_ring_bvalid_i = 0;
    for (int i = 0; i < reset_cycles; ++i) {
      edge();
    }
    m_model.rst_ni = 1;
  }

 private:
  bool open_trace(const std::string& path) {
    constexpr int all_levels = 99;
    m_context.traceEverOn(true);
    m_trace.emplace();
    m_model.trace(&*m_trace, all_levels);
    m_trace->open(path.c_str());
    return m_trace->isOpen();
  }

  // No output depends on an input within a cycle, so the outputs after the last edge are those of the next.
  // The ports differ in their names alone, which only the preprocessor can vary.
#define ESPGATE_AXI_DRIVE(port, slave)                                                            \
  {                                                                                               \
    const AxiAnswer& answer = (slave).drive(m_cycles);                                            \
    m_model.m_axi_##port##_arready_i = answer.ar_ready;                                           \
    m_model.m_axi_##port##_awready_i = answer.aw_ready;                                           \
    m_model.m_axi_##port##_wready_i = answer.w_ready;                                             \
    m_model.m_axi_##port##_rvalid_i = answer.r_valid;                                             \
    m_model.m_axi_##port##_rlast_i = answer.r_last;                                               \
    m_model.m_axi_##port##_rresp_i = answer.r_response;                                           \
    m_model.m_axi_##port##_bvalid_i = answer.b_valid;                                             \
    m_model.m_axi_##port##_bresp_i = answer.b_response;                                           \
    if (answer.r_valid) {                                                                         \
      std::memcpy(&m_model.m_axi_##port##_rdata_i, answer.r_data.data(), beat_bytes);             \
    }                                                                                             \
    request = {.ar_valid = m_model.m_axi_##port##_arvalid_o != 0,                                 \
               .ar_address = m_model.m_axi_##port##_araddr_o,                                     \
               .ar_length = m_model.m_axi_##port##_arlen_o,                                       \
               .r_ready = m_model.m_axi_##port##_rready_o != 0,                                   \
               .aw_valid = m_model.m_axi_##port##_awvalid_o != 0,                                 \
               .aw_address = m_model.m_axi_##port##_awaddr_o,                                     \
               .aw_length = m_model.m_axi_##port##_awlen_o,                                       \
               .w_valid = m_model.m_axi_##port##_wvalid_o != 0,                                   \
               .w_last = m_model.m_axi_##port##_wlast_o != 0,                                     \
               .w_strobe = m_model.m_axi_##port##_wstrb_o,                                        \
               .w_data = reinterpret_cast<const std::uint32_t*>(&m_model.m_axi_##port##_wdata_o), \
               .b_ready = m_model.m_axi_##port##_bready_o != 0};                                  \
  }
  void tick() {
    AxiRequest request;
    ESPGATE_AXI_DRIVE(out, m_outbound)
    m_outbound.accept(request);
    ESPGATE_AXI_DRIVE(in, m_inbound)
    m_inbound.accept(request);
    ESPGATE_AXI_DRIVE(ring, m_rings)
    const AxiAnswer& rings = m_rings.answer();
    m_model.m_axi_ring_rid_i = rings.r_id;
    m_model.m_axi_ring_bid_i = rings.b_id;
    request.ar_id = m_model.m_axi_ring_arid_o;
    request.aw_id = m_model.m_axi_ring_awid_o;
    m_rings.accept(request);
    edge();
  }
#undef ESPGATE_AXI_DRIVE

  void edge() {
    m_model.clk_i = 1;
    m_model.eval();
    if (m_trace) {
      m_trace->dump(2 * m_cycles);
    }
    m_model.clk_i = 0;
    m_model.eval();
    if (m_trace) {
      m_trace->dump(2 * m_cycles + 1);
    }
    ++m_cycles;
  }

  VerilatedContext m_context;
  Model m_model{&m_context};
  std::optional<VerilatedFstC> m_trace;
  Memory m_memory;
  AxiSlave m_outbound{"m_axi_out", m_memory};
  AxiSlave m_inbound{"m_axi_in", m_memory};
  AxiSlave m_rings{"m_axi_ring", m_memory};
  std::uint64_t m_cycles = 0;
};

}  // namespace espgate::sim
