// The look-aside shell's packets, descriptors and completions, around the stand-in core.
#include <gtest/gtest.h>

#include "stand_in.h"

namespace espgate::sim::test {
namespace {

Answer same_length(std::size_t bytes) {
  return {.output = static_cast<std::uint32_t>(bytes)};
}

TEST(LookasideRing, CarriesPacketsOfEveryLengthModulo64) {
  LookasideBench bench;
  for (const Side side : {Side::outbound, Side::inbound}) {
    std::vector<LookasideBench::Sent> sent;
    for (std::size_t bytes = 14; bytes < 14 + 130; ++bytes) {
      sent.push_back(bench.post(side, asking(bytes, same_length(bytes), 1), same_length(bytes)));
    }
    bench.host().doorbell(side);
    const auto completions = bench.host().collect(side, sent.size());
    ASSERT_EQ(completions.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      bench.expect(sent[i], completions[i]);
    }
  }
  bench.expect_no_violations();
}

TEST(LookasideRing, TheLongestPacketGoesThrough) {
  LookasideBench bench;
  const Answer answer{.output = 16384 + 65};
  const auto first = bench.post(Side::outbound, asking(16384, answer, 1), answer);
  const auto second = bench.post(Side::outbound, asking(16384, answer, 2), answer);
  bench.host().doorbell(Side::outbound);
  const auto completions = bench.host().collect(Side::outbound, 2);
  ASSERT_EQ(completions.size(), 2U);
  bench.expect(first, completions[0]);
  bench.expect(second, completions[1]);
}

TEST(LookasideRing, EveryMemoryGivesTheSamePackets) {
  const std::array timings{
      MemoryTiming{.seed = 1, .latency = 1, .jitter = 0, .outstanding = 256, .stall = 0, .reorder = false},
      MemoryTiming{
          .seed = 2, .latency = 300, .jitter = 100, .outstanding = 256, .stall = 0, .reorder = false},
      MemoryTiming{.seed = 3, .latency = 300, .jitter = 300, .outstanding = 8, .stall = 60, .reorder = true},
      MemoryTiming{.seed = 4, .latency = 40, .jitter = 10, .outstanding = 1, .stall = 128, .reorder = true},
      MemoryTiming{.seed = 5, .latency = 2, .jitter = 500, .outstanding = 64, .stall = 200, .reorder = true}};
  for (const MemoryTiming& timing : timings) {
    for (const std::uint32_t log2 : {4U, 6U, 10U}) {
      LookasideBench bench(log2);
      bench.card().memory().timing = timing;
      bench.exchange(400, timing.seed * 16 + log2);
      bench.expect_no_violations();
      ASSERT_FALSE(HasFailure()) << "memory seed " << timing.seed << ", ring of 2^" << log2;
    }
  }
}

TEST(LookasideRing, IndicesWrapAndTheFullRingGoesOn) {
  LookasideBench bench(4);
  std::vector<LookasideBench::Sent> sent;
  std::vector<LookasideCompletion> completions;
  while (completions.size() < 203) {
    while (bench.host().room(Side::outbound) > 0 && sent.size() < 203) {
      sent.push_back(bench.post(Side::outbound, asking(100, same_length(100), 3), same_length(100)));
    }
    bench.host().doorbell(Side::outbound);
    const auto more = bench.host().collect(Side::outbound, 1);
    ASSERT_FALSE(more.empty());
    completions.insert(completions.end(), more.begin(), more.end());
  }
  ASSERT_EQ(completions.size(), 203U);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    bench.expect(sent[i], completions[i]);
  }
  EXPECT_EQ(bench.host().ring(Side::outbound, shell::reg_doorbells_refused), 0U);
  EXPECT_EQ(bench.host().ring(Side::outbound, shell::reg_completed), 203U);
}

TEST(LookasideRing, BurstsEndAt4KiB) {
  LookasideBench bench;
  // Every place of a packet's start within a page, and lengths around what is left of it.
  for (std::uint64_t line = 0; line < 64; line += 3) {
    const std::uint64_t in = bench.host().allocate(65536) + line * 64;
    const std::uint64_t out = bench.host().allocate(65536) + (63 - line) * 64;
    const std::uint32_t bytes = static_cast<std::uint32_t>(4096 - line * 64 + 4096 + line % 5 * 16);
    const Answer answer{.output = bytes + 40};
    const Bytes input = asking(bytes, answer, static_cast<std::uint32_t>(line));
    std::ranges::copy(input, bench.card().memory().at(in, bytes).begin());
    bench.host().post(
        Side::inbound,
        {.cookie = line, .input = in, .output = out, .length = bytes, .capacity = answer.output});
    bench.host().doorbell(Side::inbound);
    const auto completions = bench.host().collect(Side::inbound, 1);
    ASSERT_EQ(completions.size(), 1U);
    EXPECT_EQ(completions[0].length, answer.output);
    EXPECT_TRUE(std::ranges::equal(bench.card().memory().at(out, answer.output), answered(input, answer)));
  }
  bench.expect_no_violations();
}

TEST(LookasideRing, TheCoreIsAskedWhatTheDescriptorSays) {
  LookasideBench bench;
  const std::uint64_t at = bench.host().allocate(4096);
  const Answer answer{.output = 64, .echo_request = true};
  std::ranges::copy(asking(77, answer, 1), bench.card().memory().at(at, 77).begin());
  for (unsigned bits = 0; bits < 4; ++bits) {
    const std::uint8_t spd = static_cast<std::uint8_t>(0x51 + bits);
    for (const Side side : {Side::outbound, Side::inbound}) {
      bench.host().post(side, {.cookie = bits,
                               .input = at,
                               .output = at + 1024,
                               .length = 77,
                               .capacity = 64,
                               .sa = 0xabcd,
                               .spd = spd,
                               .lookup = (bits & 1) != 0,
                               .dummy = (bits & 2) != 0});
      bench.host().doorbell(side);
      const auto completions = bench.host().collect(side, 1);
      ASSERT_EQ(completions.size(), 1U);
      const std::uint64_t flags = side == Side::outbound ? (bits & 1) << 25U | (bits & 2) << 23U : 0;
      EXPECT_EQ(completions[0].next_hop, flags | std::uint64_t{spd} << 16U | 77U);
    }
  }
}

TEST(LookasideRing, ALoneCompletionWaitsForItsPartnerOnlySoLong) {
  LookasideBench bench;
  bench.card().memory().timing.latency = 10;
  bench.card().write(shell::reg_completion_wait, 65535);
  const auto first = bench.post(Side::outbound, asking(64, same_length(64), 1), same_length(64));
  bench.host().doorbell(Side::outbound);
  bench.card().clock(5000);
  EXPECT_FALSE(bench.host().poll(Side::outbound)) << "half a line was written";
  EXPECT_EQ(bench.host().ring(Side::outbound, shell::reg_completed), 1U);
  const auto second = bench.post(Side::outbound, asking(64, same_length(64), 2), same_length(64));
  bench.host().doorbell(Side::outbound);
  bench.card().clock(500);
  const auto completion = bench.host().poll(Side::outbound);
  ASSERT_TRUE(completion);
  bench.expect(first, *completion);
  const auto partner = bench.host().poll(Side::outbound);
  ASSERT_TRUE(partner);
  bench.expect(second, *partner);

  bench.card().write(shell::reg_completion_wait, 100);
  const auto third = bench.post(Side::outbound, asking(64, same_length(64), 3), same_length(64));
  bench.host().doorbell(Side::outbound);
  bench.card().clock(500);
  const auto alone = bench.host().poll(Side::outbound);
  ASSERT_TRUE(alone);
  bench.expect(third, *alone);
}

// Cycles a packet once the pipeline is full, both directions at once, in a memory of 300 cycles.
double cycles_per_packet(std::uint32_t bytes, std::size_t count) {
  LookasideBench bench(12);
  for (const Side side : {Side::outbound, Side::inbound}) {
    for (std::size_t i = 0; i < count; ++i) {
      bench.post(side, asking(bytes, same_length(bytes), 1), same_length(bytes));
    }
    bench.host().doorbell(side);
  }
  std::array<std::vector<std::uint64_t>, 2> at;
  for (int i = 0; i < 200000 && at[0].size() + at[1].size() < 2 * count; ++i) {
    bench.card().clock(1);
    for (const Side side : {Side::outbound, Side::inbound}) {
      while (bench.host().poll(side)) {
        at.at(static_cast<std::size_t>(side)).push_back(bench.card().cycles());
      }
    }
  }
  EXPECT_EQ(at[0].size(), count);
  EXPECT_EQ(at[1].size(), count);
  bench.expect_no_violations();
  double worst = 0;
  for (const auto& times : at) {
    const std::size_t from = times.size() / 3;
    worst = std::max(worst, static_cast<double>(times.back() - times[from]) /
                                static_cast<double>(times.size() - 1 - from));
  }
  return worst;
}

TEST(LookasideSpeed, From128BytesUpAPacketTakesItsBeats) {
  for (const std::uint32_t bytes : {128U, 256U, 1500U, 9000U, 16384U}) {
    const double beats = (bytes + 63) / 64;
    EXPECT_LE(cycles_per_packet(bytes, bytes > 2000 ? 60 : 1200), beats / 0.98) << bytes << " bytes";
  }
}

}  // namespace
}  // namespace espgate::sim::test
