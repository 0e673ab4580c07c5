// The event queue as software and a shell see it: the register, the port, and what is lost.
#include <gtest/gtest.h>

#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::uint32_t queue_entries = 64;

// SAs whose first packet raises lease_low, one event each.
void add_warning_sas(Bench& bench, std::uint32_t count) {
  OutboundSa sa;
  sa.lease_low = 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    bench.add(i, sa);
  }
}

std::vector<Event> expected(std::uint32_t first, std::uint32_t count) {
  std::vector<Event> events;
  for (std::uint32_t i = first; i < first + count; ++i) {
    events.push_back({.sa = i, .side = Side::outbound, .kinds = 1U << regs::event_kind_lease_low});
  }
  return events;
}

void send_one_each(Bench& bench, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    bench.send(Side::outbound, {.sa = i}, udp_packet(40));
  }
  ASSERT_EQ(bench.collect(Side::outbound, count).size(), count);
}

std::uint64_t lost(Bench& bench, std::uint32_t set) {
  return bench.snapshot(set, 0, regs::counter_global_count)[regs::counter_global_events_lost];
}

bool waiting(Bench& bench) {
  return (bench.core().read(regs::reg_status) >> regs::status_event.lsb & 1) != 0;
}

TEST(Events, TheRegisterGivesTheOldestAndTakesIt) {
  Bench bench;
  EXPECT_FALSE(waiting(bench));
  EXPECT_EQ(bench.core().read(regs::reg_event_data), 0U);
  add_warning_sas(bench, 10);
  send_one_each(bench, 10);
  EXPECT_TRUE(waiting(bench));
  EXPECT_EQ(bench.events(), expected(0, 10));
  EXPECT_FALSE(waiting(bench));
  EXPECT_EQ(bench.core().read(regs::reg_event_data), 0U);
}

TEST(Events, ThePortTakesThemWhileItIsReady) {
  Bench bench;
  add_warning_sas(bench, 30);
  bench.core().take_events(true);
  send_one_each(bench, 20);
  std::vector<Event> taken;
  while (const auto data = bench.core().event()) {
    taken.push_back(event_of(*data));
  }
  EXPECT_EQ(taken, expected(0, 20));
  EXPECT_TRUE(bench.events().empty());
  // What the port does not take waits for the register.
  bench.core().take_events(false);
  for (std::uint32_t i = 20; i < 30; ++i) {
    bench.one(Side::outbound, {.sa = i}, udp_packet(40));
  }
  EXPECT_FALSE(bench.core().event());
  EXPECT_EQ(bench.events(), expected(20, 10));
}

TEST(Events, AFullQueueLosesTheNewestAndCountsThem) {
  Bench bench;
  constexpr std::uint32_t count = 100;
  add_warning_sas(bench, count);
  send_one_each(bench, count);
  EXPECT_EQ(lost(bench, regs::snapshot_set_global_outbound), count - queue_entries);
  EXPECT_EQ(lost(bench, regs::snapshot_set_global_inbound), 0U);
  EXPECT_EQ(bench.events(), expected(0, queue_entries));
  // Packets went on all the same, and there is room again.
  bench.renew_lease(7, ~std::uint64_t{0}, 2);
  bench.one(Side::outbound, {.sa = 7}, udp_packet(40));
  EXPECT_EQ(bench.events(), expected(7, 1));
  EXPECT_EQ(lost(bench, regs::snapshot_set_global_outbound), count - queue_entries);
}

TEST(Events, AreGoneAfterAReset) {
  Bench bench;
  add_warning_sas(bench, 5);
  send_one_each(bench, 5);
  EXPECT_TRUE(waiting(bench));
  bench.core().reset();
  EXPECT_FALSE(waiting(bench));
}

}  // namespace
}  // namespace espgate::sim::test
