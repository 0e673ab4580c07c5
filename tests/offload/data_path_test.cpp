// DataPath on an engine whose answers the test chooses.
#include "offload/data_path.h"

#include <gtest/gtest.h>

#include <set>

#include "fake_engine.h"
#include "packets.h"

namespace espgate::offload {
namespace {

using testing::child;
using testing::FakeEngine;
using testing::FakeEngineState;
using testing::make_packet;
using testing::policy_value;
using testing::selector;

struct RecordingSink final : PacketSink {
  void to_unprotected(ByteView packet) override { unprotected.emplace_back(packet.begin(), packet.end()); }
  void to_protected(ByteView packet) override { protected_side.emplace_back(packet.begin(), packet.end()); }
  std::vector<Bytes> unprotected;
  std::vector<Bytes> protected_side;
};

class DataPathTest : public ::testing::Test {
 protected:
  DataPathTest() { load(Action::protect); }

  void load(Action action) {
    m_path->spd().replace(
        {{.name = "net", .action = action, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
  }
  std::uint64_t policy(std::string_view name) { return policy_value(*m_path, name); }

  FakeEngineState m_engine;
  RecordingSink m_sink;
  std::unique_ptr<DataPath> m_path = DataPath::create(std::make_unique<FakeEngine>(m_engine), m_sink);
};

TEST_F(DataPathTest, CarriesBothWays) {
  ASSERT_TRUE(m_path->install(child(1)));
  EXPECT_FALSE(m_path->poll());
  const Bytes out = make_packet();
  const Bytes in = make_packet({.source = "192.0.2.2", .destination = "192.0.2.1", .protocol = 50});
  m_path->submit_outbound(out);
  m_path->submit_inbound(in);
  EXPECT_TRUE(m_sink.unprotected.empty()) << "the sink is called from poll() only";
  EXPECT_FALSE(m_path->poll());
  ASSERT_EQ(m_sink.unprotected.size(), 1U);
  EXPECT_EQ(m_sink.unprotected[0], out);
  ASSERT_EQ(m_sink.protected_side.size(), 1U);
  EXPECT_EQ(m_sink.protected_side[0], in);
}

TEST_F(DataPathTest, PollSaysThatPacketsAreInFlight) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.hold = true;
  m_path->submit_outbound(make_packet());
  EXPECT_TRUE(m_path->poll());
  m_engine.hold = false;
  EXPECT_FALSE(m_path->poll());
}

TEST_F(DataPathTest, DropsOfTheEngineAreNotDelivered) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.verdict = driver::Verdict::icv_failed;
  m_path->submit_inbound(make_packet());
  EXPECT_FALSE(m_path->poll());
  EXPECT_TRUE(m_sink.protected_side.empty());
}

TEST_F(DataPathTest, CountsEachPolicyReason) {
  m_path->submit_outbound(Bytes(19, 0x45));
  m_path->submit_outbound(make_packet({.destination = "10.9.0.1"}));
  m_path->submit_outbound(make_packet());
  load(Action::discard);
  m_path->submit_outbound(make_packet());
  load(Action::bypass);
  const Bytes bypassed = make_packet();
  m_path->submit_outbound(bypassed);
  EXPECT_TRUE(m_sink.unprotected.empty());
  EXPECT_FALSE(m_path->poll());

  EXPECT_EQ(policy("outbound_malformed"), 1U);
  EXPECT_EQ(policy("outbound_no_policy"), 1U);
  EXPECT_EQ(policy("outbound_no_sa"), 1U);
  EXPECT_EQ(policy("outbound_policy_discard"), 1U);
  EXPECT_EQ(policy("outbound_bypass"), 1U);
  ASSERT_EQ(m_sink.unprotected.size(), 1U);
  EXPECT_EQ(m_sink.unprotected[0], bypassed);
  EXPECT_TRUE(m_engine.outbound_rows_used.empty());
}

TEST_F(DataPathTest, CountsPacketsThatTheEngineCannotTake) {
  ASSERT_TRUE(m_path->install(child(1)));
  const std::size_t longest = m_engine.capabilities.max_packet_bytes;
  m_path->submit_outbound(make_packet({.payload = longest - 20}));
  m_path->submit_outbound(make_packet({.payload = longest - 19}));
  m_path->submit_inbound(Bytes(longest));
  m_path->submit_inbound(Bytes(longest + 1));
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(policy("outbound_too_long"), 1U);
  EXPECT_EQ(policy("inbound_too_long"), 1U);
  EXPECT_EQ(m_sink.unprotected.size(), 1U);
  EXPECT_EQ(m_sink.protected_side.size(), 1U);
}

TEST_F(DataPathTest, CountsAFullEngineQueue) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.queue_size = 2;
  for (int i = 0; i < 5; ++i) {
    m_path->submit_outbound(make_packet());
    m_path->submit_inbound(make_packet());
  }
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(policy("outbound_queue_full"), 3U);
  EXPECT_EQ(policy("inbound_queue_full"), 3U);
  EXPECT_EQ(m_sink.unprotected.size(), 2U);
  m_path->submit_outbound(make_packet());
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(m_sink.unprotected.size(), 3U) << "the buffers of the dropped packets are free again";
}

TEST_F(DataPathTest, BuffersAreBounded) {
  ASSERT_TRUE(m_path->install(child(1)));
  constexpr std::size_t sent = 700;
  for (std::size_t i = 0; i < sent; ++i) {
    m_path->submit_outbound(make_packet());
  }
  while (m_path->poll()) {
  }
  EXPECT_EQ(m_sink.unprotected.size(), 256U);
  EXPECT_EQ(m_sink.unprotected.size() + policy("outbound_queue_full"), sent);
}

TEST_F(DataPathTest, BypassIsBounded) {
  load(Action::bypass);
  for (int i = 0; i < 100; ++i) {
    m_path->submit_outbound(make_packet());
  }
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(m_sink.unprotected.size(), 64U);
  EXPECT_EQ(policy("outbound_bypass"), 64U);
  EXPECT_EQ(policy("outbound_queue_full"), 36U);
}

TEST_F(DataPathTest, EverySubmittedPacketEndsSomewhere) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.queue_size = 100;
  std::uint64_t submitted = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 37 * round; ++i) {
      m_path->submit_inbound(make_packet());
      ++submitted;
    }
    m_path->poll();
  }
  while (m_path->poll()) {
  }
  EXPECT_EQ(m_sink.protected_side.size() + policy("inbound_queue_full"), submitted);
}

// ---- Child SAs

TEST_F(DataPathTest, InstallsInboundFirst) {
  ASSERT_TRUE(m_path->install(child(1)));
  EXPECT_EQ(m_engine.calls, (std::vector<std::string>{"add_inbound", "add_outbound"}));
}

TEST_F(DataPathTest, RollsBackWhenTheSecondHalfFails) {
  m_engine.fail_add_outbound = true;
  const auto result = m_path->install(child(1));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("outbound table is full"), std::string::npos);
  EXPECT_EQ(m_engine.calls, (std::vector<std::string>{"add_inbound", "add_outbound", "remove_inbound"}));
  EXPECT_TRUE(m_engine.inbound.empty());
  EXPECT_TRUE(m_path->statistics()->children.empty());
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(policy("outbound_no_sa"), 1U);
  m_engine.fail_add_outbound = false;
  EXPECT_TRUE(m_path->install(child(1)));
}

TEST_F(DataPathTest, InstallsNothingWhenTheFirstHalfFails) {
  m_engine.fail_add_inbound = true;
  EXPECT_FALSE(m_path->install(child(1)));
  EXPECT_EQ(m_engine.calls, (std::vector<std::string>{"add_inbound"}));
}

TEST_F(DataPathTest, RefusesBeforeTheEngineIsAsked) {
  m_engine.capabilities.esn = false;
  EXPECT_FALSE(m_path->can_carry(child(1)));
  EXPECT_FALSE(m_path->install(child(1)));
  ChildSaSpec reserved = child(1);
  reserved.esn = false;
  reserved.inbound_spi = 7;
  EXPECT_FALSE(m_path->install(reserved));
  EXPECT_TRUE(m_engine.calls.empty());
}

TEST_F(DataPathTest, RefusesAnIdTwice) {
  ASSERT_TRUE(m_path->install(child(1)));
  ChildSaSpec again = child(2);
  again.id = 1;
  EXPECT_FALSE(m_path->install(again));
  EXPECT_EQ(m_engine.inbound.size(), 1U);
}

TEST_F(DataPathTest, RemovesBothHalves) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.calls.clear();
  m_path->remove(1);
  EXPECT_EQ(m_engine.calls, (std::vector<std::string>{"remove_outbound", "remove_inbound"}));
  EXPECT_TRUE(m_engine.outbound.empty());
  EXPECT_TRUE(m_engine.inbound.empty());
  m_path->remove(1);
  EXPECT_EQ(m_engine.calls.size(), 2U) << "a second remove does nothing";
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(policy("outbound_no_sa"), 1U);
}

TEST_F(DataPathTest, CountsARemoveThatFails) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_engine.fail_remove = true;
  m_path->remove(1);
  EXPECT_EQ(policy("sa_remove_failed"), 2U);
  EXPECT_TRUE(m_path->statistics()->children.empty());
}

TEST_F(DataPathTest, TheNewestSaServesItsEntry) {
  ASSERT_TRUE(m_path->install(child(1)));  // rows 0 (inbound) and 1 (outbound)
  ASSERT_TRUE(m_path->install(child(2)));  // rows 2 and 3
  m_path->submit_outbound(make_packet());
  m_path->remove(2);
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(m_engine.outbound_rows_used, (std::vector<std::uint32_t>{3, 1}));
}

// RFC 7296 section 2.8: what a peer replaces is sent with until the peer is known to be ready.
TEST_F(DataPathTest, AReceiveOnlySaSendsWhenItIsToldTo) {
  ASSERT_TRUE(m_path->install(child(1)));  // outbound row 1
  ChildSaSpec next = child(2);             // outbound row 3
  next.receive_only = true;
  ASSERT_TRUE(m_path->install(next));
  EXPECT_EQ(m_engine.inbound.size(), 2U);
  m_path->submit_outbound(make_packet());
  ASSERT_TRUE(m_path->install(child(3)));  // outbound row 5
  m_path->submit_outbound(make_packet());
  m_path->use_outbound(2);
  m_path->submit_outbound(make_packet());
  m_path->use_outbound(1);
  m_path->use_outbound(99);
  m_path->submit_outbound(make_packet());
  m_path->remove(2);
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(m_engine.outbound_rows_used, (std::vector<std::uint32_t>{1, 5, 3, 3, 5}));
}

TEST_F(DataPathTest, AStoppedSaReceivesOnly) {
  ASSERT_TRUE(m_path->install(child(1)));  // outbound row 1
  ASSERT_TRUE(m_path->install(child(2)));  // outbound row 3
  m_path->stop_outbound(2);
  m_path->stop_outbound(99);
  m_path->submit_outbound(make_packet());
  m_path->stop_outbound(1);
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(m_engine.outbound_rows_used, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(m_engine.inbound.size(), 2U);
}

TEST_F(DataPathTest, ANarrowedSaCarriesOnlyWhatItCovers) {
  ASSERT_TRUE(m_path->install(child(1)));
  ChildSaSpec narrow = child(2);
  narrow.selectors = {selector("10.1.0.0/16", "10.2.5.0/24")};
  ASSERT_TRUE(m_path->install(narrow));
  m_path->submit_outbound(make_packet({.destination = "10.2.5.1"}));
  m_path->submit_outbound(make_packet({.destination = "10.2.6.1"}));
  EXPECT_EQ(m_engine.outbound_rows_used, (std::vector<std::uint32_t>{3, 1}));
  m_path->remove(1);
  m_path->submit_outbound(make_packet({.destination = "10.2.6.1"}));
  EXPECT_EQ(policy("outbound_no_sa"), 1U);
}

TEST_F(DataPathTest, EntriesHaveTheirOwnSas) {
  m_path->spd().replace(
      {{.name = "a", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.1")}},
       {.name = "b", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
  ASSERT_TRUE(m_path->install(child(1, "b")));
  m_path->submit_outbound(make_packet({.destination = "10.2.0.2"}));
  m_path->submit_outbound(make_packet({.destination = "10.2.0.1"}));
  EXPECT_EQ(m_engine.outbound_rows_used.size(), 1U);
  EXPECT_EQ(policy("outbound_no_sa"), 1U) << "b's SA does not serve a";
}

TEST_F(DataPathTest, SpisAreUniqueAndNotReserved) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto spi = m_path->allocate_spi();
    ASSERT_TRUE(spi);
    EXPECT_GE(*spi, 256U);
    EXPECT_TRUE(seen.insert(*spi).second);
  }
  // Random ones spread over the whole range.
  EXPECT_LT(*seen.begin(), 0x10000000U);
  EXPECT_GT(*seen.rbegin(), 0xf0000000U);
  for (const std::uint32_t spi : seen) {
    m_path->release_spi(spi);
  }
}

TEST_F(DataPathTest, StatisticsListTheChildren) {
  ASSERT_TRUE(m_path->install(child(1)));
  ASSERT_TRUE(m_path->install(child(2)));
  const auto statistics = m_path->statistics();
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->engine.name, "fake");
  ASSERT_EQ(statistics->children.size(), 2U);
  EXPECT_EQ(statistics->children[1].id, 2U);
  EXPECT_EQ(statistics->children[1].name, "net");
  EXPECT_EQ(statistics->children[1].inbound.packets, 2U);  // the fake counts its row number
  EXPECT_EQ(statistics->children[1].outbound.packets, 3U);
  EXPECT_EQ(statistics->children[1].lease_limit, LeasePolicy{}.size + 1);
}

// ---- An engine that misbehaves

TEST_F(DataPathTest, AnUnknownCompletionIsCounted) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_path->submit_outbound(make_packet());
  m_engine.cookie_override = 0xffffffff00000000;
  m_path->poll();
  EXPECT_EQ(policy("completion_invalid"), 1U);
  EXPECT_TRUE(m_sink.unprotected.empty());
}

TEST_F(DataPathTest, ACompletionLongerThanItsBufferIsCounted) {
  ASSERT_TRUE(m_path->install(child(1)));
  m_path->submit_inbound(make_packet());
  m_engine.length_override = m_engine.capabilities.max_packet_bytes + driver::max_expansion + 1;
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(policy("completion_invalid"), 1U);
  EXPECT_TRUE(m_sink.protected_side.empty());
}

}  // namespace
}  // namespace espgate::offload
