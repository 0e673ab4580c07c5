// What becomes of outbound packets that are not simply protected: SPD cache, checks in their order,
// lifetimes, events, counters.
#include <gtest/gtest.h>

#include <map>

#include "base/hex.h"
#include "base/writer.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr SendOptions lookup{.sa = 0, .lookup = true, .dummy = false, .spd = 0};

IpAddress v6(const std::array<std::uint8_t, 16>& bytes) {
  return *IpAddress::from_bytes(bytes);
}

// The flow of udp_packet().
Flow udp_flow() {
  return {.source = IpAddress::v4(0x0a000001),
          .destination = IpAddress::v4(0x0a000102),
          .source_port = 1000,
          .destination_port = 2000};
}

constexpr std::uint32_t kind(std::uint32_t event_kind) {
  return 1U << event_kind;
}

TEST(OutboundPolicy, TheCacheSaysWhatBecomesOfAFlow) {
  Bench bench;
  const OutboundSa sa;
  bench.add(9, sa);
  const Bytes packet = udp_packet(100);
  EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, policy_miss);

  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 9);
  Result result = bench.one(Side::outbound, lookup, packet);
  EXPECT_EQ(result.done.verdict, ok);
  EXPECT_EQ(result.done.sa, 9U);
  EXPECT_EQ(to_hex(result.bytes), to_hex(sa.expect(packet, 1)));

  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_discard);
  result = bench.one(Side::outbound, lookup, packet);
  EXPECT_EQ(result.done.verdict, policy_discard);
  EXPECT_EQ(result.done.length, 0U);
  EXPECT_EQ(result.done.next_hop, 0U);

  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 10);
  EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, sa_invalid);
  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 9, 0, false);
  EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, policy_miss);
  // A request that names its SA does not ask.
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 9}, packet).done.verdict, ok);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 9, .lookup = true, .dummy = true}, packet).done.verdict, ok);
}

TEST(OutboundPolicy, AFlowIsFoundInEachWayAndDiffersInEachPart) {
  Bench bench;
  bench.add(3, OutboundSa{});
  const Bytes packet = udp_packet(100);
  for (std::uint32_t way = 0; way < 4; ++way) {
    bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 3, way);
    EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, ok) << "way " << way;
    bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 3, way, false);
  }
  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_protect, 3);
  EXPECT_EQ(bench.one(Side::outbound, {.lookup = true, .spd = 1}, packet).done.verdict, policy_miss);
  for (const std::size_t at : {9U, 12U, 13U, 14U, 15U, 16U, 17U, 18U, 19U, 20U, 21U, 22U, 23U}) {
    Bytes other = packet;
    other[at] ^= 4;
    EXPECT_EQ(bench.one(Side::outbound, lookup, other).done.verdict, policy_miss) << "byte " << at;
  }
  EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, ok);
}

TEST(OutboundPolicy, FlowsOfEveryProtocolAndFamily) {
  Bench bench;
  bench.add(0, OutboundSa{});
  const IpAddress source4 = udp_flow().source;
  const IpAddress destination4 = udp_flow().destination;
  const IpAddress source6 = v6(Ipv6{}.source);
  const IpAddress destination6 = v6(Ipv6{}.destination);
  const Bytes upper{0x12, 0x34, 0x56, 0x78, 9, 9, 9, 9, 9, 9, 9, 9};
  struct Case {
    std::uint8_t protocol;
    bool ports_known;
    std::uint16_t source_port;
    std::uint16_t destination_port;
  };
  for (const Case& c :
       {Case{6, true, 0x1234, 0x5678}, Case{17, true, 0x1234, 0x5678}, Case{33, true, 0x1234, 0x5678},
        Case{132, true, 0x1234, 0x5678}, Case{136, true, 0x1234, 0x5678}, Case{1, true, 0x1234, 0x1234},
        Case{58, true, 0x1234, 0x1234}, Case{135, true, 0x5600, 0x5600}, Case{50, false, 0, 0},
        Case{59, false, 0, 0}, Case{47, false, 0, 0}}) {
    for (const bool ipv6 : {false, true}) {
      const Flow flow{.spd = 7,
                      .protocol = c.protocol,
                      .source = ipv6 ? source6 : source4,
                      .destination = ipv6 ? destination6 : destination4,
                      .ports_known = c.ports_known,
                      .source_port = c.source_port,
                      .destination_port = c.destination_port};
      const Bytes packet = ipv6 ? Ipv6{.next_header = c.protocol, .payload = upper}.build()
                                : Ipv4{.protocol = c.protocol, .payload = upper}.build();
      const SendOptions options{.lookup = true, .spd = 7};
      EXPECT_EQ(bench.one(Side::outbound, options, packet).done.verdict, policy_miss);
      bench.cache_entry(Side::outbound, flow, regs::policy_bypass);
      EXPECT_EQ(bench.one(Side::outbound, options, packet).done.verdict, bypassed)
          << int{c.protocol} << (ipv6 ? " in IPv6" : " in IPv4");
    }
  }
  // Too short to have ports: another flow than the one with port 0.
  const Bytes stump = Ipv4{.protocol = 17, .payload = Bytes(3)}.build();
  const Flow none{.source = source4, .destination = destination4, .ports_known = false};
  bench.cache_entry(Side::outbound, none, regs::policy_bypass);
  EXPECT_EQ(bench.one(Side::outbound, lookup, stump).done.verdict, bypassed);
  EXPECT_EQ(bench.one(Side::outbound, lookup, Ipv4{.payload = Bytes(8)}.build()).done.verdict, policy_miss);
  // Behind extension headers.
  Writer extended;
  extended.bytes(Bytes{17, 0, 1, 4, 0, 0, 0, 0});
  extended.bytes(upper);
  bench.cache_entry(
      Side::outbound,
      {.source = source6, .destination = destination6, .source_port = 0x1234, .destination_port = 0x5678},
      regs::policy_bypass);
  EXPECT_EQ(bench
                .one(Side::outbound, lookup,
                     Ipv6{.next_header = 0, .payload = std::move(extended).finish()}.build())
                .done.verdict,
            bypassed);
}

TEST(OutboundPolicy, BypassedPacketsPassUnchangedAtEveryLength) {
  Bench bench;
  bench.add(0, OutboundSa{});
  bench.cache_entry(Side::outbound, udp_flow(), regs::policy_bypass);
  std::vector<Bytes> expected;
  for (std::size_t size = 28; size < 300; ++size) {
    const Bytes packet = udp_packet(size);
    Bytes frame = packet;
    frame.resize(size + (size % 3 == 0 ? size % 90 : 0), 0xee);  // link padding
    bench.send(Side::outbound, lookup, frame);
    expected.push_back(packet);
    if (size % 4 == 0) {  // protected ones between them
      bench.send(Side::outbound, {.sa = 0}, packet);
      expected.push_back(OutboundSa{}.expect(packet, (size - 28) / 4 + 1));
    }
  }
  const auto results = bench.collect(Side::outbound, expected.size());
  ASSERT_EQ(results.size(), expected.size());
  std::size_t bypasses = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(to_hex(results[i].bytes), to_hex(expected[i]));
    ASSERT_EQ(results[i].done.length, expected[i].size());
    if (results[i].done.verdict == bypassed) {
      ++bypasses;
      EXPECT_EQ(results[i].done.next_hop, 0U);
    } else {
      EXPECT_EQ(results[i].done.verdict, ok);
    }
  }
  EXPECT_EQ(bypasses, 300U - 28U);
}

// Each frame fails one check and, where it can, all later ones too.
TEST(OutboundPolicy, TheFirstFailingCheckNamesTheVerdict) {
  Bench bench;
  OutboundSa used_up;
  used_up.hard_packets = 0;
  used_up.next_sequence = 0x100000000;
  used_up.lease_limit = 1;
  bench.add(1, used_up);
  used_up.hard_packets = OutboundSa::no_limit;
  bench.add(2, used_up);
  used_up.next_sequence = 0xffffffff;
  bench.add(3, used_up);
  OutboundSa transport = used_up;
  transport.hard_packets = 0;
  transport.transport = true;
  bench.add(4, transport);
  transport.encapsulation = Encapsulation{};
  bench.add(5, transport);
  transport.ipv6 = true;
  bench.add(6, transport);

  const auto verdict = [&](const SendOptions& options, Bytes packet) {
    return bench.one(Side::outbound, options, std::move(packet)).done.verdict;
  };
  const Bytes fragment = Ipv4{.fragment = 0x2000, .payload = Bytes(64)}.build();
  const Bytes window = Ipv6{.next_header = 60, .payload = Bytes{17, 2, 1, 20}}.build();
  Bytes long_extension = any_bytes(60);
  long_extension[0] = 17;
  long_extension[1] = 2;
  EXPECT_EQ(verdict({.sa = 999, .lookup = true}, Bytes(16385)), too_long);
  EXPECT_EQ(verdict({.sa = 999, .dummy = true}, Bytes(16385)), too_long);
  EXPECT_EQ(verdict({.sa = 999, .lookup = true}, Bytes(60)), header_malformed);
  EXPECT_EQ(verdict({.sa = 999, .lookup = true}, window), header_malformed);  // header ends behind the packet
  EXPECT_EQ(verdict(lookup, fragment), inner_fragment);
  EXPECT_EQ(verdict(lookup, Ipv4{.fragment = 0x0001, .payload = Bytes(64)}.build()), inner_fragment);
  EXPECT_EQ(verdict(lookup, Ipv6{.next_header = 60, .payload = long_extension}.build()), header_window);
  EXPECT_EQ(verdict(lookup, udp_packet(60)), policy_miss);
  EXPECT_EQ(verdict({.sa = 256}, fragment), sa_invalid);
  EXPECT_EQ(verdict({.sa = 256, .dummy = true}, Bytes(1)), sa_invalid);
  EXPECT_EQ(verdict({.sa = 8}, fragment), sa_invalid);
  EXPECT_EQ(verdict({.sa = 4}, fragment), inner_fragment);
  EXPECT_EQ(verdict({.sa = 4}, Ipv4{.fragment = 0x0001, .payload = Bytes(64)}.build()), inner_fragment);
  EXPECT_EQ(verdict({.sa = 4}, Ipv4{.option_words = 7, .payload = Bytes(9)}.build()), lifetime_expired);
  EXPECT_EQ(verdict({.sa = 4}, Ipv4{.option_words = 8, .payload = Bytes(9)}.build()), header_window);
  EXPECT_EQ(verdict({.sa = 5}, Ipv4{.option_words = 5, .payload = Bytes(9)}.build()), lifetime_expired);
  EXPECT_EQ(verdict({.sa = 5}, Ipv4{.option_words = 6, .payload = Bytes(9)}.build()), header_window);
  // The window comes before the family.
  EXPECT_EQ(verdict({.sa = 6}, Ipv4{.option_words = 6, .payload = Bytes(9)}.build()), header_window);
  EXPECT_EQ(verdict({.sa = 6}, Ipv4{.payload = Bytes(9)}.build()), header_malformed);
  EXPECT_EQ(verdict({.sa = 4}, Ipv6{.payload = Bytes(9)}.build()), header_malformed);
  for (const std::uint8_t next_header : std::array<std::uint8_t, 2>{0, 43}) {
    const Bytes packet = Ipv6{.next_header = next_header, .payload = Bytes{17, 0, 1, 4, 0, 0, 0, 0}}.build();
    EXPECT_EQ(verdict({.sa = 4}, packet), header_window);
    EXPECT_EQ(verdict({.sa = 6}, packet), header_window);
  }
  const auto fragmented = [](std::uint8_t offset_low) {
    return Ipv6{.next_header = 44, .payload = Bytes{17, 0, 0, offset_low, 0, 0, 0, 0}}.build();
  };
  EXPECT_EQ(verdict({.sa = 6}, fragmented(0)), header_window);  // an atomic fragment is none
  EXPECT_EQ(verdict({.sa = 6}, fragmented(1)), inner_fragment);
  EXPECT_EQ(verdict({.sa = 6}, fragmented(8)), inner_fragment);
  EXPECT_EQ(verdict({.sa = 6}, Ipv6{.next_header = 60, .payload = Bytes{17, 0, 1, 4, 0, 0, 0, 0}}.build()),
            lifetime_expired);
  EXPECT_EQ(verdict({.sa = 6, .dummy = true}, fragment), lifetime_expired);
  EXPECT_EQ(verdict({.sa = 1}, fragment), lifetime_expired);
  EXPECT_EQ(verdict({.sa = 2}, fragment), sequence_overflow);
  EXPECT_EQ(verdict({.sa = 3}, fragment), lease_exhausted);

  // Every frame has one completion and one verdict; none has come out.
  const auto counters =
      bench.snapshot(regs::snapshot_set_global_outbound, 0, regs::counter_global_count + regs::verdict_count);
  std::uint64_t verdicts = 0;
  for (std::size_t v = 0; v < regs::verdict_count; ++v) {
    verdicts += counters[regs::counter_global_count + v];
  }
  EXPECT_EQ(counters[regs::counter_global_packets_in], verdicts);
  EXPECT_EQ(counters[regs::counter_global_packets_out], 0U);
  EXPECT_EQ(counters[regs::counter_global_bytes_out], 0U);
  EXPECT_EQ(bench.events(), std::vector<Event>{});
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, 6, regs::counter_sa_outbound_count),
            (std::vector<std::uint64_t>{0, 0, 2, 0xffffffff}));
}

class OutboundLifetime : public testing::Test {
 protected:
  // Verdicts of `count` packets of 100 bytes, back to back.
  std::map<std::uint8_t, int> run(std::uint32_t row, int count) {
    for (int i = 0; i < count; ++i) {
      m_bench.send(Side::outbound, {.sa = row}, udp_packet(100));
    }
    std::map<std::uint8_t, int> verdicts;
    for (const Result& result : m_bench.collect(Side::outbound, static_cast<std::size_t>(count))) {
      ++verdicts[result.done.verdict];
    }
    return verdicts;
  }
  std::vector<std::uint64_t> counters(std::uint32_t row) {
    return m_bench.snapshot(regs::snapshot_set_sa_outbound, row, regs::counter_sa_outbound_count);
  }
  using Verdicts = std::map<std::uint8_t, int>;
  using Events = std::vector<Event>;
  Bench m_bench;
};

TEST_F(OutboundLifetime, PacketsReachTheSoftThenTheHardLimitOnce) {
  OutboundSa sa;
  sa.soft_packets = 4;
  sa.hard_packets = 7;
  m_bench.add(5, sa);
  EXPECT_EQ(run(5, 3), (Verdicts{{ok, 3}}));
  EXPECT_EQ(m_bench.events(), Events{});
  EXPECT_EQ(run(5, 1), (Verdicts{{ok, 1}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 5, .kinds = kind(regs::event_kind_soft_expired)}}));
  EXPECT_EQ(run(5, 20), (Verdicts{{ok, 3}, {lifetime_expired, 17}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 5, .kinds = kind(regs::event_kind_hard_expired)}}));
  EXPECT_EQ(counters(5), (std::vector<std::uint64_t>{7, 700, 17, 8}));
}

TEST_F(OutboundLifetime, BytesCountWhatIsCarried) {
  OutboundSa sa;
  sa.soft_bytes = 250;
  sa.hard_bytes = 301;
  m_bench.add(0, sa);
  // 100, 200, 300 (soft), 400 (hard)
  EXPECT_EQ(run(0, 10), (Verdicts{{ok, 4}, {lifetime_expired, 6}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 0, .kinds = kind(regs::event_kind_soft_expired)},
                                      {.sa = 0, .kinds = kind(regs::event_kind_hard_expired)}}));
  EXPECT_EQ(counters(0), (std::vector<std::uint64_t>{4, 400, 6, 5}));

  // A dummy packet counts its frame, the padding of the link and of TFC count nothing.
  sa.soft_bytes = 51;
  sa.hard_bytes = OutboundSa::no_limit;
  sa.tfc_bytes = 900;
  m_bench.add(1, sa);
  Bytes frame = udp_packet(28);
  frame.resize(200);
  EXPECT_EQ(m_bench.one(Side::outbound, {.sa = 1}, frame).done.verdict, ok);
  EXPECT_EQ(m_bench.one(Side::outbound, {.sa = 1, .dummy = true}, Bytes(22)).done.verdict, ok);
  EXPECT_EQ(m_bench.events(), Events{});
  EXPECT_EQ(m_bench.one(Side::outbound, {.sa = 1, .dummy = true}, Bytes(1)).done.verdict, ok);
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 1, .kinds = kind(regs::event_kind_soft_expired)}}));
  EXPECT_EQ(counters(1), (std::vector<std::uint64_t>{3, 51, 0, 4}));
}

TEST_F(OutboundLifetime, OneLimitReachedSpeaksForBoth) {
  OutboundSa sa;
  sa.soft_packets = 2;
  sa.soft_bytes = 300;
  m_bench.add(0, sa);
  EXPECT_EQ(run(0, 5), (Verdicts{{ok, 5}}));  // the bytes are the second to be reached
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 0, .kinds = kind(regs::event_kind_soft_expired)}}));
}

TEST_F(OutboundLifetime, OnePacketRaisesAllItsEventsInOneEntry) {
  OutboundSa sa;
  sa.next_sequence = 0xffffffff;
  sa.lease_low = 5;
  sa.soft_packets = 1;
  sa.hard_bytes = 100;
  m_bench.add(200, sa);
  EXPECT_EQ(run(200, 2), (Verdicts{{ok, 1}, {lifetime_expired, 1}}));
  EXPECT_EQ(
      m_bench.events(),
      (Events{{.sa = 200,
               .kinds = kind(regs::event_kind_lease_low) | kind(regs::event_kind_soft_expired) |
                        kind(regs::event_kind_hard_expired) | kind(regs::event_kind_sequence_exhausted)}}));
  sa = {};
  sa.next_sequence = 0xfffffffe;
  m_bench.add(0, sa);
  sa.esn = true;
  m_bench.add(1, sa);
  EXPECT_EQ(run(0, 3), (Verdicts{{ok, 2}, {sequence_overflow, 1}}));
  EXPECT_EQ(run(1, 3), (Verdicts{{ok, 3}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 0, .kinds = kind(regs::event_kind_sequence_exhausted)}}));
}

TEST_F(OutboundLifetime, CountersOf64BitsCarry) {
  OutboundSa sa;
  sa.esn = true;
  sa.next_sequence = 0xfffffffd;
  sa.lease_limit = 0x100000002;
  sa.lease_low = 0x100000001;
  m_bench.add(0, sa);
  EXPECT_EQ(run(0, 8), (Verdicts{{ok, 5}, {lease_exhausted, 3}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 0, .kinds = kind(regs::event_kind_lease_low)}}));
  m_bench.renew_lease(0, 0x100000004, 0);
  EXPECT_EQ(run(0, 3), (Verdicts{{ok, 2}, {lease_exhausted, 1}}));
  EXPECT_EQ(m_bench.events(), (Events{{.sa = 0, .kinds = kind(regs::event_kind_lease_low)}}));
  EXPECT_EQ(counters(0), (std::vector<std::uint64_t>{7, 700, 0, 0x100000004}));
}

// Packets of one SA meet in the decision pipeline at every distance, some of them refused.
TEST_F(OutboundLifetime, EachPacketSeesWhatTheOnesBeforeItLeft) {
  constexpr std::uint32_t rows = 5;
  constexpr std::uint64_t limit = 150;
  for (std::uint32_t row = 0; row < rows; ++row) {
    OutboundSa sa;
    sa.soft_packets = limit - 3;
    sa.hard_packets = row == 0 ? limit : OutboundSa::no_limit;
    sa.hard_bytes = row == 1 ? limit * 28 : OutboundSa::no_limit;
    sa.lease_limit = row == 2 ? limit + 1 : OutboundSa::no_limit;
    sa.next_sequence = row == 3 ? 0x100000000 - limit : 1;
    m_bench.add(row, sa);
  }
  std::array<std::uint64_t, rows> sent{};
  std::uint32_t x = 1;
  std::vector<std::uint32_t> order;
  for (std::uint32_t burst = 0; burst < 40; ++burst) {
    m_bench.core().hesitate({.seed = burst, .input_bubble = static_cast<std::uint8_t>(burst % 4 * 60)});
    for (int i = 0; i < 30; ++i) {
      x = x * 1664525 + 1013904223;
      // Runs of one row, and rows in turn.
      const std::uint32_t row = (x >> 28) < 6 && !order.empty() ? order.back() : (x >> 16) % rows;
      order.push_back(row);
      ++sent.at(row);
      m_bench.send(Side::outbound, {.sa = row}, udp_packet(28));
    }
    m_bench.core().clock(100);
  }
  const std::array<std::uint8_t, rows> refusal{lifetime_expired, lifetime_expired, lease_exhausted,
                                               sequence_overflow, 255};
  std::array<std::uint64_t, rows> done{};
  const auto results = m_bench.collect(Side::outbound, order.size());
  ASSERT_EQ(results.size(), order.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::uint32_t row = order[i];
    const std::uint64_t first = row == 3 ? 0x100000000 - limit : 1;
    if (done.at(row) < limit || row == 4) {
      ASSERT_EQ(results[i].done.verdict, ok);
      ASSERT_EQ(load_be64(results[i].bytes, 28), first + done.at(row)) << "row " << row;
      ++done.at(row);
    } else {
      ASSERT_EQ(results[i].done.verdict, refusal.at(row)) << "row " << row;
    }
  }
  for (std::uint32_t row = 0; row < rows; ++row) {
    ASSERT_GT(sent.at(row), limit + 20);
    const std::uint64_t refused = sent.at(row) - done.at(row);
    EXPECT_EQ(counters(row),
              (std::vector<std::uint64_t>{done.at(row), 28 * done.at(row), row < 2 ? refused : 0,
                                          (row == 3 ? 0x100000000 - limit : 1) + done.at(row)}));
  }
  std::map<std::uint32_t, std::uint32_t> kinds;
  const Events events = m_bench.events();
  for (const Event& event : events) {
    EXPECT_EQ(kinds[event.sa] & event.kinds, 0U);  // each kind once
    kinds[event.sa] |= event.kinds;
  }
  const std::uint32_t soft = kind(regs::event_kind_soft_expired);
  EXPECT_EQ(kinds,
            (std::map<std::uint32_t, std::uint32_t>{{0, soft | kind(regs::event_kind_hard_expired)},
                                                    {1, soft | kind(regs::event_kind_hard_expired)},
                                                    {2, soft},
                                                    {3, soft | kind(regs::event_kind_sequence_exhausted)},
                                                    {4, soft}}));
}

}  // namespace
}  // namespace espgate::sim::test
