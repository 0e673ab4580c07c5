// Two gateways on one card, which fails at many points of their life: traffic flows again, no IV leaves
// twice, and every packet is delivered or has a counter.
#include <gtest/gtest.h>

#include <set>

#include "card/card_engine.h"
#include "offload/data_path.h"
#include "packets.h"
#include "support/faulty_card.h"

namespace espgate::offload {
namespace {

using driver::test::FaultyCard;
using testing::address;
using testing::child;
using testing::make_packet;
using testing::policy_value;
using testing::selector;

constexpr std::uint64_t hang_cycles = 20'000;
constexpr std::uint32_t spi_a = 0x3001;
constexpr std::uint32_t spi_b = 0x3002;

// What one gateway sends, the other one receives, unless the wire is cut.
class Wire final : public PacketSink {
 public:
  void to_unprotected(ByteView packet) override {
    constexpr std::size_t spi_at = 20;
    constexpr std::size_t iv_at = 28;
    ++m_sent;
    EXPECT_TRUE(m_used.emplace(load_be32(packet, spi_at), load_be64(packet, iv_at)).second)
        << "SPI " << load_be32(packet, spi_at) << ": IV " << load_be64(packet, iv_at) << " twice";
    m_last.assign(packet.begin(), packet.end());
    path->submit_inbound(packet);
  }
  void to_protected(ByteView packet) override {
    ++m_delivered;
    EXPECT_EQ(load_be16(packet, 2), packet.size());
  }
  std::uint64_t sent() const { return m_sent; }
  std::uint64_t delivered() const { return m_delivered; }
  const Bytes& last() const { return m_last; }
  void engine_replaced(const std::string& reason, const std::vector<std::uint32_t>& lost) override {
    m_replaced.push_back(reason);
    EXPECT_TRUE(lost.empty());
  }
  const std::vector<std::string>& replaced() const { return m_replaced; }
  DataPath* path = nullptr;

 private:
  std::set<std::pair<std::uint32_t, std::uint64_t>> m_used;
  Bytes m_last;
  std::vector<std::string> m_replaced;
  std::uint64_t m_sent = 0;
  std::uint64_t m_delivered = 0;
};

class CardRecovery : public ::testing::Test {
 protected:
  void SetUp() override { begin(); }

  void begin(bool with_standby = false) {
    m_path.reset();
    m_wire = std::make_unique<Wire>();
    m_submitted = 0;
    auto inner = driver::card::SimulatedCard::create({});
    ASSERT_TRUE(inner);
    auto faulty = std::make_unique<FaultyCard>(std::move(*inner));
    m_card = faulty.get();
    auto engine =
        driver::card::CardEngine::create(std::move(faulty), {.name = "faulty", .hang_cycles = hang_cycles});
    ASSERT_TRUE(engine) << engine.error().message;
    // Leases that a burst of the tests does not use up, and the walk does.
    m_path = DataPath::create(std::move(*engine), *m_wire, {.size = 64, .renew_before = 32},
                              with_standby ? DataPath::Standby([] { return driver::make_software_engine(); })
                                           : DataPath::Standby());
    m_wire->path = m_path.get();
    m_path->spd().replace(
        {{.name = "there", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}},
         {.name = "back", .action = Action::protect, .selectors = {selector("10.2.0.0/16", "10.1.0.0/16")}}});
    ChildSaSpec there = child(1, "there");
    there.outbound_spi = spi_a;
    there.inbound_spi = spi_b;
    ChildSaSpec back = child(2, "back");
    back.outbound_spi = spi_b;
    back.inbound_spi = spi_a;
    std::swap(back.local_address, back.remote_address);
    back.selectors = {selector("10.2.0.0/16", "10.1.0.0/16")};
    std::swap(back.inbound_key, back.outbound_key);
    ASSERT_TRUE(m_path->install(there));
    ASSERT_TRUE(m_path->install(back));
  }

  void send(unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) {
      m_path->submit_outbound(make_packet({.payload = 8 + i % 200}));
      m_path->submit_outbound(make_packet({.source = "10.2.0.1", .destination = "10.1.0.1"}));
      m_submitted += 2;
    }
  }
  void settle() {
    for (int polls = 0; m_path->poll(); ++polls) {
      ASSERT_LT(polls, 200'000) << "polled for ever";
    }
  }
  std::uint64_t policy(std::string_view name) { return policy_value(*m_path, name); }

  FaultyCard* m_card = nullptr;
  std::unique_ptr<Wire> m_wire;
  std::unique_ptr<DataPath> m_path;
  std::uint64_t m_submitted = 0;
};

TEST_F(CardRecovery, DeathAtManyStepsCostsPacketsAndNothingElse) {
  constexpr unsigned round = 20;
  constexpr std::uint64_t stride = 19;
  std::uint64_t deaths = 0;
  for (std::uint64_t step = 0;; step += stride, ++deaths) {
    SCOPED_TRACE("dead after " + std::to_string(step) + " accesses");
    begin();
    m_card->die_after(step);
    for (int i = 0; i < 3; ++i) {
      send(round);
      settle();
    }
    if (m_card->resets() == 0) {
      break;  // that is all the accesses that it has
    }
    EXPECT_EQ(policy("engine_failed"), 1U);
    EXPECT_EQ(policy("engine_recovered"), 1U);
    // Once recovered, everything arrives.
    const std::uint64_t delivered = m_wire->delivered();
    send(round);
    settle();
    EXPECT_EQ(m_wire->delivered() - delivered, 2 * round);
    // Delivered before, and so a replay.
    m_path->submit_inbound(Bytes(m_wire->last()));
    settle();
    EXPECT_EQ(m_wire->delivered() - delivered, 2 * round);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(deaths, 8U) << "a walk of a few steps shows nothing";
}

TEST_F(CardRecovery, EveryPacketIsAccountedFor) {
  send(30);
  m_card->die_after(3);
  settle();
  send(10);
  settle();
  ASSERT_EQ(policy("engine_recovered"), 1U);
  const auto statistics = m_path->statistics();
  ASSERT_TRUE(statistics);
  const std::uint64_t outbound_dropped =
      policy("outbound_engine_lost") + policy("outbound_engine_failed") + policy("outbound_queue_full");
  const std::uint64_t inbound_dropped =
      policy("inbound_engine_lost") + policy("inbound_engine_failed") + policy("inbound_queue_full");
  EXPECT_GT(outbound_dropped + inbound_dropped, 0U);
  EXPECT_EQ(m_wire->sent() + outbound_dropped, m_submitted);
  EXPECT_EQ(m_wire->delivered() + inbound_dropped, m_wire->sent());
}

TEST_F(CardRecovery, ACardThatHangsIsBroughtBackToo) {
  m_card->deaf = true;
  send(3);
  settle();
  EXPECT_EQ(policy("engine_recovered"), 1U);
  EXPECT_EQ(policy("outbound_engine_lost"), 6U);
  send(3);
  settle();
  EXPECT_EQ(m_wire->delivered(), 6U);
}

// Pulled out at many points of its life under traffic: the software engine takes over, and no IV leaves
// twice.
TEST_F(CardRecovery, TheStandbyTakesOverFromACardThatIsPulledOut) {
  constexpr unsigned round = 20;
  constexpr std::uint64_t stride = 23;
  std::uint64_t deaths = 0;
  for (std::uint64_t step = 0;; step += stride, ++deaths) {
    SCOPED_TRACE("pulled out after " + std::to_string(step) + " accesses");
    begin(true);
    m_card->die_after(step);
    m_card->pulled_out = true;
    for (int i = 0; i < 3; ++i) {
      send(round);
      settle();
    }
    if (m_wire->replaced().empty()) {
      break;  // that is all the accesses that it has
    }
    ASSERT_EQ(m_wire->replaced().size(), 1U);
    EXPECT_NE(m_wire->replaced()[0].find("recovery 3 of 6 failed"), std::string::npos);
    EXPECT_EQ(policy("engine_failover"), 1U);
    EXPECT_EQ(m_path->capabilities().name, "software");
    // What was lost has a counter, and from here on everything arrives.
    EXPECT_EQ(m_wire->sent() + policy("outbound_engine_lost") + policy("outbound_engine_failed") +
                  policy("outbound_queue_full"),
              m_submitted);
    const std::uint64_t delivered = m_wire->delivered();
    for (int i = 0; i < 5; ++i) {
      send(round);
      settle();
    }
    EXPECT_EQ(m_wire->delivered() - delivered, 200U);
    // Delivered before, by the card or by the software, and so a replay.
    m_path->submit_inbound(Bytes(m_wire->last()));
    settle();
    EXPECT_EQ(m_wire->delivered() - delivered, 200U);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(deaths, 8U) << "a walk of a few steps shows nothing";
}

// The card delivered it, and the software engine knows.
TEST_F(CardRecovery, WhatTheCardDeliveredIsAReplayToTheStandby) {
  begin(true);
  send(5);
  settle();
  const Bytes last = m_wire->last();
  m_card->die_after(0);
  m_card->pulled_out = true;
  send(1);
  settle();
  ASSERT_EQ(policy("engine_failover"), 1U);
  const std::uint64_t delivered = m_wire->delivered();
  m_path->submit_inbound(last);
  settle();
  EXPECT_EQ(m_wire->delivered(), delivered);
  const auto statistics = m_path->statistics();
  ASSERT_TRUE(statistics);
  EXPECT_EQ(
      statistics->counters.inbound.verdicts.at(static_cast<std::size_t>(driver::Verdict::replay_duplicate)) +
          statistics->counters.inbound.verdicts.at(static_cast<std::size_t>(driver::Verdict::replay_too_old)),
      1U);
}

TEST_F(CardRecovery, ACardThatIsPulledOutIsGivenUp) {
  m_card->die_after(0);
  m_card->pulled_out = true;
  send(1);
  settle();
  const auto statistics = m_path->statistics();
  ASSERT_FALSE(statistics);
  EXPECT_NE(statistics.error().message.find("the card is not there (recovery 6 of 6 failed)"),
            std::string::npos)
      << statistics.error().message;
  send(1);
  EXPECT_FALSE(m_path->poll());
}

}  // namespace
}  // namespace espgate::offload
