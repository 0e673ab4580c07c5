// A Verilated esp_core behind EspCore, whatever its table sizes.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <string>

#include "axi_lite.h"
#include "packet_stream.h"
#include "rtl_coverage.h"
#include "sim/esp_core.h"

namespace espgate::sim {

template <typename Model>
class VerilatedCore final : public EspCore {
 public:
  VerilatedCore() = default;
  VerilatedCore(const VerilatedCore&) = delete;
  VerilatedCore& operator=(const VerilatedCore&) = delete;
  ~VerilatedCore() override {
    // The model's scopes leave the context that the thread used last, which may be that of another core, gone
    // by now.
    Verilated::threadContextp(&m_context);
    m_model.final();
    if (m_trace) {
      m_trace->close();
    }
    write_coverage(m_context);
  }

  bool open_trace(const std::string& path) {
    constexpr int all_levels = 99;
    m_context.traceEverOn(true);
    m_trace.emplace();
    m_model.trace(&*m_trace, all_levels);
    m_trace->open(path.c_str());
    return m_trace->isOpen();
  }

  std::uint32_t read(std::uint32_t offset) override {
    return axi_lite_read(m_model, offset, [this] { tick(); });
  }
  void write(std::uint32_t offset, std::uint32_t value) override {
    axi_lite_write(m_model, offset, value, [this] { tick(); });
  }

  void send(Side side, const SendOptions& options, ByteView packet) override {
    stream(side).send(options, packet);
  }
  std::optional<Done> done(Side side, ByteSpan output) override { return stream(side).done(output); }

  void take_events(bool on) override { m_model.event_ready_i = on; }
  std::optional<std::uint32_t> event() override {
    if (m_events.empty()) {
      return std::nullopt;
    }
    const std::uint32_t data = m_events.front();
    m_events.pop_front();
    return data;
  }

  void clock(std::uint32_t cycles) override {
    for (std::uint32_t i = 0; i < cycles; ++i) {
      tick();
    }
  }
  std::uint64_t cycles() const override { return m_cycles; }

  void hesitate(const Hesitation& hesitation) override {
    stream(Side::outbound).hesitate(hesitation, 0);
    stream(Side::inbound).hesitate(hesitation, 1);
  }

  void reset() override {
    for (PacketStream& stream : m_streams) {
      stream.clear();
    }
    m_events.clear();
    m_model.rst_ni = 0;
    for (int i = 0; i < reset_cycles; ++i) {
      edge();
    }
    m_model.rst_ni = 1;
  }

 private:
  static constexpr int reset_cycles = 8;

  PacketStream& stream(Side side) { return m_streams[static_cast<std::size_t>(side)]; }

  // No output depends on an input within a cycle, so the outputs after the last edge are those of the next.
  void tick() {
    const StreamInputs& outbound = stream(Side::outbound).drive();
    m_model.out_in_tvalid_i = outbound.input_valid;
    m_model.out_in_tlast_i = outbound.input_last;
    m_model.out_in_length_i = outbound.input_length;
    m_model.out_in_sa_i = static_cast<std::uint16_t>(outbound.input_options.sa);
    m_model.out_in_lookup_i = outbound.input_options.lookup;
    m_model.out_in_dummy_i = outbound.input_options.dummy;
    m_model.out_in_spd_i = outbound.input_options.spd;
    if (outbound.input_valid) {
      std::memcpy(m_model.out_in_tdata_i.data(), outbound.input_data.data(), beat_bytes);
    }
    m_model.out_out_tready_i = outbound.output_ready;
    m_model.out_done_ready_i = outbound.done_ready;
    const StreamInputs& inbound = stream(Side::inbound).drive();
    m_model.in_in_tvalid_i = inbound.input_valid;
    m_model.in_in_tlast_i = inbound.input_last;
    m_model.in_in_length_i = inbound.input_length;
    m_model.in_in_spd_i = inbound.input_options.spd;
    if (inbound.input_valid) {
      std::memcpy(m_model.in_in_tdata_i.data(), inbound.input_data.data(), beat_bytes);
    }
    m_model.in_out_tready_i = inbound.output_ready;
    m_model.in_done_ready_i = inbound.done_ready;

    stream(Side::outbound)
        .accept({.input_ready = m_model.out_in_tready_o != 0,
                 .output_valid = m_model.out_out_tvalid_o != 0,
                 .output_last = m_model.out_out_tlast_o != 0,
                 .output_keep = m_model.out_out_tkeep_o,
                 .output_data = m_model.out_out_tdata_o.data(),
                 .done_valid = m_model.out_done_valid_o != 0,
                 .done = {.verdict = m_model.out_done_verdict_o,
                          .sa = m_model.out_done_sa_o,
                          .length = m_model.out_done_length_o,
                          .next_hop = m_model.out_done_next_hop_o}});
    stream(Side::inbound)
        .accept({.input_ready = m_model.in_in_tready_o != 0,
                 .output_valid = m_model.in_out_tvalid_o != 0,
                 .output_last = m_model.in_out_tlast_o != 0,
                 .output_keep = m_model.in_out_tkeep_o,
                 .output_data = m_model.in_out_tdata_o.data(),
                 .done_valid = m_model.in_done_valid_o != 0,
                 .done = {.verdict = m_model.in_done_verdict_o,
                          .sa = m_model.in_done_sa_o,
                          .length = m_model.in_done_length_o,
                          .next_hop = m_model.in_done_next_hop_o}});
    if (m_model.event_valid_o != 0 && m_model.event_ready_i != 0) {
      m_events.push_back(m_model.event_data_o);
    }
    edge();
  }

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
  std::array<PacketStream, 2> m_streams;
  std::deque<std::uint32_t> m_events;
  std::uint64_t m_cycles = 0;
};

}  // namespace espgate::sim
