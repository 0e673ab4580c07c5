// Lifetimes, alarms and the other events, and the self-test.
#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

Event out(Event::Kind kind, std::uint32_t sa) {
  return {.kind = kind, .direction = Direction::outbound, .sa = {sa}};
}
Event in(Event::Kind kind, std::uint32_t sa) {
  return {.kind = kind, .direction = Direction::inbound, .sa = {sa}};
}

TEST_P(EventConformance, OutboundLifetimeInPackets) {
  OutboundSa sa = outbound_sa();
  sa.lifetime.soft_packets = 2;
  sa.lifetime.hard_packets = 4;
  const auto index = add(sa);
  const std::vector<Packet> one(1, {.sa = index, .bytes = packet_of(40)});
  const auto next = [&] { return run(engine(), Direction::outbound, one).front().verdict; };
  EXPECT_EQ(next(), Verdict::ok);
  EXPECT_TRUE(events(engine()).empty());
  EXPECT_EQ(next(), Verdict::ok);
  EXPECT_EQ(events(engine()), std::vector{out(Event::Kind::soft_expired, index)});
  EXPECT_EQ(next(), Verdict::ok);
  EXPECT_TRUE(events(engine()).empty()) << "once only";
  EXPECT_EQ(next(), Verdict::ok) << "the packet that reaches the limit is carried";
  EXPECT_EQ(events(engine()), std::vector{out(Event::Kind::hard_expired, index)});
  EXPECT_EQ(next(), Verdict::lifetime_expired);
  EXPECT_EQ(dummy(index, Bytes(10)).verdict, Verdict::lifetime_expired);
  EXPECT_TRUE(events(engine()).empty());
  EXPECT_EQ(outbound_counters(index),
            (OutboundSaCounters{.packets = 4, .bytes = 160, .expired = 2, .next_sequence = 5}));
}

TEST_P(EventConformance, OutboundLifetimeInBytes) {
  OutboundSa sa = outbound_sa();
  sa.tfc_bytes = 200;
  sa.lifetime.soft_bytes = 100;
  sa.lifetime.hard_bytes = 101;
  const auto index = add(sa);
  const auto next = [&](std::size_t bytes) {
    return run(engine(), Direction::outbound, {{.sa = index, .bytes = packet_of(bytes), .tfc_bytes = 200}})
        .front()
        .verdict;
  };
  EXPECT_EQ(next(50), Verdict::ok);
  EXPECT_EQ(next(49), Verdict::ok);
  EXPECT_TRUE(events(engine()).empty()) << "99 bytes; padding does not count";
  EXPECT_EQ(next(20), Verdict::ok);
  EXPECT_EQ(events(engine()),
            (std::vector{out(Event::Kind::soft_expired, index), out(Event::Kind::hard_expired, index)}));
  EXPECT_EQ(next(20), Verdict::lifetime_expired);
}

TEST_P(EventConformance, LifetimeIsJudgedBeforeTheSequenceNumber) {
  OutboundSa sa = outbound_sa();
  sa.lifetime.hard_packets = 1;
  sa.lease_limit = 2;
  const auto index = add(sa);
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::ok);
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::lifetime_expired);
  EXPECT_EQ(protect(index, Bytes(5, 0x45)).verdict, Verdict::header_malformed);
}

TEST_P(EventConformance, InboundLifetime) {
  InboundSa sa = inbound_sa();
  sa.lifetime = {
      .soft_packets = 2, .soft_bytes = Lifetime::none, .hard_packets = Lifetime::none, .hard_bytes = 121};
  const auto index = add(sa);
  const auto verdict_of = [&](std::uint64_t sequence) {
    return unprotect(esp_for(sa, sequence, packet_of(40))).verdict;
  };
  EXPECT_EQ(verdict_of(1), Verdict::ok);
  EXPECT_EQ(verdict_of(1), Verdict::replay_duplicate);
  EXPECT_EQ(events(engine()), std::vector{in(Event::Kind::replay_alarm, index)});
  EXPECT_EQ(verdict_of(2), Verdict::ok);
  EXPECT_EQ(events(engine()), std::vector{in(Event::Kind::soft_expired, index)}) << "drops do not count";
  EXPECT_EQ(verdict_of(3), Verdict::ok);
  EXPECT_TRUE(events(engine()).empty()) << "120 bytes";
  EXPECT_EQ(verdict_of(4), Verdict::ok);
  EXPECT_EQ(events(engine()), std::vector{in(Event::Kind::hard_expired, index)});
  EXPECT_EQ(verdict_of(4), Verdict::lifetime_expired) << "before the replay check";
  Bytes corrupted = esp_for(sa, 9);
  corrupted.back() ^= 1;
  EXPECT_EQ(unprotect(corrupted).verdict, Verdict::lifetime_expired) << "and before the ICV";
  EXPECT_EQ(inbound_counters(index).expired, 2U);
  EXPECT_EQ(inbound_counters(index).replay_top, 4U);
  InboundSa other = sa;
  other.outer_destination = IpAddress::v4(1);
  EXPECT_EQ(unprotect(esp_for(other, 9)).verdict, Verdict::destination_mismatch);
}

// Packets of one SA in flight together: the limit is met exactly.
TEST_P(EventConformance, HardLimitsHoldBackToBack) {
  OutboundSa sa = outbound_sa();
  sa.lifetime.hard_packets = 17;
  sa.lifetime.soft_packets = 16;
  InboundSa peer = peer_of(sa);
  peer.lifetime.hard_packets = 13;
  peer.lifetime.soft_packets = 13;
  const auto from = add(sa);
  const auto to = add(peer);
  std::vector<Packet> wire;
  for (const Outcome& sent :
       run(engine(), Direction::outbound, std::vector<Packet>(40, {.sa = from, .bytes = packet_of(40)}))) {
    EXPECT_EQ(sent.verdict, wire.size() < 17 ? Verdict::ok : Verdict::lifetime_expired);
    if (sent.verdict == Verdict::ok) {
      wire.push_back({.sa = 0, .bytes = sent.output});
    }
  }
  EXPECT_EQ(events(engine()),
            (std::vector{out(Event::Kind::soft_expired, from), out(Event::Kind::hard_expired, from)}));
  std::size_t delivered = 0;
  for (const Outcome& received : run(engine(), Direction::inbound, wire)) {
    EXPECT_EQ(received.verdict, delivered < 13 ? Verdict::ok : Verdict::lifetime_expired);
    delivered += received.verdict == Verdict::ok ? 1 : 0;
  }
  EXPECT_EQ(delivered, 13U);
  EXPECT_EQ(events(engine()),
            (std::vector{in(Event::Kind::soft_expired, to), in(Event::Kind::hard_expired, to)}));
  EXPECT_EQ(outbound_counters(from).expired, 23U);
  EXPECT_EQ(inbound_counters(to).expired, 4U);
}

TEST_P(EventConformance, TheLastSequenceNumberIsReported) {
  OutboundSa sa = outbound_sa();
  sa.next_sequence = UINT32_MAX - 1;
  sa.lease_limit = std::uint64_t{1} << 32;
  sa.lease_low = UINT32_MAX;
  const auto index = add(sa);
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::ok);
  EXPECT_TRUE(events(engine()).empty());
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::ok);
  EXPECT_EQ(events(engine()),
            (std::vector{out(Event::Kind::lease_low, index), out(Event::Kind::sequence_exhausted, index)}));
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::sequence_overflow);
  EXPECT_TRUE(events(engine()).empty());
}

TEST_P(EventConformance, AllEventsOfOnePacketComeInOrder) {
  OutboundSa sa = outbound_sa();
  sa.next_sequence = UINT32_MAX;
  sa.lease_limit = std::uint64_t{1} << 32;
  sa.lease_low = 1;
  sa.lifetime = {.soft_packets = 1, .soft_bytes = 1, .hard_packets = 1, .hard_bytes = 1};
  const auto index = add(sa);
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::ok);
  EXPECT_EQ(
      events(engine()),
      (std::vector{out(Event::Kind::lease_low, index), out(Event::Kind::soft_expired, index),
                   out(Event::Kind::hard_expired, index), out(Event::Kind::sequence_exhausted, index)}));
}

TEST_P(EventConformance, AlarmsComeWithTheFirstAndEvery1024thMore) {
  InboundSa sa = inbound_sa();
  sa.replay_top = 1000;
  const auto index = add(sa);
  Bytes corrupted = esp_for(sa, 1001);
  corrupted.back() ^= 1;
  const Packet bad{.sa = 0, .bytes = corrupted};
  const Packet duplicate{.sa = 0, .bytes = esp_for(sa, 1000)};
  const Packet old{.sa = 0, .bytes = esp_for(sa, 1)};
  const auto many = [&](const Packet& packet, std::size_t count) {
    run(engine(), Direction::inbound, std::vector<Packet>(count, packet));
    return events(engine());
  };
  const std::vector icv{in(Event::Kind::icv_alarm, index)};
  const std::vector replay{in(Event::Kind::replay_alarm, index)};
  EXPECT_EQ(many(bad, 1), icv);
  EXPECT_TRUE(many(bad, 1023).empty());
  EXPECT_EQ(many(old, 1), replay) << "too old and duplicate count together";
  EXPECT_TRUE(many(duplicate, 500).empty());
  EXPECT_TRUE(many(old, 523).empty());
  EXPECT_EQ(many(duplicate, 1), replay);
  EXPECT_EQ(many(bad, 1), icv);
  EXPECT_EQ(inbound_counters(index).icv_failed, 1025U);
  EXPECT_EQ(inbound_counters(index).replay_too_old, 524U);
  EXPECT_EQ(inbound_counters(index).replay_duplicate, 501U);
}

TEST_P(EventConformance, EventsOfManySasComeInTheOrderOfThePackets) {
  OutboundSa sa = outbound_sa();
  sa.lease_low = 1;
  std::vector<Packet> packets;
  std::vector<Event> expected;
  for (std::uint32_t i = 0; i < 60; ++i) {
    packets.push_back({.sa = add(sa), .bytes = packet_of(30 + i)});
  }
  for (std::uint32_t i = 0; i < 30; ++i) {
    std::swap(packets[i], packets[59 - (i * 7) % 60]);
  }
  for (const Packet& packet : packets) {
    expected.push_back(out(Event::Kind::lease_low, packet.sa));
  }
  run(engine(), Direction::outbound, packets);
  EXPECT_EQ(events(engine()), expected);
  EXPECT_EQ(counters().outbound.events_lost, 0U);
}

TEST_P(EventConformance, ARemovedSaHasNoEventsLeft) {
  InboundSa sa = inbound_sa();
  sa.lifetime.hard_packets = 1;
  const auto index = add(sa);
  EXPECT_EQ(unprotect(esp_for(sa, 1)).verdict, Verdict::ok);
  ASSERT_TRUE(engine().remove(Direction::inbound, {index}));
  ASSERT_EQ(add(sa), index);
  EXPECT_TRUE(events(engine()).empty());
  EXPECT_EQ(unprotect(esp_for(sa, 1)).verdict, Verdict::ok) << "a new SA in the row begins anew";
}

// Every tenth renewal or so of some SAs raises an event, and nobody polls.
TEST_P(EventConformance, LostEventsAreCounted) {
  constexpr std::size_t sas = 200;
  constexpr std::size_t rounds = 10;
  std::vector<Packet> packets;
  for (std::size_t i = 0; i < sas; ++i) {
    OutboundSa sa = outbound_sa();
    sa.lifetime.soft_packets = 2;
    sa.lifetime.hard_packets = 5;
    packets.push_back({.sa = add(sa), .bytes = packet_of(40)});
  }
  std::size_t raised = 0;
  for (std::size_t round = 1; round <= rounds; ++round) {
    run(engine(), Direction::outbound, packets);
    raised += round == 2 || round == 5 ? sas : 0;
  }
  const std::size_t kept = events(engine()).size();
  EXPECT_GE(kept, 64U);
  EXPECT_EQ(kept + counters().outbound.events_lost, raised);
  EXPECT_EQ(counters().inbound.events_lost, 0U);
}

TEST_P(EventConformance, AFailedSelfTestStopsEverything) {
  const OutboundSa sa = outbound_sa();
  const auto from = add(sa);
  const auto to = add(peer_of(sa));
  ASSERT_TRUE(engine().self_test(SelfTest::run));
  const Outcome sent = protect(from, packet_of(40));
  EXPECT_EQ(sent.verdict, Verdict::ok);
  const auto failed = engine().self_test(SelfTest::fail);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("self-test"), std::string::npos) << failed.error().message;
  EXPECT_FALSE(engine().health());
  for (const Bytes& frame : {packet_of(40), Bytes{}, Bytes(5, 0x45), Bytes(20000, 0x45), Bytes(70000)}) {
    EXPECT_EQ(protect(from, frame).verdict, Verdict::self_test_failed) << frame.size();
    EXPECT_EQ(unprotect(frame).verdict, Verdict::self_test_failed) << frame.size();
  }
  EXPECT_EQ(look_up(packet_of(40)).verdict, Verdict::self_test_failed);
  EXPECT_EQ(dummy(from, Bytes(10)).verdict, Verdict::self_test_failed);
  EXPECT_EQ(unprotect(sent.output).verdict, Verdict::self_test_failed);
  EXPECT_EQ(counters().outbound.verdicts.at(static_cast<std::size_t>(Verdict::self_test_failed)), 7U);
  EXPECT_EQ(counters().inbound.verdicts.at(static_cast<std::size_t>(Verdict::self_test_failed)), 6U);
  EXPECT_EQ(outbound_counters(from).packets, 1U);
  // A test that passes ends it, and nothing was lost.
  EXPECT_TRUE(engine().self_test(SelfTest::run));
  EXPECT_TRUE(engine().health());
  EXPECT_EQ(unprotect(sent.output).verdict, Verdict::ok);
  EXPECT_EQ(protect(from, packet_of(40)).verdict, Verdict::ok);
  EXPECT_EQ(inbound_counters(to).packets, 1U);
}

}  // namespace
}  // namespace espgate::driver::test
