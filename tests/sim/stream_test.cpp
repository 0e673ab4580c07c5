// The streams: what the engine makes of packets does not depend on when beats come and go, and at full speed
// a packet takes as many cycles as the larger of its input and output has beats.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::uint32_t sa_count = 16;

std::size_t beats(std::size_t bytes) {
  return (bytes + 63) / 64;
}

OutboundSa outbound_sa(std::uint32_t i) {
  OutboundSa sa;
  sa.spi = 0x9000 + i;
  sa.key = Bytes(i % 2 == 0 ? 16 : 32, static_cast<std::uint8_t>(0x40 + i));
  sa.esn = i % 4 >= 2;
  if (i % 3 == 0) {
    sa.encapsulation = Encapsulation{};
  }
  return sa;
}

InboundSa inbound_sa(std::uint32_t i) {
  InboundSa sa;
  sa.spi = 0x9000 + i;
  sa.key = Bytes(i % 2 == 0 ? 16 : 32, static_cast<std::uint8_t>(0x40 + i));
  sa.esn = i % 4 >= 2;
  sa.encapsulated = i % 3 == 0;
  return sa;
}

void add_all(Bench& bench) {
  for (std::uint32_t i = 0; i < sa_count; ++i) {
    bench.add(i, outbound_sa(i));
    bench.add(i, inbound_sa(i));
  }
}

// A mixture of good and bad packets for either side, the same every time.
struct Mixture {
  std::vector<Bytes> outbound;
  std::vector<Bytes> inbound;
  static std::uint32_t sa(std::size_t i) { return static_cast<std::uint32_t>(i * 7 % (sa_count + 1)); }
};
Mixture mixture() {
  Mixture m;
  std::array<std::uint64_t, sa_count + 1> sequence{};
  for (std::size_t i = 0; i < 260; ++i) {
    const std::size_t size = i % 50 == 49 ? 9000 - i : 20 + i * 37 % 700;
    Bytes out = udp_packet(size);
    if (i % 13 == 5) {
      out[0] = 0;
    }
    if (i % 17 == 3) {
      out.resize(out.size() + i);  // link padding
    }
    m.outbound.push_back(out);
    const std::uint32_t k = Mixture::sa(i);
    Bytes in = inbound_sa(k).packet(++sequence.at(k) - (i % 19 == 7 ? 1 : 0), udp_packet(size));
    if (i % 11 == 4) {
      in[in.size() / 2] ^= 1;
    }
    if (i % 23 == 9) {
      in.resize(in.size() + i);
    }
    m.inbound.push_back(in);
  }
  return m;
}

struct Outcome {
  std::vector<std::string> lines;
  bool operator==(const Outcome&) const = default;
};
Outcome outcome(const Hesitation& hesitation) {
  Bench bench;
  add_all(bench);
  bench.core().hesitate(hesitation);
  const Mixture m = mixture();
  for (std::size_t i = 0; i < m.outbound.size(); ++i) {
    bench.send(Side::outbound, {.sa = Mixture::sa(i)}, m.outbound[i]);
    bench.send(Side::inbound, {}, m.inbound[i]);
  }
  Outcome result;
  for (const Side side : {Side::outbound, Side::inbound}) {
    for (const Result& r : bench.collect(side, m.outbound.size())) {
      result.lines.push_back(std::to_string(r.done.verdict) + " " + std::to_string(r.done.sa) + " " +
                             std::to_string(r.done.length) + " " + to_hex(r.bytes));
    }
  }
  for (const std::uint32_t set : {regs::snapshot_set_global_outbound, regs::snapshot_set_global_inbound}) {
    auto counters = bench.snapshot(set, 0, regs::counter_global_count + regs::verdict_count);
    counters[regs::counter_global_cycles] = 0;
    for (const std::uint64_t value : counters) {
      result.lines.push_back(std::to_string(value));
    }
  }
  return result;
}

TEST(Stream, BubblesAndStallsChangeNoByte) {
  const Outcome expected = outcome({});
  ASSERT_EQ(expected.lines.size(), 2U * 260U + 2U * (regs::counter_global_count + regs::verdict_count));
  for (const Hesitation& hesitation : {Hesitation{.seed = 1, .input_bubble = 128, .output_stall = 0},
                                       Hesitation{.seed = 2, .input_bubble = 0, .output_stall = 128},
                                       Hesitation{.seed = 3, .input_bubble = 200, .output_stall = 60},
                                       Hesitation{.seed = 4, .input_bubble = 30, .output_stall = 230},
                                       Hesitation{.seed = 5, .input_bubble = 250, .output_stall = 250}}) {
    const Outcome other = outcome(hesitation);
    ASSERT_EQ(other.lines.size(), expected.lines.size()) << "seed " << hesitation.seed;
    for (std::size_t i = 0; i < other.lines.size(); ++i) {
      ASSERT_EQ(other.lines[i], expected.lines[i]) << "seed " << hesitation.seed << ", line " << i;
    }
  }
}

TEST(Stream, AFullEngineGoesOnWhereItStopped) {
  Bench bench;
  add_all(bench);
  bench.core().hesitate({.seed = 1, .input_bubble = 0, .output_stall = 255});
  const Bytes inner = udp_packet(15000);
  for (std::uint64_t i = 1; i <= 6; ++i) {
    bench.send(Side::outbound, {.sa = 1}, inner);
    bench.send(Side::inbound, {}, inbound_sa(1).packet(i, inner));
  }
  bench.core().clock(3000);
  bench.core().hesitate({});
  for (const Side side : {Side::outbound, Side::inbound}) {
    const auto results = bench.collect(side, 6);
    ASSERT_EQ(results.size(), 6U);
    for (std::uint64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(to_hex(results[i].bytes),
                to_hex(side == Side::outbound ? outbound_sa(1).expect(inner, i + 1) : inner));
    }
  }
}

// Cycle of every completion, with both sides at full speed.
struct Timing {
  std::array<std::vector<std::uint64_t>, 2> done;
  std::array<std::vector<std::size_t>, 2> cost;
};
Timing time(const std::vector<std::size_t>& sizes) {
  Bench bench;
  add_all(bench);
  Timing timing;
  std::array<std::uint64_t, sa_count> sequence{};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto k = static_cast<std::uint32_t>(i % sa_count);
    const Bytes inner = udp_packet(sizes[i]);
    const Bytes in = inbound_sa(k).packet(++sequence.at(k), inner);
    timing.cost[0].push_back(std::max(beats(inner.size()), beats(outbound_sa(k).expect(inner, 1).size())));
    timing.cost[1].push_back(std::max(beats(inner.size()), beats(in.size())));
    bench.send(Side::outbound, {.sa = k}, inner);
    bench.send(Side::inbound, {}, in);
  }
  Bytes buffer(20000);
  for (int cycle = 0; cycle < 200000 && std::min(timing.done[0].size(), timing.done[1].size()) < sizes.size();
       ++cycle) {
    bench.core().clock(1);
    for (const Side side : {Side::outbound, Side::inbound}) {
      while (const auto done = bench.core().done(side, buffer)) {
        EXPECT_EQ(done->verdict, ok);
        timing.done.at(static_cast<std::size_t>(side)).push_back(bench.core().cycles());
      }
    }
  }
  return timing;
}

void expect_full_speed(const std::vector<std::size_t>& sizes, double tolerance) {
  const Timing timing = time(sizes);
  const std::size_t warm = sizes.size() / 4;
  for (std::size_t side = 0; side < 2; ++side) {
    ASSERT_EQ(timing.done.at(side).size(), sizes.size());
    std::size_t cost = 0;
    for (std::size_t i = warm + 1; i < sizes.size(); ++i) {
      cost += timing.cost.at(side)[i];
    }
    const std::uint64_t taken = timing.done.at(side).back() - timing.done.at(side)[warm];
    EXPECT_NEAR(static_cast<double>(taken), static_cast<double>(cost), tolerance)
        << (side == 0 ? "outbound, first size " : "inbound, first size ") << sizes.front();
  }
}

TEST(Speed, EveryPacketTakesItsBeatsWhileTheSaChangesWithEachOne) {
  for (const std::size_t size : {20U, 46U, 64U, 78U, 110U, 128U, 256U, 512U, 1400U, 1500U, 9000U}) {
    expect_full_speed(std::vector<std::size_t>(size > 2000 ? 60 : 400, size), 0);
  }
}

TEST(Speed, MixedSizesLeaveNoBubbles) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 800; ++i) {
    sizes.push_back(20 + i * 131 % 1480);
  }
  // An inbound packet has its verdict with its ciphertext's last beat, which may be one before its own last.
  expect_full_speed(sizes, 2);
}

TEST(Speed, DroppedPacketsTakeNoMoreThanTheirBeats) {
  Bench bench;
  add_all(bench);
  for (int i = 0; i < 400; ++i) {
    bench.send(Side::outbound, {.sa = 200}, udp_packet(60));
    bench.send(Side::inbound, {}, udp_packet(60));
  }
  Bytes buffer(100);
  std::array<std::vector<std::uint64_t>, 2> cycle;
  for (int i = 0; i < 1000; ++i) {
    bench.core().clock(1);
    for (const Side side : {Side::outbound, Side::inbound}) {
      while (bench.core().done(side, buffer)) {
        cycle.at(static_cast<std::size_t>(side)).push_back(bench.core().cycles());
      }
    }
  }
  for (const auto& at : cycle) {
    ASSERT_EQ(at.size(), 400U);
    EXPECT_EQ(at[399] - at[100], 299U);
  }
}

}  // namespace
}  // namespace espgate::sim::test
