// What a data path does about an engine that fails, with one that fails when the test says so.
#include <gtest/gtest.h>

#include "engine_watch.h"
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

struct CountingSink final : PacketSink {
  void to_unprotected(ByteView) override { ++unprotected; }
  void to_protected(ByteView) override { ++protected_side; }
  unsigned unprotected = 0;
  void engine_replaced(const std::string&, const std::vector<std::uint32_t>& without) override {
    ++replaced;
    lost = without;
  }
  unsigned protected_side = 0;
  unsigned replaced = 0;
  std::vector<std::uint32_t> lost;
};

class DataPathRecovery : public ::testing::Test {
 protected:
  DataPathRecovery() {
    m_path->spd().replace(
        {{.name = "net", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
    EXPECT_TRUE(m_path->install(child(1)));  // outbound row 1
  }

  void send(unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) {
      m_path->submit_outbound(make_packet());
      m_path->submit_inbound(make_packet());
    }
  }
  // Polls until there is nothing more to do.
  unsigned settle() {
    unsigned polls = 0;
    while (m_path->poll()) {
      if (++polls == 100'000) {
        ADD_FAILURE() << "polled for ever";
        break;
      }
    }
    return polls;
  }
  void break_down() {
    m_engine.hold = true;
    m_engine.dead = true;
  }
  std::uint64_t policy(std::string_view name) { return policy_value(*m_path, name); }

  FakeEngineState m_engine;
  CountingSink m_sink;
  std::unique_ptr<DataPath> m_path =
      DataPath::create(std::make_unique<FakeEngine>(m_engine), m_sink, {.size = 100, .renew_before = 30});
};

TEST_F(DataPathRecovery, BringsTheEngineBack) {
  send(3);
  break_down();
  settle();
  EXPECT_EQ(m_engine.recoveries, 1U);
  EXPECT_EQ(policy("engine_failed"), 1U);
  EXPECT_EQ(policy("engine_recovered"), 1U);
  EXPECT_EQ(policy("engine_recovery_failed"), 0U);
  EXPECT_EQ(policy("outbound_engine_lost"), 3U);
  EXPECT_EQ(policy("inbound_engine_lost"), 3U);
  EXPECT_EQ(m_sink.unprotected + m_sink.protected_side, 0U) << "what was lost is not delivered";
  send(2);
  settle();
  EXPECT_EQ(m_sink.unprotected, 2U);
  EXPECT_EQ(m_sink.protected_side, 2U);
}

TEST_F(DataPathRecovery, EverySaGoesOnBehindItsLeaseWithANewOne) {
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_engine.outbound.at(1).next_sequence, 101U);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 201U);
  EXPECT_EQ(m_path->statistics()->children.at(0).lease_limit, 201U);
}

// The engine had the lease when it died, and the data path did not hear of it.
TEST_F(DataPathRecovery, ALeaseWhoseAnswerWasLostCounts) {
  m_engine.outbound.at(1).lease_limit = 201;
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_engine.outbound.at(1).next_sequence, 201U);
  EXPECT_EQ(m_engine.outbound.at(1).lease_limit, 301U);
}

TEST_F(DataPathRecovery, AllBuffersAreFreeAgain) {
  constexpr unsigned all = 256;
  send(all);
  break_down();
  settle();
  EXPECT_EQ(policy("outbound_engine_lost"), all);
  send(all);
  settle();
  EXPECT_EQ(m_sink.unprotected, all);
  EXPECT_EQ(policy("outbound_queue_full") + policy("inbound_queue_full"), 0U);
}

// Without a packet within it, it is noticed by the one that it does not take.
TEST_F(DataPathRecovery, OfAnEngineThatDiesIdle) {
  m_engine.dead = true;
  send(1);
  settle();
  EXPECT_EQ(policy("outbound_engine_failed"), 1U);
  EXPECT_EQ(policy("inbound_engine_failed"), 1U);
  EXPECT_EQ(policy("outbound_queue_full") + policy("outbound_engine_lost"), 0U);
  EXPECT_EQ(policy("engine_recovered"), 1U);
  send(1);
  settle();
  EXPECT_EQ(m_sink.unprotected, 1U);
}

TEST_F(DataPathRecovery, IsTriedAgainLaterAndLater) {
  send(1);
  break_down();
  m_engine.fail_recover = true;
  unsigned polls = 0;
  std::vector<unsigned> tried;
  while (m_path->poll()) {
    ASSERT_LT(++polls, 100'000U);
    if (m_engine.recoveries > tried.size()) {
      tried.push_back(polls);
    }
  }
  EXPECT_EQ(m_engine.recoveries, EngineWatch::most_tries);
  ASSERT_EQ(tried.size(), EngineWatch::most_tries - 1) << "the last one ends the polling";
  for (std::size_t i = 2; i < tried.size(); ++i) {
    EXPECT_GT(tried[i] - tried[i - 1], 2 * (tried[i - 1] - tried[i - 2]) - 2);
  }
}

TEST_F(DataPathRecovery, IsGivenUpAndSaysWhy) {
  send(1);
  break_down();
  m_engine.fail_recover = true;
  settle();
  const auto statistics = m_path->statistics();
  ASSERT_FALSE(statistics);
  EXPECT_EQ(statistics.error().message, "still gone (recovery 6 of 6 failed)");
  // It comes back by itself, and is not trusted: what it does with old numbers nobody knows.
  m_engine.fail_recover = m_engine.dead = m_engine.hold = false;
  send(1);
  EXPECT_FALSE(m_path->poll());
  EXPECT_EQ(m_engine.recoveries, EngineWatch::most_tries);
  EXPECT_EQ(m_sink.unprotected, 0U);
  EXPECT_FALSE(m_path->statistics());
}

TEST_F(DataPathRecovery, DropsByNameWhileItIsTried) {
  send(1);
  break_down();
  m_engine.fail_recover = true;
  while (m_engine.recoveries == 0) {
    ASSERT_TRUE(m_path->poll());
  }
  send(5);
  m_engine.fail_recover = false;
  settle();
  EXPECT_EQ(policy("outbound_engine_failed"), 5U);
  EXPECT_EQ(policy("inbound_engine_failed"), 5U);
  EXPECT_EQ(policy("outbound_engine_lost"), 1U);
  EXPECT_EQ(policy("engine_recovery_failed"), 1U);
  EXPECT_EQ(policy("engine_recovered"), 1U);
  send(1);
  settle();
  EXPECT_EQ(m_sink.unprotected, 1U);
}

// One that fails again and again is given up too, unless it has worked in between.
TEST_F(DataPathRecovery, AnEngineThatKeepsFailingIsGivenUp) {
  for (unsigned i = 0; i < EngineWatch::most_tries; ++i) {
    send(1);
    break_down();
    settle();
    ASSERT_EQ(m_engine.recoveries, i + 1);
  }
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_engine.recoveries, EngineWatch::most_tries);
  EXPECT_FALSE(m_path->statistics());
}

TEST_F(DataPathRecovery, AnEngineThatWorkedInBetweenIsNot) {
  for (unsigned i = 0; i < 2 * EngineWatch::most_tries; ++i) {
    for (std::size_t sent = 0; sent < EngineWatch::packets_until_trusted; sent += 128) {
      send(64);
      settle();
    }
    send(1);
    break_down();
    settle();
    ASSERT_EQ(m_engine.recoveries, i + 1);
  }
  EXPECT_EQ(policy("engine_recovered"), 2U * EngineWatch::most_tries);
}

// Lifetimes by volume are the host's: what an SA carried before counts on.
TEST_F(DataPathRecovery, WhatAnSaHasCarriedIsNotForgotten) {
  EXPECT_EQ(m_path->statistics()->children.at(0).outbound.packets, 1U) << "the fake engine's row number";
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_path->statistics()->children.at(0).outbound.packets, 2U);
  EXPECT_EQ(m_path->statistics()->children.at(0).outbound.packets, 2U);
}

// A standby with one row in each table.
class DataPathFailover : public DataPathRecovery {
 protected:
  DataPathFailover() {
    m_standby.capabilities.name = "standby";
    m_standby.capabilities.max_packet_bytes = 1500;
    m_path =
        DataPath::create(std::make_unique<FakeEngine>(m_engine), m_sink, {.size = 100, .renew_before = 30},
                         [this]() -> Expected<std::unique_ptr<driver::Engine>> {
                           if (m_no_standby) {
                             return fail("all engines are out");
                           }
                           return std::make_unique<FakeEngine>(m_standby);
                         });
    m_path->spd().replace(
        {{.name = "net", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
    m_engine.next_row = 0;
    EXPECT_TRUE(m_path->install(child(1)));
    m_engine.fail_recover = true;
  }
  FakeEngineState m_standby;
  bool m_no_standby = false;
};

TEST_F(DataPathFailover, GoesOnBehindTheLeaseAndBehindWhatWasDelivered) {
  // An ESP packet is what the fake engine takes for anything else.
  Bytes esp = make_packet({.protocol = 50});
  store_be32(esp, 24, 77);
  m_path->submit_inbound(esp);
  settle();
  send(1);
  break_down();
  settle();
  ASSERT_EQ(m_sink.replaced, 1U);
  EXPECT_TRUE(m_sink.lost.empty());
  EXPECT_EQ(m_path->capabilities().name, "standby");
  ASSERT_EQ(m_standby.outbound.size(), 1U);
  EXPECT_EQ(m_standby.outbound.begin()->second.next_sequence, 101U);
  EXPECT_EQ(m_standby.outbound.begin()->second.lease_limit, 201U);
  EXPECT_EQ(m_standby.inbound.begin()->second.replay_top, 77U);
  EXPECT_EQ(m_standby.outbound.begin()->second.key.key.view().size(), child(1).outbound_key.key.size());
  send(1);
  settle();
  EXPECT_EQ(m_sink.unprotected, 1U);
  // Longer than the new engine takes.
  m_path->submit_outbound(make_packet({.payload = 1500}));
  EXPECT_EQ(policy("outbound_too_long"), 1U);
}

// The dead engine may have had the lease that was asked for and not answered.
TEST_F(DataPathFailover, ALeaseThatWasAskedForCounts) {
  m_engine.fail_renew = true;
  m_engine.events.push_back({.kind = driver::Event::Kind::lease_low,
                             .direction = driver::Direction::outbound,
                             .sa = {m_engine.outbound.begin()->first}});
  m_path->poll();
  ASSERT_GE(policy("lease_renewal_failed"), 1U);
  send(1);
  break_down();
  settle();
  ASSERT_EQ(m_standby.outbound.size(), 1U);
  EXPECT_EQ(m_standby.outbound.begin()->second.next_sequence, 201U);
}

TEST_F(DataPathFailover, AnSaThatTheStandbyDoesNotTakeIsGoneAndSaid) {
  m_standby.fail_add_outbound = true;
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_sink.lost, std::vector<std::uint32_t>{1});
  EXPECT_EQ(policy("failover_sa_lost"), 1U);
  EXPECT_TRUE(m_standby.inbound.empty()) << "not by half";
  EXPECT_TRUE(m_path->statistics()->children.empty());
  m_path->submit_outbound(make_packet());
  EXPECT_EQ(policy("outbound_no_sa"), 1U);
}

TEST_F(DataPathFailover, WithoutAStandbyBothReasonsAreTold) {
  m_no_standby = true;
  send(1);
  break_down();
  settle();
  EXPECT_EQ(m_sink.replaced, 0U);
  const auto statistics = m_path->statistics();
  ASSERT_FALSE(statistics);
  EXPECT_NE(statistics.error().message.find("still gone"), std::string::npos) << statistics.error().message;
  EXPECT_NE(statistics.error().message.find("all engines are out"), std::string::npos);
}

TEST_F(DataPathRecovery, AnSaThatIsRemovedMeanwhileStaysRemoved) {
  send(1);
  break_down();
  m_engine.fail_recover = true;
  while (m_engine.recoveries == 0) {
    m_path->poll();
  }
  m_path->remove(1);
  m_engine.fail_recover = false;
  settle();
  EXPECT_EQ(policy("engine_recovered"), 1U);
  EXPECT_TRUE(m_path->statistics()->children.empty());
}

}  // namespace
}  // namespace espgate::offload
