// The small parts that engines are made of.
#include <gtest/gtest.h>

#include <set>

#include "base/checksum.h"
#include "driver/verdict.h"
#include "event_queue.h"
#include "ring.h"
#include "row_pool.h"
#include "software/ecn.h"
#include "support/packets.h"
#include "support/random.h"

namespace espgate::driver::test {
namespace {

TEST(Verdict, NamesAndTexts) {
  std::set<std::string_view> names;
  std::set<std::string_view> hosts;
  for (std::size_t code = 0; code < verdict_count; ++code) {
    const auto verdict = static_cast<Verdict>(code);
    names.insert(to_string(verdict));
    EXPECT_FALSE(describe(verdict).empty());
    if (is_host_exception(verdict)) {
      hosts.insert(to_string(verdict));
    }
  }
  EXPECT_EQ(names.size(), verdict_count);
  EXPECT_EQ(hosts, (std::set<std::string_view>{"inner_fragment", "header_window", "policy_miss", "not_esp",
                                               "outer_fragment", "unknown_spi"}));
  EXPECT_EQ(to_string(Verdict::replay_duplicate), "replay_duplicate");
  EXPECT_EQ(describe(Verdict::icv_failed), "integrity check value is wrong");
  // A card that is newer than its driver may say anything.
  EXPECT_EQ(to_string(static_cast<Verdict>(200)), "unknown");
  EXPECT_FALSE(describe(static_cast<Verdict>(200)).empty());
  EXPECT_FALSE(is_host_exception(static_cast<Verdict>(200)));
}

TEST(Verdict, IsPossibleInOneDirectionOrBoth) {
  const auto both = [](Verdict verdict) {
    return is_possible(verdict, Direction::outbound) && is_possible(verdict, Direction::inbound);
  };
  const auto only = [](Verdict verdict, Direction direction) {
    return is_possible(verdict, direction) &&
           !is_possible(verdict, direction == Direction::outbound ? Direction::inbound : Direction::outbound);
  };
  EXPECT_TRUE(both(Verdict::ok) && both(Verdict::policy_discard) && both(Verdict::header_window));
  EXPECT_TRUE(only(Verdict::lease_exhausted, Direction::outbound));
  EXPECT_TRUE(only(Verdict::inner_fragment, Direction::outbound));
  EXPECT_TRUE(only(Verdict::policy_miss, Direction::outbound));
  EXPECT_TRUE(only(Verdict::outer_fragment, Direction::inbound));
  EXPECT_TRUE(only(Verdict::unknown_spi, Direction::inbound));
  EXPECT_TRUE(only(Verdict::icv_failed, Direction::inbound));
  EXPECT_FALSE(is_possible(static_cast<Verdict>(200), Direction::inbound));
}

TEST(Ecn, IncrementalChecksumEqualsAFreshOne) {
  Random random(7);
  for (int i = 0; i < 20000; ++i) {
    Ipv4Spec spec{.tos = random.u8(), .identification = random.u16(), .hop_limit = random.u8()};
    spec.source = random.u32();
    spec.destination = random.u32();
    Bytes packet = ipv4(spec);
    const auto ecn = static_cast<software::Ecn>(random.below(4));
    software::set_ecn(packet, ecn);
    EXPECT_EQ(software::ecn_of(packet[1]), ecn);
    EXPECT_EQ(packet[1] & 0xfc, spec.tos & 0xfc);
    ASSERT_EQ(internet_checksum(ByteView(packet).first(20)), 0);
  }
}

TEST(Ring, KeepsOrderAcrossTheWrap) {
  Ring<int> ring(3);
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 10; ++round) {
    while (!ring.full()) {
      ring.push(next_in++);
    }
    EXPECT_EQ(ring.size(), 3U);
    EXPECT_EQ(ring.front(), next_out);
    EXPECT_EQ(ring.pop(), next_out++);
    EXPECT_EQ(ring.pop(), next_out++);
  }
}

TEST(RowPool, HandsOutEveryRowOnce) {
  RowPool pool(3);
  EXPECT_EQ(pool.take(), 0U);
  EXPECT_EQ(pool.take(), 1U);
  EXPECT_EQ(pool.take(), 2U);
  EXPECT_EQ(pool.take(), std::nullopt);
  EXPECT_TRUE(pool.full());
  pool.give_back(1);
  EXPECT_FALSE(pool.in_use(1));
  EXPECT_EQ(pool.take(), 1U);
  EXPECT_FALSE(pool.in_use(3));
}

TEST(EventQueue, KindsOfOnePacketComeInTheirOrder) {
  EventQueue queue;
  std::array<Event, 8> polled{};
  EXPECT_EQ(queue.poll(polled), 0U);
  EXPECT_TRUE(queue.push(Direction::inbound, 7, 0b110010));
  EXPECT_TRUE(queue.push(Direction::outbound, 2, kinds_of(Event::Kind::lease_low)));
  ASSERT_EQ(queue.poll(std::span(polled).first(2)), 2U);
  EXPECT_EQ(polled[0], (Event{Event::Kind::soft_expired, Direction::inbound, {7}}));
  EXPECT_EQ(polled[1], (Event{Event::Kind::icv_alarm, Direction::inbound, {7}}));
  ASSERT_EQ(queue.poll(polled), 2U) << "what did not fit comes with the next call";
  EXPECT_EQ(polled[0], (Event{Event::Kind::replay_alarm, Direction::inbound, {7}}));
  EXPECT_EQ(polled[1], (Event{Event::Kind::lease_low, Direction::outbound, {2}}));
  EXPECT_EQ(queue.poll(polled), 0U);
}

TEST(EventQueue, IsBounded) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < EventQueue::capacity; ++i) {
    ASSERT_TRUE(queue.push(Direction::outbound, i, 1));
  }
  EXPECT_FALSE(queue.push(Direction::outbound, 5000, 1));
  Event oldest;
  ASSERT_EQ(queue.poll(std::span(&oldest, 1)), 1U);
  EXPECT_EQ(oldest.sa.value, 0U);
  EXPECT_TRUE(queue.push(Direction::outbound, 5001, 1));
}

TEST(EventQueue, ForgetsOneRowOfOneDirection) {
  EventQueue queue;
  queue.push(Direction::outbound, 1, 0b000011);
  queue.push(Direction::inbound, 1, 0b000010);
  queue.push(Direction::outbound, 2, 0b000001);
  queue.forget(Direction::outbound, 1, kinds_of(Event::Kind::lease_low));
  queue.forget(Direction::outbound, 2);
  std::array<Event, 8> polled{};
  ASSERT_EQ(queue.poll(polled), 2U);
  EXPECT_EQ(polled[0], (Event{Event::Kind::soft_expired, Direction::outbound, {1}}));
  EXPECT_EQ(polled[1], (Event{Event::Kind::soft_expired, Direction::inbound, {1}}));
}

}  // namespace
}  // namespace espgate::driver::test
