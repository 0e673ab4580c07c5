// What an inbound SA counts and reports: lifetimes, alarms, next hop; and the SPD cache and a failed
// self-test, which stand before any SA.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::uint32_t soft = 1U << regs::event_kind_soft_expired;
constexpr std::uint32_t hard = 1U << regs::event_kind_hard_expired;
constexpr std::uint32_t icv = 1U << regs::event_kind_icv_alarm;
constexpr std::uint32_t replay = 1U << regs::event_kind_replay_alarm;

std::vector<std::uint64_t> counters(Bench& bench, std::uint32_t index) {
  return bench.snapshot(regs::snapshot_set_sa_inbound, index, regs::counter_sa_inbound_count);
}

// Verdicts of packets 1, 2, 3, ... of 100 bytes, sent back to back.
std::vector<std::uint8_t> run(Bench& bench, const InboundSa& sa, std::uint64_t count) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    bench.send(Side::inbound, {}, sa.packet(i, udp_packet(100)));
  }
  std::vector<std::uint8_t> verdicts;
  for (const Result& result : bench.collect(Side::inbound, count)) {
    verdicts.push_back(result.done.verdict);
    EXPECT_EQ(result.done.next_hop, result.done.verdict == ok ? sa.next_hop : 0);
  }
  return verdicts;
}

std::vector<std::uint8_t> expired_after(std::size_t good, std::size_t count) {
  std::vector<std::uint8_t> verdicts(count, lifetime_expired);
  std::fill_n(verdicts.begin(), good, ok);
  return verdicts;
}

TEST(InboundLifetime, PacketsSoftAndHard) {
  Bench bench;
  InboundSa sa;
  sa.soft_packets = 5;
  sa.hard_packets = 8;
  bench.add(3, sa);
  EXPECT_EQ(run(bench, sa, 12), expired_after(8, 12));
  EXPECT_EQ(bench.events(), (std::vector<Event>{{3, Side::inbound, soft}, {3, Side::inbound, hard}}));
  EXPECT_EQ(counters(bench, 3), (std::vector<std::uint64_t>{8, 800, 4, 0, 0, 0, 0, 8}));
}

TEST(InboundLifetime, BytesSoftAndHard) {
  Bench bench;
  InboundSa sa;
  sa.soft_bytes = 300;
  sa.hard_bytes = 601;
  bench.add(3, sa);
  EXPECT_EQ(run(bench, sa, 9), expired_after(7, 9));
  EXPECT_EQ(bench.events(), (std::vector<Event>{{3, Side::inbound, soft}, {3, Side::inbound, hard}}));
}

TEST(InboundLifetime, SoftIsReportedOnceWhicheverComesFirst) {
  Bench bench;
  InboundSa sa;
  sa.soft_packets = 4;
  sa.soft_bytes = 250;
  bench.add(3, sa);
  EXPECT_EQ(run(bench, sa, 9), std::vector<std::uint8_t>(9, ok));
  EXPECT_EQ(bench.events(), (std::vector<Event>{{3, Side::inbound, soft}}));
}

TEST(InboundLifetime, OnePacketMayReachBoth) {
  Bench bench;
  InboundSa sa;
  sa.soft_bytes = 50;
  sa.hard_packets = 1;
  bench.add(3, sa);
  EXPECT_EQ(run(bench, sa, 2), expired_after(1, 2));
  EXPECT_EQ(bench.events(), (std::vector<Event>{{3, Side::inbound, soft | hard}}));
}

// Expiry comes before replay check and ICV, and takes no number.
TEST(InboundLifetime, ExpiryIsTheFirstVerdict) {
  Bench bench;
  InboundSa sa;
  sa.hard_packets = 1;
  bench.add(3, sa);
  Bytes broken = sa.packet(2, udp_packet(60));
  broken.back() ^= 1;
  for (const Bytes& frame : {sa.packet(1, udp_packet(60)), sa.packet(1, udp_packet(60)), broken}) {
    bench.send(Side::inbound, {}, frame);
  }
  const auto results = bench.collect(Side::inbound, 3);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].done.verdict, ok);
  EXPECT_EQ(results[1].done.verdict, lifetime_expired);
  EXPECT_EQ(results[2].done.verdict, lifetime_expired);
  EXPECT_EQ(counters(bench, 3), (std::vector<std::uint64_t>{1, 60, 2, 0, 0, 0, 0, 1}));
}

// What is not delivered does not count towards the lifetime.
TEST(InboundLifetime, OnlyWhatIsDeliveredCounts) {
  Bench bench;
  InboundSa sa;
  sa.hard_packets = 2;
  bench.add(3, sa);
  Esp dummy_packet = sa.esp(1);
  dummy_packet.next_header = 59;
  EXPECT_EQ(bench.one(Side::inbound, {}, sa.outer(dummy_packet.build(Bytes(30)))).done.verdict, dummy);
  for (std::uint64_t i = 2; i <= 4; ++i) {
    EXPECT_EQ(bench.one(Side::inbound, {}, sa.packet(i, udp_packet(60))).done.verdict,
              i < 4 ? ok : lifetime_expired);
  }
}

TEST(InboundAlarm, TheFirstAndThenEvery1024th) {
  Bench bench;
  InboundSa sa;
  bench.add(7, sa);
  Bytes broken = sa.packet(5, udp_packet(40));
  broken.back() ^= 1;
  const Bytes good = sa.packet(6, udp_packet(40));
  bench.send(Side::inbound, {}, good);
  for (int i = 0; i < 1025; ++i) {
    bench.send(Side::inbound, {}, broken);
    bench.send(Side::inbound, {}, i % 2 == 0 ? good : sa.packet(0, udp_packet(40)));
  }
  EXPECT_EQ(bench.collect(Side::inbound, 2051).size(), 2051U);
  EXPECT_EQ(bench.events(), (std::vector<Event>{{7, Side::inbound, icv},
                                                {7, Side::inbound, replay},
                                                {7, Side::inbound, icv},
                                                {7, Side::inbound, replay}}));
  EXPECT_EQ(counters(bench, 7), (std::vector<std::uint64_t>{1, 40, 0, 512, 513, 1025, 0, 6}));
}

TEST(InboundSpd, TheCacheDecidesOnWhatIsNotEsp) {
  Bench bench;
  Flow flow;
  flow.spd = 3;
  flow.protocol = 17;
  flow.source = IpAddress::v4(0x0a000001);
  flow.destination = IpAddress::v4(0x0a000102);
  flow.source_port = 1000;
  flow.destination_port = 2000;
  bench.cache_entry(Side::inbound, flow, regs::policy_bypass, 0, 0);
  Flow six;
  six.spd = 3;
  six.protocol = 58;
  six.source = *IpAddress::parse("2001:db8:1::1");
  six.destination = *IpAddress::parse("2001:db8:2::2");
  six.source_port = six.destination_port = 0x8000;
  bench.cache_entry(Side::inbound, six, regs::policy_discard, 0, 1);
  Flow protect = flow;
  protect.destination_port = 2001;
  bench.cache_entry(Side::inbound, protect, regs::policy_protect, 0, 2);
  Flow no_ports = flow;
  no_ports.protocol = 47;
  no_ports.ports_known = false;
  no_ports.source_port = no_ports.destination_port = 0;
  bench.cache_entry(Side::inbound, no_ports, regs::policy_bypass, 0, 3);

  const SendOptions spd{.spd = 3};
  const auto verdict = [&](const SendOptions& options, Bytes frame) {
    return bench.one(Side::inbound, options, std::move(frame)).done.verdict;
  };
  for (std::size_t size = 28; size < 28 + 130; ++size) {
    Bytes frame = udp_packet(size);
    const Bytes packet = frame;
    frame.resize(frame.size() + size % 70);  // link padding
    const Result result = bench.one(Side::inbound, spd, frame);
    ASSERT_EQ(result.done.verdict, bypassed) << size;
    EXPECT_EQ(result.done.length, size);
    EXPECT_EQ(result.done.next_hop, 0U);
    ASSERT_EQ(to_hex(result.bytes), to_hex(packet)) << size;
  }
  EXPECT_EQ(verdict({}, udp_packet(60)), not_esp);  // another SPD
  EXPECT_EQ(verdict(spd, udp_packet(60, 0, 1000, 2001)), policy_discard);
  EXPECT_EQ(verdict(spd, udp_packet(60, 0, 1000, 2002)), not_esp);
  EXPECT_EQ(verdict(spd, Ipv4{.protocol = 47, .payload = Bytes(9)}.build()), bypassed);
  Ipv6 echo;
  echo.next_header = 58;
  echo.payload = {0x80, 0, 0, 0};
  EXPECT_EQ(verdict(spd, echo.build()), policy_discard);
  echo.payload = {0x81, 0, 0, 0};
  EXPECT_EQ(verdict(spd, echo.build()), not_esp);
  // IKE goes to the host whatever the cache says.
  Flow ike = flow;
  ike.destination_port = 500;
  bench.cache_entry(Side::inbound, ike, regs::policy_bypass, 0, 1);
  EXPECT_EQ(verdict(spd, udp_packet(60, 0, 1000, 500)), not_esp);
  EXPECT_EQ(verdict(spd, Ipv4{.fragment = 0x2000, .payload = Bytes(40)}.build()), outer_fragment);
}

// Bypassed packets keep their place among ESP packets and touch no SA.
TEST(InboundSpd, BypassedPacketsKeepTheirPlace) {
  Bench bench;
  InboundSa sa;
  bench.add(0, sa);
  Flow flow;
  flow.source = IpAddress::v4(0x0a000001);
  flow.destination = IpAddress::v4(0x0a000102);
  flow.source_port = 1000;
  flow.destination_port = 2000;
  bench.cache_entry(Side::inbound, flow, regs::policy_bypass);
  std::vector<std::size_t> sizes;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const std::size_t size = 28 + i * 53 % 400;
    sizes.push_back(size);
    const Bytes packet = udp_packet(size);
    bench.send(Side::inbound, {}, i % 3 == 0 ? packet : sa.packet(i, packet));
  }
  const auto results = bench.collect(Side::inbound, sizes.size());
  ASSERT_EQ(results.size(), sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    ASSERT_EQ(results[i].done.verdict, (i + 1) % 3 == 0 ? bypassed : ok) << i;
    ASSERT_EQ(to_hex(results[i].bytes), to_hex(udp_packet(sizes[i])));
  }
  EXPECT_EQ(counters(bench, 0)[regs::counter_sa_inbound_packets], 134U);
  const auto global =
      bench.snapshot(regs::snapshot_set_global_inbound, 0, regs::counter_global_count + regs::verdict_count);
  EXPECT_EQ(global[regs::counter_global_packets_out], 200U);
  EXPECT_EQ(global[regs::counter_global_count + bypassed], 66U);
}

TEST(InboundSelfTest, AFailedOneStopsEverything) {
  Bench bench;
  InboundSa sa;
  bench.add(0, sa);
  EXPECT_TRUE(bench.command(regs::reg_self_test, 3));  // run, with a wrong answer
  for (const Bytes& frame : {sa.packet(1, udp_packet(60)), Bytes(3), Bytes(20000), udp_packet(60)}) {
    EXPECT_EQ(bench.one(Side::inbound, {}, frame).done.verdict, self_test_failed);
  }
  EXPECT_EQ(counters(bench, 0), std::vector<std::uint64_t>(regs::counter_sa_inbound_count));
  EXPECT_TRUE(bench.command(regs::reg_self_test, 1));
  EXPECT_EQ(bench.one(Side::inbound, {}, sa.packet(1, udp_packet(60))).done.verdict, ok);
}

// A row that is added anew starts with an empty window, whatever its words held.
TEST(InboundRows, AddingStartsAfresh) {
  Bench bench;
  InboundSa sa;
  sa.replay_window = 2048;
  bench.add(0, sa);
  EXPECT_EQ(run(bench, sa, 200), std::vector<std::uint8_t>(200, ok));
  EXPECT_EQ(run(bench, sa, 200), std::vector<std::uint8_t>(200, replay_duplicate));
  bench.add(0, sa);
  EXPECT_EQ(counters(bench, 0), std::vector<std::uint64_t>(regs::counter_sa_inbound_count));
  EXPECT_EQ(run(bench, sa, 200), std::vector<std::uint8_t>(200, ok));
  sa.replay_top = 150;
  bench.add(0, sa);
  std::vector<std::uint8_t> expected(200, ok);
  std::fill_n(expected.begin(), 150, replay_duplicate);
  EXPECT_EQ(run(bench, sa, 200), expected);
}

}  // namespace
}  // namespace espgate::sim::test
