// Renewal of leases, with an engine whose events the test makes.
#include <gtest/gtest.h>

#include <limits>

#include "fake_engine.h"
#include "offload/data_path.h"
#include "packets.h"

namespace espgate::offload {
namespace {

using testing::child;
using testing::FakeEngine;
using testing::FakeEngineState;
using testing::make_packet;
using testing::policy_value;
using testing::selector;

struct NullSink final : PacketSink {
  void to_unprotected(ByteView) override {}
  void to_protected(ByteView) override {}
};

class DataPathLease : public ::testing::Test {
 protected:
  void make(const LeasePolicy& policy) {
    m_path = DataPath::create(std::make_unique<FakeEngine>(m_engine), m_sink, policy);
  }
  void lease_low(std::uint32_t row) {
    m_engine.events.push_back({.kind = driver::Event::Kind::lease_low, .sa = {row}});
    m_path->poll();
  }
  std::size_t renewals() const {
    return static_cast<std::size_t>(std::ranges::count(m_engine.calls, "renew_lease"));
  }

  FakeEngineState m_engine;
  NullSink m_sink;
  std::unique_ptr<DataPath> m_path;
};

TEST_F(DataPathLease, IsRenewedOnTheEventOnly) {
  make({.size = 100, .renew_before = 30});
  ASSERT_TRUE(m_path->install(child(1)));  // outbound row 1
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 101U);
  EXPECT_EQ(m_engine.outbound.at(1).lease_low, 71U);
  m_path->poll();
  EXPECT_EQ(renewals(), 0U);
  lease_low(1);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 201U);
  EXPECT_EQ(m_engine.outbound.at(1).lease_low, 171U);
  EXPECT_EQ(m_path->statistics()->children[0].lease_limit, 201U);
  m_path->poll();
  EXPECT_EQ(renewals(), 1U);
}

TEST_F(DataPathLease, IsRenewedWithoutTheEventWhenItIsUsedUp) {
  make({.size = 100, .renew_before = 30});
  m_path->spd().replace(
      {{.name = "net", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.verdict = driver::Verdict::lease_exhausted;
  m_path->submit_outbound(make_packet());
  m_path->submit_outbound(make_packet());
  m_path->poll();
  EXPECT_EQ(renewals(), 1U);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 201U);
}

TEST_F(DataPathLease, OfTheRightSa) {
  make({.size = 100, .renew_before = 30});
  ASSERT_TRUE(m_path->install(child(1)));
  ASSERT_TRUE(m_path->install(child(2)));  // outbound row 3
  lease_low(3);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 101U);
  EXPECT_EQ(m_engine.outbound.at(3).lease_limit, 201U);
}

TEST_F(DataPathLease, StopsAtTheNumberSpaceWithoutEsn) {
  make({.size = std::uint64_t{3} << 30, .renew_before = 30});
  ChildSaSpec spec = child(1);
  spec.esn = false;
  ASSERT_TRUE(m_path->install(spec));
  lease_low(1);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, std::uint64_t{1} << 32);
  lease_low(1);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, std::uint64_t{1} << 32);
  EXPECT_EQ(renewals(), 1U);
  EXPECT_EQ(policy_value(*m_path, "lease_renewal_failed"), 0U);
}

TEST_F(DataPathLease, FailedRenewalIsCountedAndTriedAgain) {
  make({.size = 100, .renew_before = 30});
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.fail_renew = true;
  lease_low(1);
  m_path->poll();
  EXPECT_EQ(policy_value(*m_path, "lease_renewal_failed"), 2U);
  EXPECT_EQ(m_path->statistics()->children[0].lease_limit, 101U);
  m_engine.fail_renew = false;
  m_path->poll();
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 201U);
  m_path->poll();
  EXPECT_EQ(renewals(), 3U);
}

TEST_F(DataPathLease, EventsOfRemovedSasAreIgnored) {
  make({.size = 100, .renew_before = 30});
  ASSERT_TRUE(m_path->install(child(1)));
  m_path->remove(1);
  lease_low(1);
  lease_low(77);
  EXPECT_EQ(renewals(), 0U);
}

TEST_F(DataPathLease, RemovalWhileARenewalIsDue) {
  make({.size = 100, .renew_before = 30});
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.fail_renew = true;
  lease_low(1);
  m_path->remove(1);
  m_path->poll();
  EXPECT_EQ(renewals(), 1U);
}

TEST_F(DataPathLease, ManyEventsAtOnce) {
  make({.size = 100, .renew_before = 30});
  constexpr std::uint32_t count = 200;
  for (std::uint32_t id = 1; id <= count; ++id) {
    ASSERT_TRUE(m_path->install(child(id)));
  }
  for (const auto& [row, sa] : m_engine.outbound) {
    m_engine.events.push_back({.kind = driver::Event::Kind::lease_low, .sa = {row}});
  }
  for (int i = 0; i < 10; ++i) {
    m_path->poll();
  }
  EXPECT_EQ(renewals(), count);
  for (const auto& [row, sa] : m_engine.outbound) {
    EXPECT_EQ(sa.lease_limit, 201U) << row;
  }
}

}  // namespace
}  // namespace espgate::offload
