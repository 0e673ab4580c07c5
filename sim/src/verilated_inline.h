// EspInline over a Verilated model of esp_inline, whatever core is inside.
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
#include "frame_streams.h"
#include "rtl_coverage.h"
#include "sim/esp_inline.h"

namespace espgate::sim {

template <typename Model>
class VerilatedInline final : public EspInline {
 public:
  VerilatedInline() = default;
  VerilatedInline(const VerilatedInline&) = delete;
  VerilatedInline& operator=(const VerilatedInline&) = delete;
  ~VerilatedInline() override {
    m_model.final();
    if (m_trace) {
      m_trace->close();
    }
    write_coverage(m_context);
  }

  static Expected<std::unique_ptr<EspInline>> make(const std::string& trace_path) {
    auto shell = std::make_unique<VerilatedInline>();
    if (!trace_path.empty()) {
      // The FST writer ends the process when it cannot open its file, so try it first.
      if (!std::ofstream(trace_path) || !shell->open_trace(trace_path)) {
        return fail("cannot write the waveform file " + trace_path +
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
  void receive(InlineSide side, Bytes frame, bool damaged) override {
    m_receive.at(index(side)).send({.bytes = std::move(frame), .user = 0, .damaged = damaged});
  }
  std::optional<Bytes> transmitted(InlineSide side) override {
    auto frame = m_transmit.at(index(side)).next();
    return frame ? std::optional(std::move(frame->bytes)) : std::nullopt;
  }
  std::optional<HostFrame> to_host() override {
    auto frame = m_to_host.next();
    if (!frame) {
      return std::nullopt;
    }
    return HostFrame{.side = static_cast<InlineSide>(frame->user >> 8 & 1),
                     .reason = static_cast<std::uint8_t>(frame->user),
                     .bytes = std::move(frame->bytes)};
  }
  void from_host(InlineSide side, Bytes frame) override {
    m_from_host.send(
        {.bytes = std::move(frame), .user = static_cast<std::uint32_t>(index(side)), .damaged = false});
  }
  bool sent() const override { return m_receive[0].empty() && m_receive[1].empty() && m_from_host.empty(); }

  void clock(std::uint32_t cycles) override {
    for (std::uint32_t i = 0; i < cycles; ++i) {
      tick();
    }
  }
  std::uint64_t cycles() const override { return m_cycles; }
  void hesitate(const InlineHesitation& hesitation) override {
    m_hesitation = hesitation;
    m_chance.seed(hesitation.seed);
  }
  const std::vector<std::string>& violations() const override { return m_violations; }

  void reset() override {
    constexpr int reset_cycles = 8;
    for (FrameSource* source : {m_receive.data(), &m_receive[1], &m_from_host}) {
      source->clear();
    }
    for (FrameSink* sink : {m_transmit.data(), &m_transmit[1], &m_to_host}) {
      sink->clear();
    }
    m_model.rst_ni = 0;
    m_model.protected_rx_tvalid_i = 0;
    m_model.unprotected_rx_tvalid_i = 0;
    m_model.host_tx_tvalid_i = 0;
    for (int i = 0; i < reset_cycles; ++i) {
      edge();
    }
    m_model.rst_ni = 1;
  }

 private:
  static std::size_t index(InlineSide side) { return static_cast<std::size_t>(side); }

  bool open_trace(const std::string& path) {
    constexpr int all_levels = 99;
    m_context.traceEverOn(true);
    m_trace.emplace();
    m_model.trace(&*m_trace, all_levels);
    m_trace->open(path.c_str());
    return m_trace->isOpen();
  }

  // The two sides differ in the names of their pins alone, which only the preprocessor can vary.
#define ESPGATE_INLINE_SIDE(side, number)                                                      \
  {                                                                                            \
    const FrameBeat& in = m_receive[number].drive(m_chance.happens(m_hesitation.receive_gap)); \
    m_model.side##_rx_tvalid_i = in.valid;                                                     \
    m_model.side##_rx_tlast_i = in.last;                                                       \
    m_model.side##_rx_tkeep_i = in.keep;                                                       \
    m_model.side##_rx_terror_i = m_receive[number].damaged();                                  \
    std::memcpy(&m_model.side##_rx_tdata_i, in.data.data(), beat_bytes);                       \
    const bool ready = !m_chance.happens(m_hesitation.transmit_stall);                         \
    m_model.side##_tx_tready_i = ready;                                                        \
    FrameBeat out{.valid = m_model.side##_tx_tvalid_o != 0,                                    \
                  .last = m_model.side##_tx_tlast_o != 0,                                      \
                  .keep = m_model.side##_tx_tkeep_o,                                           \
                  .user = 0,                                                                   \
                  .data = {}};                                                                 \
    std::memcpy(out.data.data(), &m_model.side##_tx_tdata_o, beat_bytes);                      \
    m_receive[number].accept(true);                                                            \
    m_transmit[number].accept(out, ready, m_violations);                                       \
  }
  // Outputs depend on no input within a cycle, but for host_tx_tready_o, which depends on the side alone.
  void tick() {
    ESPGATE_INLINE_SIDE(protected, 0)
    ESPGATE_INLINE_SIDE(unprotected, 1)
    const FrameBeat& in = m_from_host.drive(m_chance.happens(m_hesitation.receive_gap));
    m_model.host_tx_tvalid_i = in.valid;
    m_model.host_tx_tlast_i = in.last;
    m_model.host_tx_tkeep_i = in.keep;
    m_model.host_tx_tuser_i = static_cast<std::uint8_t>(in.user);
    std::memcpy(&m_model.host_tx_tdata_i, in.data.data(), beat_bytes);
    const bool host_ready = !m_chance.happens(m_hesitation.host_stall);
    m_model.host_rx_tready_i = host_ready;
    FrameBeat out{.valid = m_model.host_rx_tvalid_o != 0,
                  .last = m_model.host_rx_tlast_o != 0,
                  .keep = m_model.host_rx_tkeep_o,
                  .user = m_model.host_rx_tuser_o,
                  .data = {}};
    std::memcpy(out.data.data(), &m_model.host_rx_tdata_o, beat_bytes);
    m_model.eval();
    const bool host_taken = m_model.host_tx_tready_o != 0;
    m_to_host.accept(out, host_ready, m_violations);
    edge();
    m_from_host.accept(host_taken);
  }
#undef ESPGATE_INLINE_SIDE

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
  std::array<FrameSource, 2> m_receive;
  FrameSource m_from_host;
  std::array<FrameSink, 2> m_transmit{FrameSink("protected_tx", true), FrameSink("unprotected_tx", true)};
  FrameSink m_to_host{"host_rx", false};
  InlineHesitation m_hesitation;
  Chance m_chance;
  std::vector<std::string> m_violations;
  std::uint64_t m_cycles = 0;
};

}  // namespace espgate::sim
