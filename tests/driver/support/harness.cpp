#include "support/harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace espgate::driver::test {
namespace {

// An engine that makes no progress for so many polls is stuck.
constexpr int idle_polls = 20000;
constexpr std::uint8_t untouched = 0xee;

}  // namespace

std::vector<Outcome> run(Engine& engine, Direction direction, const std::vector<Packet>& packets) {
  std::vector<Bytes> buffers(packets.size());
  std::vector<PacketRequest> requests(packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    buffers[i].assign(packets[i].bytes.size() + max_expansion, untouched);
    requests[i] = {
        .cookie = 0x1000 + i, .sa = {packets[i].sa}, .input = packets[i].bytes, .output = buffers[i]};
  }
  std::vector<Outcome> outcomes;
  std::size_t submitted = 0;
  int idle = 0;
  while (outcomes.size() < packets.size() && idle < idle_polls) {
    submitted += engine.submit(direction, std::span(requests).subspan(submitted));
    EXPECT_EQ(engine.in_flight(direction), submitted - outcomes.size());
    std::array<Completion, 16> completions{};
    const std::size_t count = engine.poll(direction, completions);
    idle = count == 0 ? idle + 1 : 0;
    for (const Completion& completion : std::span(completions).first(count)) {
      const std::size_t i = outcomes.size();
      EXPECT_EQ(completion.cookie, 0x1000 + i) << "completions out of order";
      if (i >= packets.size() || completion.length > buffers[i].size()) {
        ADD_FAILURE() << "completion that nobody asked for, or longer than its buffer";
        return outcomes;
      }
      Outcome outcome{.verdict = completion.verdict, .sa = completion.sa.value, .output = {}};
      outcome.output.assign(buffers[i].begin(), buffers[i].begin() + completion.length);
      // Nothing of a dropped packet, and nothing behind a delivered one, may be left in the caller's buffer.
      EXPECT_TRUE(std::all_of(buffers[i].begin() + completion.length, buffers[i].end(),
                              [](std::uint8_t b) { return b == untouched || b == 0; }));
      EXPECT_EQ(completion.verdict == Verdict::ok, completion.length != 0);
      outcomes.push_back(std::move(outcome));
    }
  }
  EXPECT_EQ(outcomes.size(), packets.size()) << "the engine stopped";
  // After a failure, the cases that follow index outcomes; give them something.
  outcomes.resize(packets.size());
  return outcomes;
}

Outcome run_one(Engine& engine, Direction direction, std::uint32_t sa, const Bytes& packet) {
  return run(engine, direction, {{.sa = sa, .bytes = packet}}).front();
}

std::vector<Event> events(Engine& engine) {
  std::vector<Event> all;
  std::array<Event, 4> some{};
  for (std::size_t count = engine.poll_events(some); count > 0; count = engine.poll_events(some)) {
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

AesGcmKey key_of(std::size_t bytes, std::uint8_t fill) {
  Bytes key(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    key[i] = static_cast<std::uint8_t>(fill + i);
  }
  const std::array<std::uint8_t, 4> salt{fill, 0xa1, 0xa2, 0xa3};
  return {.key = InlineSecret<32>(key), .salt = InlineSecret<4>(salt)};
}

OutboundSa outbound_sa(std::uint32_t spi) {
  OutboundSa sa;
  sa.spi = spi;
  sa.key = key_of(32);
  sa.outer_source = IpAddress::v4(0xc0000201);
  sa.outer_destination = IpAddress::v4(0xc0000202);
  sa.lease_limit = 1U << 20;
  sa.lease_low = 1U << 20;
  return sa;
}

InboundSa inbound_sa(std::uint32_t spi) {
  InboundSa sa;
  sa.spi = spi;
  sa.key = key_of(32, 0x51);
  sa.outer_destination = IpAddress::v4(0xc0000201);
  sa.selectors.source = IpRange::whole(IpFamily::v4);
  sa.selectors.destination = IpRange::whole(IpFamily::v4);
  return sa;
}

InboundSa peer_of(const OutboundSa& sa) {
  InboundSa peer = inbound_sa(sa.spi);
  peer.key = sa.key;
  peer.esn = sa.esn;
  peer.outer_destination = sa.outer_destination;
  peer.encapsulated = sa.encapsulation.has_value();
  peer.replay_top = sa.next_sequence - 1;
  return peer;
}

}  // namespace espgate::driver::test
