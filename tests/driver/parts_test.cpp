// The small parts that engines are made of.
#include <gtest/gtest.h>

#include <set>

#include "base/checksum.h"
#include "driver/verdict.h"
#include "lease_events.h"
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
  EXPECT_EQ(hosts, (std::set<std::string_view>{"not_esp", "outer_fragment", "header_window", "unknown_spi"}));
  EXPECT_EQ(to_string(Verdict::replay_duplicate), "replay_duplicate");
  EXPECT_EQ(describe(Verdict::icv_failed), "integrity check value is wrong");
  // A card that is newer than its driver may say anything.
  EXPECT_EQ(to_string(static_cast<Verdict>(200)), "unknown");
  EXPECT_FALSE(describe(static_cast<Verdict>(200)).empty());
  EXPECT_FALSE(is_host_exception(static_cast<Verdict>(200)));
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

TEST(LeaseEvents, OncePerLease) {
  LeaseEvents events(4);
  std::array<Event, 8> polled{};
  events.lease_low(2);
  EXPECT_EQ(events.poll(polled), 0U) << "no SA in the row";
  events.begin_lease(2);
  events.begin_lease(3);
  events.lease_low(2);
  events.lease_low(3);
  events.lease_low(2);
  ASSERT_EQ(events.poll(std::span(polled).first(1)), 1U);
  EXPECT_EQ(polled[0].sa.value, 2U);
  ASSERT_EQ(events.poll(polled), 1U);
  EXPECT_EQ(polled[0].sa.value, 3U);
  events.begin_lease(2);
  events.lease_low(2);
  events.begin_lease(2);
  EXPECT_EQ(events.poll(polled), 0U) << "void, since the lease was renewed before anybody asked";
  events.lease_low(2);
  events.end(2);
  EXPECT_EQ(events.poll(polled), 0U);
}

}  // namespace
}  // namespace espgate::driver::test
