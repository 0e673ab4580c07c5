// The look-aside shell's commands: start and stop, events, statistics, reset, registers.
#include <gtest/gtest.h>

#include "stand_in.h"

namespace espgate::sim::test {
namespace {

constexpr Answer answer{.output = 300};

std::uint32_t word(EspLookaside& card, std::uint64_t at) {
  const ByteSpan b = card.memory().at(at, 4);
  return b[0] | b[1] << 8U | b[2] << 16U | static_cast<std::uint32_t>(b[3]) << 24U;
}

TEST(LookasideRegisters, ShellAndCoreStandSideBySide) {
  LookasideBench bench;
  EXPECT_EQ(bench.card().read(shell::reg_id), shell::id);
  EXPECT_EQ(bench.card().read(shell::reg_version), shell::major << 16 | shell::minor);
  EXPECT_EQ(bench.card().read(driver::registers::reg_id), driver::registers::engine_id);
  EXPECT_EQ(bench.card().read(shell::reg_completion_wait), 64U);
  EXPECT_EQ(bench.card().read(0x1fc0), 0U);
}

TEST(LookasideControl, StopCarriesThroughWhatWasFetchedAndStartBeginsAnew) {
  constexpr Side side = Side::outbound;
  LookasideBench bench(10);
  std::vector<LookasideBench::Sent> sent;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    sent.push_back(bench.post(side, asking(300, answer, i), answer));
  }
  bench.host().doorbell(side);
  bench.card().clock(900);
  bench.host().command(LookasideHost::bit(shell::command_stop_outbound));
  ASSERT_TRUE(bench.host().wait_status(shell::status_outbound_idle, 1));
  EXPECT_EQ(bench.host().status() >> shell::status_outbound_running.lsb & 1, 0U);
  const std::uint32_t fetched = bench.host().ring(side, shell::reg_fetched);
  EXPECT_GT(fetched, 0U);
  EXPECT_LT(fetched, 1000U) << "the stop came too late to show anything";
  const auto completions = bench.host().collect(side, 1000);
  ASSERT_EQ(completions.size(), fetched);
  for (std::size_t i = 0; i < completions.size(); ++i) {
    bench.expect(sent[i], completions[i]);
  }
  // A doorbell for a stopped ring is refused.
  bench.host().doorbell(side);
  EXPECT_EQ(bench.host().ring(side, shell::reg_doorbells_refused), 1U);

  bench.host().start(side, 10);
  EXPECT_EQ(bench.host().ring(side, shell::reg_fetched), 0U);
  const auto again = bench.post(side, asking(300, answer, 1), answer);
  bench.host().doorbell(side);
  const auto first = bench.host().collect(side, 1);
  ASSERT_EQ(first.size(), 1U);
  bench.expect(again, first[0]);
}

TEST(LookasideControl, StartIsRejectedWhenItCannotBe) {
  LookasideBench bench;
  const auto rejected = [&] { return (bench.host().status() >> shell::status_rejected.lsb & 1) != 0; };
  const std::uint32_t start = LookasideHost::bit(shell::command_start_inbound);
  const std::uint32_t stop = LookasideHost::bit(shell::command_stop_inbound);
  EXPECT_FALSE(rejected());
  bench.host().command(start);
  EXPECT_TRUE(rejected()) << "it runs";
  bench.host().set_ring(Side::inbound, shell::reg_size_log2, 9);
  EXPECT_EQ(bench.host().ring(Side::inbound, shell::reg_size_log2), 8U) << "written while the ring runs";

  bench.post(Side::inbound, asking(300, answer, 1), answer);
  bench.host().doorbell(Side::inbound);
  bench.card().clock(20);
  bench.host().command(stop);
  EXPECT_FALSE(rejected());
  bench.host().command(start);
  EXPECT_TRUE(rejected()) << "a packet is under way";
  ASSERT_TRUE(bench.host().wait_status(shell::status_inbound_idle, 1));

  for (const std::uint32_t size : {3U, 17U, 0x104U}) {
    bench.host().set_ring(Side::inbound, shell::reg_size_log2, size);
    bench.host().command(start);
    EXPECT_TRUE(rejected()) << "size " << size;
  }
  bench.host().set_ring(Side::inbound, shell::reg_size_log2, 8);
  for (const std::uint32_t base : {shell::reg_descriptor_base_low, shell::reg_completion_base_low}) {
    const std::uint32_t good = bench.host().ring(Side::inbound, base);
    bench.host().set_ring(Side::inbound, base, good + 2048);
    bench.host().command(start);
    EXPECT_TRUE(rejected()) << "base " << base;
    bench.host().set_ring(Side::inbound, base, good);
  }
  bench.host().command(start);
  EXPECT_FALSE(rejected());
}

TEST(LookasideEvents, ComeInOrderAndWaitWhileTheRingIsFull) {
  LookasideBench bench;
  const auto raise = [&](std::uint32_t event) {
    bench.card().write(driver::registers::reg_event_data, event);
  };
  raise(0x80000001);
  bench.card().clock(500);
  bench.host().start_events(4);
  for (std::uint32_t i = 2; i <= 40; ++i) {
    raise(0x80000000 + i);
  }
  bench.card().clock(2000);
  EXPECT_EQ(bench.card().read(shell::reg_event_producer), 16U) << "the ring is full";
  for (std::uint32_t i = 1; i <= 40; ++i) {
    const auto event = bench.host().poll_event();
    ASSERT_TRUE(event) << i;
    EXPECT_EQ(*event, 0x80000000 + i);
    bench.card().clock(400);
  }
  EXPECT_FALSE(bench.host().poll_event());
  // Stopped: events stay in the core.
  bench.host().command(LookasideHost::bit(shell::command_stop_events));
  raise(0x800000aa);
  bench.card().clock(1000);
  EXPECT_FALSE(bench.host().poll_event());
  EXPECT_EQ(bench.card().read(shell::reg_event_producer), 40U);
  bench.expect_no_violations();
}

TEST(LookasideStatistics, ASnapshotComesWithItsMarkerLast) {
  LookasideBench bench;
  const std::uint64_t at = bench.host().allocate(4096) + 1024;
  bench.card().write(shell::reg_statistics_address_low, static_cast<std::uint32_t>(at));
  bench.card().write(shell::reg_statistics_address_high, static_cast<std::uint32_t>(at >> 32));
  for (std::uint32_t round = 1; round <= 3; ++round) {
    const std::uint32_t command = 0x00200000 * round + 5 * round;
    bench.card().write(shell::reg_statistics_command, command);
    // The marker says that everything else is there, whatever the memory takes its time for.
    bench.card().memory().timing.jitter = 200;
    for (int i = 0; i < 20000 && word(bench.card(), at + 512) != round; ++i) {
      bench.card().clock(1);
    }
    ASSERT_EQ(word(bench.card(), at + 512), round);
    EXPECT_EQ(word(bench.card(), at + 516), command);
    EXPECT_EQ(word(bench.card(), at + 520), 0U);
    for (std::uint32_t i = 0; i < 128; ++i) {
      ASSERT_EQ(word(bench.card(), at + 4 * i), command + i);
    }
    ASSERT_TRUE(bench.host().wait_status(shell::status_statistics_busy, 0));
  }
  bench.expect_no_violations();
}

TEST(LookasideStatistics, WaitsForACommandOfTheHostAndLeavesItTheRegisters) {
  LookasideBench bench;
  const std::uint64_t at = bench.host().allocate(4096);
  bench.card().write(shell::reg_statistics_address_low, static_cast<std::uint32_t>(at));
  bench.card().write(shell::reg_statistics_address_high, static_cast<std::uint32_t>(at >> 32));
  // The stand-in stays busy for a while with this one.
  bench.card().write(driver::registers::reg_snapshot_command, 0x100);
  bench.card().write(shell::reg_statistics_command, 0x777);
  bool answered_meanwhile = false;
  for (int i = 0; i < 20000 && word(bench.card(), at + 512) != 1; ++i) {
    answered_meanwhile |= bench.card().read(driver::registers::reg_id) == driver::registers::engine_id;
  }
  EXPECT_TRUE(answered_meanwhile);
  EXPECT_EQ(word(bench.card(), at + 512), 1U);
  EXPECT_EQ(word(bench.card(), at), 0x777U);
}

TEST(LookasideReset, InMidTrafficLeavesNothingBehind) {
  LookasideBench bench;
  for (std::uint32_t round = 0; round < 4; ++round) {
    for (std::uint32_t i = 0; i < 100; ++i) {
      bench.post(Side::outbound, asking(300, answer, i), answer);
      bench.post(Side::inbound, asking(300, answer, i), answer);
    }
    bench.host().doorbell(Side::outbound);
    bench.host().doorbell(Side::inbound);
    bench.card().clock(300 + 177 * round);
    bench.card().reset();
    EXPECT_EQ(bench.host().status() & 0xff, LookasideHost::bit(shell::status_outbound_idle) |
                                                LookasideHost::bit(shell::status_inbound_idle));
    bench.host().start(Side::outbound, 8);
    bench.host().start(Side::inbound, 8);
    bench.exchange(50, round);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
  }
  bench.expect_no_violations();
}

}  // namespace
}  // namespace espgate::sim::test
