// Inbound at full speed: a packet takes as many cycles as it has beats at the input, whatever its kind, and
// leaves a bounded time after its last one.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::uint64_t latency_bound = 100;  // cycles, besides the packet's beats

std::size_t beats(std::size_t bytes) {
  return (bytes + 63) / 64;
}

// IPv4 or IPv6, `size` bytes.
Bytes ip_packet(bool v6, std::size_t size) {
  if (v6) {
    Ipv6 ip;
    ip.payload = any_bytes(size - 40);
    return ip.build();
  }
  return Ipv4{.payload = any_bytes(size - 20)}.build();
}

// Completions of `frames`, which arrive back to back; all must get `verdict`.
std::vector<std::uint64_t> completion_cycles(Bench& bench, const std::vector<Bytes>& frames,
                                             std::uint8_t verdict) {
  for (const Bytes& frame : frames) {
    bench.send(Side::inbound, {}, frame);
  }
  std::vector<std::uint64_t> cycles;
  Bytes buffer(20000);
  for (int cycle = 0; cycle < 100000 && cycles.size() < frames.size(); ++cycle) {
    bench.core().clock(1);
    while (const auto done = bench.core().done(Side::inbound, buffer)) {
      EXPECT_EQ(done->verdict, verdict);
      cycles.push_back(bench.core().cycles());
    }
  }
  return cycles;
}

// From packet 50 on every packet takes `beats_each` cycles.
void expect_spacing(const std::vector<std::uint64_t>& cycles, std::size_t count, std::size_t beats_each,
                    const std::string& what) {
  ASSERT_EQ(cycles.size(), count) << what;
  EXPECT_EQ(cycles.back() - cycles[50], (count - 51) * beats_each) << what;
}

struct Kind {
  std::string name;
  std::function<void(InboundSa&)> change;
};
const std::vector<Kind> kinds{
    {"tunnel", [](InboundSa&) {}},
    {"tunnel IPv6 in IPv6 UDP", [](InboundSa& sa) { sa.ipv6 = sa.selector_ipv6 = sa.encapsulated = true; }},
    {"transport", [](InboundSa& sa) { sa.transport = true; }},
    {"transport IPv6 UDP",
     [](InboundSa& sa) { sa.transport = sa.ipv6 = sa.selector_ipv6 = sa.encapsulated = true; }},
    {"GMAC", [](InboundSa& sa) { sa.gmac = true; }},
    {"GMAC ESN", [](InboundSa& sa) { sa.gmac = sa.esn = true; }},
    {"transport GMAC ESN", [](InboundSa& sa) { sa.transport = sa.gmac = sa.esn = true; }},
};

InboundSa make_sa(const Kind& kind, std::uint32_t i) {
  InboundSa sa;
  sa.spi = 0x5000 + i;
  sa.key = Bytes(i % 2 == 0 ? 16 : 32, static_cast<std::uint8_t>(1 + i));
  kind.change(sa);
  if (sa.transport) {
    sa.outer_destination = Ipv4{}.destination;
    sa.outer_destination6 = Ipv6{}.destination;
  }
  return sa;
}

TEST(InboundSpeed, EveryKindTakesItsBeats) {
  for (const Kind& kind : kinds) {
    Bench bench;
    std::vector<InboundSa> sas;
    for (std::uint32_t i = 0; i < 4; ++i) {
      sas.push_back(make_sa(kind, i));
      bench.add(i, sas[i], i);
    }
    std::uint64_t sequence = 0;
    for (const std::size_t size : {46U, 60U, 64U, 65U, 96U, 128U, 155U, 256U, 512U, 1420U, 9000U}) {
      std::vector<Bytes> frames;
      for (std::size_t i = 0; i < (size > 2000 ? 70 : 200); ++i) {
        frames.push_back(sas[i % 4].packet(++sequence, ip_packet(sas[0].selector_ipv6, size)));
      }
      expect_spacing(completion_cycles(bench, frames, ok), frames.size(), beats(frames[0].size()),
                     kind.name + ", " + std::to_string(size) + " bytes");
    }
  }
}

// Packets of one SA, each touching the state that the one before it left, and one beat long.
TEST(InboundSpeed, OneSaBackToBack) {
  Bench bench;
  const InboundSa sa = make_sa(kinds[2], 0);
  bench.add(0, sa);
  std::vector<Bytes> frames;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    frames.push_back(sa.packet(i, ip_packet(false, 24)));
  }
  ASSERT_EQ(beats(frames[0].size()), 1U);
  expect_spacing(completion_cycles(bench, frames, ok), frames.size(), 1, "one SA");
  const auto counters = bench.snapshot(regs::snapshot_set_sa_inbound, 0, regs::counter_sa_inbound_count);
  EXPECT_EQ(counters[regs::counter_sa_inbound_packets], 300U);
  EXPECT_EQ(counters[regs::counter_sa_inbound_bytes], 300U * 24);
  EXPECT_EQ(counters[regs::counter_sa_inbound_replay_top], 300U);
}

TEST(InboundSpeed, BypassedAndDroppedPacketsTakeTheirBeats) {
  Bench bench;
  Flow flow;
  flow.protocol = 6;
  flow.source = IpAddress::v4(0x0a000001);
  flow.destination = IpAddress::v4(0x0a000102);
  flow.source_port = 0x1234;
  flow.destination_port = 0x5678;
  bench.cache_entry(Side::inbound, flow, regs::policy_bypass);
  for (const std::size_t size : {40U, 64U, 65U, 192U, 1500U}) {
    Bytes payload = any_bytes(size - 20);
    payload[0] = 0x12;
    payload[1] = 0x34;
    payload[2] = 0x56;
    payload[3] = 0x78;
    const Bytes packet = Ipv4{.protocol = 6, .payload = payload}.build();
    expect_spacing(completion_cycles(bench, std::vector<Bytes>(200, packet), bypassed), 200, beats(size),
                   "bypass, " + std::to_string(size) + " bytes");
    const Bytes other = Ipv4{.protocol = 47, .payload = payload}.build();
    expect_spacing(completion_cycles(bench, std::vector<Bytes>(200, other), not_esp), 200, beats(size),
                   "drop, " + std::to_string(size) + " bytes");
  }
}

// From the first beat at the input to the first at the output, with an idle engine.
TEST(InboundSpeed, LatencyIsBounded) {
  for (const Kind& kind : kinds) {
    Bench bench;
    const InboundSa sa = make_sa(kind, 0);
    bench.add(0, sa);
    std::uint64_t sequence = 0;
    for (const std::size_t size : {46U, 64U, 256U, 1420U, 9000U}) {
      const Bytes frame = sa.packet(++sequence, ip_packet(sa.selector_ipv6, size));
      bench.send(Side::inbound, {}, frame);
      const std::uint64_t start = bench.core().cycles();
      Bytes buffer(20000);
      std::uint64_t end = start;
      // done() hands a packet out with its last beat.
      while (!bench.core().done(Side::inbound, buffer) && end < start + 2000) {
        bench.core().clock(1);
        end = bench.core().cycles();
      }
      EXPECT_LE(end - start, latency_bound + beats(frame.size()) + beats(size)) << kind.name << ", " << size;
    }
  }
}

}  // namespace
}  // namespace espgate::sim::test
