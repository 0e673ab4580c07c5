// An Engine without cryptography, whose every answer a test can steer.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/engine.h"

namespace espgate::offload::testing {

// What happened in the engine, as the tests read it; outlives the engine.
struct FakeEngineState {
  driver::Capabilities capabilities{.name = "fake",
                                    .version = "1",
                                    .aes_gcm_128 = true,
                                    .aes_gcm_256 = true,
                                    .esn = true,
                                    .tunnel = true,
                                    .udp_encapsulation = true,
                                    .replay_window = 2048,
                                    .max_packet_bytes = 2048,
                                    .outbound_sas = 16,
                                    .inbound_sas = 16};
  std::vector<std::string> calls;
  std::map<std::uint32_t, driver::OutboundSa> outbound;
  std::map<std::uint32_t, driver::InboundSa> inbound;
  std::uint32_t next_row = 0;

  bool fail_add_inbound = false;
  bool fail_add_outbound = false;
  bool fail_remove = false;
  bool fail_renew = false;
  bool dead = false;
  bool fail_recover = false;
  unsigned recoveries = 0;  // tried
  bool hold = false;        // finish nothing
  std::size_t queue_size = 1000;
  driver::Verdict verdict = driver::Verdict::ok;
  std::optional<std::uint64_t> cookie_override;
  std::optional<std::uint32_t> length_override;

  std::array<std::deque<driver::PacketRequest>, 2> queues;
  std::vector<driver::Event> events;
  std::vector<std::uint32_t> outbound_rows_used;  // of each packet submitted
};

// The output is the input; with lease events when a test puts them in.
class FakeEngine final : public driver::Engine {
 public:
  explicit FakeEngine(FakeEngineState& state) : m_state(state) {}

  const driver::Capabilities& capabilities() const override { return m_state.capabilities; }

  Expected<driver::SaIndex> add_outbound(const driver::OutboundSa& sa) override {
    m_state.calls.emplace_back("add_outbound");
    if (m_state.fail_add_outbound) {
      return fail("outbound table is full");
    }
    m_state.outbound.emplace(m_state.next_row, sa);
    return driver::SaIndex{m_state.next_row++};
  }
  Expected<driver::SaIndex> add_inbound(const driver::InboundSa& sa) override {
    m_state.calls.emplace_back("add_inbound");
    if (m_state.fail_add_inbound) {
      return fail("inbound table is full");
    }
    m_state.inbound.emplace(m_state.next_row, sa);
    return driver::SaIndex{m_state.next_row++};
  }
  Expected<> remove(driver::Direction direction, driver::SaIndex index) override {
    const bool out = direction == driver::Direction::outbound;
    m_state.calls.emplace_back(out ? "remove_outbound" : "remove_inbound");
    if (m_state.fail_remove) {
      return fail("no answer");
    }
    const auto erased = out ? m_state.outbound.erase(index.value) : m_state.inbound.erase(index.value);
    return erased == 1 ? Expected<>{} : fail("no such row");
  }
  Expected<> renew_lease(driver::SaIndex row, std::uint64_t limit, std::uint64_t low) override {
    m_state.calls.emplace_back("renew_lease");
    const auto sa = m_state.outbound.find(row.value);
    if (m_state.fail_renew || sa == m_state.outbound.end()) {
      return fail("no answer");
    }
    sa->second.lease_limit = limit;
    sa->second.lease_low = low;
    return {};
  }

  Expected<> cache_policy(driver::Direction /*direction*/, const driver::Flow& /*flow*/,
                          driver::Policy /*policy*/, driver::SaIndex /*sa*/) override {
    return fail("the fake engine has no SPD cache");
  }
  Expected<> forget_policy(driver::Direction /*direction*/, const driver::Flow& /*flow*/) override {
    return {};
  }
  Expected<> self_test(driver::SelfTest /*how*/) override { return health(); }

  Expected<ByteSpan> packet_memory(std::size_t /*bytes*/) override { return fail("no memory of its own"); }
  std::size_t submit(driver::Direction direction, std::span<const driver::PacketRequest> requests) override {
    auto& queue = m_state.queues.at(static_cast<std::size_t>(direction));
    const std::size_t room = m_state.dead ? 0 : m_state.queue_size - queue.size();
    const std::size_t count = std::min(requests.size(), room);
    for (const auto& request : requests.first(count)) {
      queue.push_back(request);
      if (direction == driver::Direction::outbound) {
        m_state.outbound_rows_used.push_back(request.sa.value);
      }
    }
    return count;
  }
  std::size_t poll(driver::Direction direction, std::span<driver::Completion> completions) override {
    auto& queue = m_state.queues.at(static_cast<std::size_t>(direction));
    std::size_t count = 0;
    while (!m_state.hold && !m_state.dead && !queue.empty() && count < completions.size()) {
      const driver::PacketRequest request = queue.front();
      queue.pop_front();
      std::ranges::copy(request.input, request.output.begin());
      const bool ok = m_state.verdict == driver::Verdict::ok;
      const auto length = static_cast<std::uint32_t>(ok ? request.input.size() : 0);
      completions[count++] = {.cookie = m_state.cookie_override.value_or(request.cookie),
                              .verdict = m_state.verdict,
                              .sa = request.sa,
                              .length = m_state.length_override.value_or(length),
                              .next_hop = {}};
    }
    return count;
  }
  std::size_t poll_events(std::span<driver::Event> events) override {
    const std::size_t count = std::min(events.size(), m_state.events.size());
    std::copy_n(m_state.events.begin(), count, events.begin());
    m_state.events.erase(m_state.events.begin(), m_state.events.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  std::size_t in_flight(driver::Direction direction) const override {
    return m_state.queues.at(static_cast<std::size_t>(direction)).size();
  }

  Expected<driver::Counters> counters() override { return driver::Counters{}; }
  Expected<driver::OutboundSaCounters> outbound_sa_counters(driver::SaIndex index) override {
    const auto sa = m_state.outbound.find(index.value);
    return driver::OutboundSaCounters{
        .packets = index.value,
        .bytes = 0,
        .expired = 0,
        .next_sequence = sa == m_state.outbound.end() ? 1 : sa->second.next_sequence};
  }
  Expected<driver::InboundSaCounters> inbound_sa_counters(driver::SaIndex index) override {
    driver::InboundSaCounters counters;
    counters.packets = index.value;
    return counters;
  }
  Expected<> recover() override {
    ++m_state.recoveries;
    if (m_state.fail_recover) {
      return fail("still gone");
    }
    m_state.dead = m_state.hold = false;
    for (auto& queue : m_state.queues) {
      queue.clear();
    }
    for (auto& [row, sa] : m_state.outbound) {
      sa.next_sequence = sa.lease_limit;
    }
    return {};
  }
  Expected<> health() override { return m_state.dead ? Expected<>(fail("engine is gone")) : Expected<>{}; }

 private:
  FakeEngineState& m_state;
};

}  // namespace espgate::offload::testing
