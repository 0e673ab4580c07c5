// What goes wrong around the look-aside shell: every error has a name, a completion and a counter, and the
// packets beside it come through.
#include <gtest/gtest.h>

#include "stand_in.h"

namespace espgate::sim::test {
namespace {

constexpr Answer answer{.output = 200};

// A packet with one thing wrong between two good ones.
class LookasideError : public ::testing::Test {
 protected:
  LookasideBench bench;

  void run(std::uint32_t error, std::uint32_t counter, void (*spoil)(Descriptor&)) {
    for (const Side side : {Side::outbound, Side::inbound}) {
      const auto before = bench.post(side, asking(150, answer, 1), answer);
      Descriptor bad{.cookie = 0xbad,
                     .input = Memory::base + 0x100000,
                     .output = Memory::base + 0x110000,
                     .length = 150,
                     .capacity = 200};
      spoil(bad);
      bench.host().post(side, bad);
      const auto after = bench.post(side, asking(150, answer, 2), answer);
      bench.host().doorbell(side);
      const auto completions = bench.host().collect(side, 3);
      ASSERT_EQ(completions.size(), 3U);
      bench.expect(before, completions[0]);
      EXPECT_EQ(completions[1].cookie, 0xbadU);
      EXPECT_EQ(completions[1].error, error);
      bench.expect(after, completions[2]);
      EXPECT_EQ(bench.host().ring(side, counter), 1U);
    }
    bench.expect_no_violations();
  }
};

TEST_F(LookasideError, LengthZero) {
  run(shell::error_length, shell::reg_length_errors, [](Descriptor& d) { d.length = 0; });
}
TEST_F(LookasideError, LengthBeyondTheEngine) {
  run(shell::error_length, shell::reg_length_errors, [](Descriptor& d) { d.length = 16385; });
}
TEST_F(LookasideError, LengthBeyond16Bits) {
  run(shell::error_length, shell::reg_length_errors, [](Descriptor& d) { d.length = 65536 + 100; });
}
TEST_F(LookasideError, InputNotAligned) {
  run(shell::error_alignment, shell::reg_alignment_errors, [](Descriptor& d) { d.input += 32; });
}
TEST_F(LookasideError, OutputNotAligned) {
  run(shell::error_alignment, shell::reg_alignment_errors, [](Descriptor& d) { d.output += 1; });
}
TEST_F(LookasideError, InputOutsideTheMemory) {
  run(shell::error_read, shell::reg_read_errors, [](Descriptor& d) { d.input = 0x1000; });
}

TEST_F(LookasideError, OutputThatDoesNotFit) {
  const auto before = bench.post(Side::outbound, asking(150, answer, 1), answer);
  auto tight = bench.post(Side::outbound, asking(5000, {.output = 5000}, 2), {.output = 5000});
  const auto exact = bench.post(Side::outbound, asking(150, answer, 3), answer);
  // The middle one again with a byte too few.
  tight.descriptor.capacity = 4999;
  bench.host().post(Side::outbound, tight.descriptor);
  const auto after = bench.post(Side::outbound, asking(150, answer, 4), answer);
  std::ranges::fill(bench.card().memory().at(tight.descriptor.output, 5000), std::uint8_t{0x77});
  bench.host().doorbell(Side::outbound);
  const auto completions = bench.host().collect(Side::outbound, 5);
  ASSERT_EQ(completions.size(), 5U);
  bench.expect(before, completions[0]);
  bench.expect(tight, completions[1]);
  bench.expect(exact, completions[2]);
  EXPECT_EQ(completions[3].error, shell::error_capacity);
  EXPECT_EQ(completions[3].length, 5000U) << "says what would have been enough";
  bench.expect(after, completions[4]);
  EXPECT_EQ(bench.host().ring(Side::outbound, shell::reg_capacity_errors), 1U);
}

TEST_F(LookasideError, ARefusedReadAnywhereInThePacketKeepsItFromTheCore) {
  for (const std::uint64_t beat : {0U, 1U, 60U, 63U, 64U, 100U, 140U}) {
    const auto before = bench.post(Side::inbound, asking(150, answer, 1), answer);
    const auto bad = bench.post(Side::inbound, asking(141 * 64, answer, 2), answer);
    const auto after = bench.post(Side::inbound, asking(150, answer, 3), answer);
    bench.card().memory().faults = {
        {.first = bad.descriptor.input + beat * 64, .bytes = 64, .reads = true, .writes = false}};
    bench.host().doorbell(Side::inbound);
    const auto completions = bench.host().collect(Side::inbound, 3);
    ASSERT_EQ(completions.size(), 3U) << "beat " << beat;
    bench.expect(before, completions[0]);
    EXPECT_EQ(completions[1].error, shell::error_read);
    EXPECT_EQ(completions[1].length, 0U);
    bench.expect(after, completions[2]);
  }
  EXPECT_EQ(bench.host().ring(Side::inbound, shell::reg_read_errors), 7U);
}

TEST_F(LookasideError, ARefusedWriteIsToldWithItsPacketAlone) {
  for (const std::uint64_t beat : {0U, 40U, 70U, 99U}) {
    const Answer longer{.output = 100 * 64};
    const auto before = bench.post(Side::inbound, asking(150, answer, 1), answer);
    const auto bad = bench.post(Side::inbound, asking(150, longer, 2), longer);
    const auto after = bench.post(Side::inbound, asking(150, answer, 3), answer);
    bench.card().memory().faults = {
        {.first = bad.descriptor.output + beat * 64, .bytes = 64, .reads = false, .writes = true}};
    bench.host().doorbell(Side::inbound);
    const auto completions = bench.host().collect(Side::inbound, 3);
    ASSERT_EQ(completions.size(), 3U) << "beat " << beat;
    bench.expect(before, completions[0]);
    EXPECT_EQ(completions[1].error, shell::error_write);
    EXPECT_EQ(completions[1].length, longer.output);
    bench.expect(after, completions[2]);
  }
  EXPECT_EQ(bench.host().ring(Side::inbound, shell::reg_write_errors), 4U);
}

TEST_F(LookasideError, ADescriptorThatCannotBeReadEndsTheRingUntilItIsStartedAgain) {
  constexpr Side side = Side::outbound;
  std::vector<LookasideBench::Sent> sent;
  for (std::uint32_t i = 0; i < 40; ++i) {
    sent.push_back(bench.post(side, asking(150, answer, i), answer));
  }
  const std::uint64_t ring = bench.host().ring(side, shell::reg_descriptor_base_low) |
                             std::uint64_t{bench.host().ring(side, shell::reg_descriptor_base_high)} << 32U;
  // Descriptors 20 and 21 share a line.
  bench.card().memory().faults = {
      {.first = ring + 20 * shell::descriptor_bytes, .bytes = 64, .reads = true, .writes = false}};
  bench.host().doorbell(side);
  const auto completions = bench.host().collect(side, 40);
  ASSERT_EQ(completions.size(), 20U);
  for (std::size_t i = 0; i < completions.size(); ++i) {
    bench.expect(sent[i], completions[i]);
  }
  EXPECT_TRUE(bench.host().wait_status(shell::status_outbound_failed, 1));
  EXPECT_TRUE(bench.host().wait_status(shell::status_outbound_idle, 1));
  EXPECT_EQ(bench.host().status() >> shell::status_inbound_failed.lsb & 1, 0U);

  bench.card().memory().faults.clear();
  bench.host().command(LookasideHost::bit(shell::command_stop_outbound));
  bench.host().start(side, 8);
  EXPECT_TRUE(bench.host().wait_status(shell::status_outbound_failed, 0));
  const auto again = bench.post(side, asking(150, answer, 7), answer);
  bench.host().doorbell(side);
  const auto good = bench.host().collect(side, 1);
  ASSERT_EQ(good.size(), 1U);
  bench.expect(again, good[0]);
}

TEST_F(LookasideError, ARefusedCompletionIsSeenInTheStatus) {
  constexpr Side side = Side::inbound;
  EXPECT_EQ(bench.host().status() >> shell::status_write_failed.lsb & 1, 0U);
  const std::uint64_t ring = bench.host().ring(side, shell::reg_completion_base_low) |
                             std::uint64_t{bench.host().ring(side, shell::reg_completion_base_high)} << 32U;
  bench.card().memory().faults = {{.first = ring, .bytes = 64, .reads = false, .writes = true}};
  bench.post(side, asking(150, answer, 7), answer);
  bench.host().doorbell(side);
  EXPECT_TRUE(bench.host().wait_status(shell::status_write_failed, 1));
}

TEST_F(LookasideError, DoorbellsOutOfRangeChangeNothing) {
  constexpr Side side = Side::outbound;
  const auto sent = bench.post(side, asking(150, answer, 7), answer);
  bench.host().set_ring(side, shell::reg_doorbell, 257);  // more than the ring holds
  bench.host().set_ring(side, shell::reg_doorbell, 0xffffffff);
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbells_refused), 2U);
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbell), 0U);
  bench.host().doorbell(side);
  EXPECT_EQ(bench.host().collect(side, 1).size(), 1U);
  bench.host().set_ring(side, shell::reg_doorbell, 0);  // back
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbells_refused), 3U);
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbell), 1U);
  bench.host().set_ring(side, shell::reg_doorbell, 258);  // one completion makes room for one
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbells_refused), 4U);
  EXPECT_EQ(bench.host().ring(side, shell::reg_fetched), 1U);
}

}  // namespace
}  // namespace espgate::sim::test
