#include "rtl_device.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "lookaside_host.h"
#include "sim/esp_core.h"
#include "sim/esp_lookaside.h"

namespace espgate::bench {
namespace {

using driver::Direction;

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

sim::Side side_of(Direction direction) {
  return direction == Direction::outbound ? sim::Side::outbound : sim::Side::inbound;
}

class Core final : public RtlDevice {
 public:
  Core() : m_core(value(sim::EspCore::create({}))), m_output(largest_output) {}

  std::string name() const override { return "esp_core"; }
  std::uint32_t read(std::uint32_t offset) override { return m_core->read(offset); }
  void write(std::uint32_t offset, std::uint32_t data) override { m_core->write(offset, data); }
  void queue(Direction direction, std::uint32_t sa, ByteView packet, std::size_t) override {
    m_core->send(side_of(direction), {.sa = sa}, packet);
  }
  void start() override {}
  std::optional<Finished> next(Direction direction) override {
    const auto done = m_core->done(side_of(direction), m_output);
    if (!done) {
      return std::nullopt;
    }
    m_latency = done->latency;
    return Finished{.verdict = done->verdict, .error = false, .length = done->length};
  }
  std::uint64_t latency() const override { return m_latency; }
  void clock(std::uint32_t cycles) override { m_core->clock(cycles); }
  std::uint64_t cycles() const override { return m_core->cycles(); }
  std::size_t room() const override { return 1U << 16U; }

 private:
  static constexpr std::size_t largest_output = 32768;
  std::unique_ptr<sim::EspCore> m_core;
  Bytes m_output;
  std::uint64_t m_latency = 0;
};

class Lookaside final : public RtlDevice {
 public:
  Lookaside()
      : m_card(value(sim::EspLookaside::create({.trace_path = {}, .memory_bytes = memory_bytes}))),
        m_host(*m_card),
        m_arena(m_host.allocate(arena_bytes)) {
    m_host.start(sim::Side::outbound, ring_log2);
    m_host.start(sim::Side::inbound, ring_log2);
  }

  std::string name() const override { return "esp_lookaside"; }
  std::uint32_t read(std::uint32_t offset) override { return m_card->read(offset); }
  void write(std::uint32_t offset, std::uint32_t data) override { m_card->write(offset, data); }
  void queue(Direction direction, std::uint32_t sa, ByteView packet, std::size_t output_bytes) override {
    const std::size_t in = lines(packet.size());
    const std::size_t out = lines(output_bytes);
    if (m_used + in + out > arena_bytes) {
      m_used = 0;
    }
    const std::uint64_t at = m_arena + m_used;
    m_used += in + out;
    std::ranges::copy(packet, m_card->memory().at(at, packet.size()).begin());
    m_host.post(side_of(direction), {.cookie = 0,
                                     .input = at,
                                     .output = at + in,
                                     .length = static_cast<std::uint32_t>(packet.size()),
                                     .capacity = static_cast<std::uint32_t>(output_bytes),
                                     .sa = sa});
  }
  void start() override {
    for (const sim::Side side : {sim::Side::outbound, sim::Side::inbound}) {
      if (m_host.in_flight(side) > 0) {
        m_host.doorbell(side);
      }
    }
    m_started = m_card->cycles();
  }
  std::optional<Finished> next(Direction direction) override {
    const auto completion = m_host.poll(side_of(direction));
    if (!completion) {
      return std::nullopt;
    }
    if (!m_card->memory().violations.empty()) {
      throw std::runtime_error(m_card->memory().violations.front());
    }
    m_latency = m_card->cycles() - m_started;
    return Finished{
        .verdict = completion->verdict, .error = completion->error != 0, .length = completion->length};
  }
  std::uint64_t latency() const override { return m_latency; }
  void clock(std::uint32_t cycles) override { m_card->clock(cycles); }
  std::uint64_t cycles() const override { return m_card->cycles(); }
  std::size_t room() const override { return 1U << ring_log2; }

 private:
  static constexpr std::uint32_t ring_log2 = 12;
  static constexpr std::size_t memory_bytes = std::size_t{64} << 20U;
  static constexpr std::size_t arena_bytes = std::size_t{48} << 20U;
  static std::size_t lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

  std::unique_ptr<sim::EspLookaside> m_card;
  sim::test::LookasideHost m_host;
  std::uint64_t m_arena;
  std::size_t m_used = 0;
  std::uint64_t m_started = 0;
  std::uint64_t m_latency = 0;
};

}  // namespace

std::unique_ptr<RtlDevice> make_core() {
  return std::make_unique<Core>();
}
std::unique_ptr<RtlDevice> make_lookaside() {
  return std::make_unique<Lookaside>();
}

}  // namespace espgate::bench
