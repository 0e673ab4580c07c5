// Tunnel mode in all four pairings of families, and the header that it builds.
#include <gtest/gtest.h>

#include "base/checksum.h"
#include "conformance.h"

namespace espgate::driver::test {
namespace {

// Where the SPI stands.
std::size_t esp_at(const OutboundSa& sa) {
  return (sa.outer_destination.is_v4() ? 20U : 40U) + (sa.encapsulation ? 8U : 0U);
}

TEST_P(HeaderConformance, EveryPairingOfFamiliesInEveryKindOfSa) {
  std::uint32_t spi = 0x5000;
  for (const bool outer6 : {false, true}) {
    for (const bool inner6 : {false, true}) {
      for (const Cipher cipher : {Cipher::aes_gcm_16, Cipher::null_aes_gmac}) {
        for (const std::size_t key : {16U, 32U}) {
          for (const bool esn : {false, true}) {
            for (const bool encapsulated : {false, true}) {
              OutboundSa out = outer6 ? outbound_sa6(++spi) : outbound_sa(++spi);
              out.cipher = cipher;
              out.key = key_of(key, static_cast<std::uint8_t>(spi));
              out.esn = esn;
              out.next_sequence = esn ? 0x3'fffffff0 : 1;
              out.lease_limit = out.next_sequence + 1000;
              out.lease_low = out.lease_limit;
              if (encapsulated) {
                out.encapsulation = UdpEncapsulation{};
              }
              InboundSa in = peer_of(out);
              in.selectors.source = IpRange::whole(inner6 ? IpFamily::v6 : IpFamily::v4);
              in.selectors.destination = in.selectors.source;
              const auto from = add(out);
              const auto to = add(in);
              std::vector<Packet> packets;
              for (std::size_t bytes = inner6 ? 40 : 20; bytes < 170; bytes += 3) {
                packets.push_back({.sa = from, .bytes = inner6 ? packet6_of(bytes) : packet_of(bytes)});
              }
              const auto sent = run(engine(), Direction::outbound, packets);
              std::vector<Packet> wire;
              for (std::size_t i = 0; i < packets.size(); ++i) {
                const std::uint64_t sequence = out.next_sequence + i;
                ASSERT_EQ(sent[i].verdict, Verdict::ok);
                ASSERT_EQ(
                    open_esp(out, sent[i].output, esp_at(out), static_cast<std::uint32_t>(sequence >> 32)),
                    with_trailer(packets[i].bytes, inner6 ? 41 : 4))
                    << "SPI " << spi << ", length " << packets[i].bytes.size();
                wire.push_back({.sa = 0, .bytes = sent[i].output});
              }
              const auto received = run(engine(), Direction::inbound, wire);
              for (std::size_t i = 0; i < packets.size(); ++i) {
                ASSERT_EQ(received[i].verdict, Verdict::ok) << "SPI " << spi << ", packet " << i;
                ASSERT_EQ(received[i].output, packets[i].bytes);
                ASSERT_EQ(received[i].sa, to);
              }
              ASSERT_TRUE(engine().remove(Direction::outbound, {from}));
              ASSERT_TRUE(engine().remove(Direction::inbound, {to}));
            }
          }
        }
      }
    }
  }
}

TEST_P(HeaderConformance, Ipv6) {
  OutboundSa sa = outbound_sa6();
  sa.hop_limit = 9;
  sa.df = DfPolicy::set;
  sa.next_hop = {2, 3, 4, 5, 6, 7};
  const Bytes inner = ipv4({.tos = 0xb9, .fragment = 0x4000, .payload = udp(1, 2, 30)});
  const Outcome outcome = protect(add(sa), inner);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.next_hop, sa.next_hop);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 40 + 16 + 58 + 2 + 16);
  EXPECT_EQ(load_be32(out), 0x6b900000U) << "version, traffic class as the inner TOS, flow label 0";
  EXPECT_EQ(load_be16(out, 4), out.size() - 40);
  EXPECT_EQ(out[6], 50);
  EXPECT_EQ(out[7], 9);
  EXPECT_TRUE(std::equal(out.begin() + 8, out.begin() + 24, sa.outer_source.bytes().begin()));
  EXPECT_TRUE(std::equal(out.begin() + 24, out.begin() + 40, sa.outer_destination.bytes().begin()));
  EXPECT_EQ(load_be32(out, 40), sa.spi);
  EXPECT_EQ(load_be64(out, 48), 1U) << "the IV";
}

TEST_P(HeaderConformance, UdpOverIpv6) {
  OutboundSa sa = outbound_sa6();
  sa.encapsulation = UdpEncapsulation{.source_port = 4500, .destination_port = 61234};
  const Outcome outcome = protect(add(sa), packet6_of(60));
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 40 + 8 + 16 + 60 + 4 + 16);
  EXPECT_EQ(out[6], 17);
  EXPECT_EQ(load_be16(out, 40), 4500);
  EXPECT_EQ(load_be16(out, 42), 61234);
  EXPECT_EQ(load_be16(out, 44), out.size() - 40);
  EXPECT_EQ(load_be16(out, 46), 0) << "no checksum";
}

TEST_P(HeaderConformance, TrafficClassIsCopiedFromIpv6OrSet) {
  const auto copying = add(outbound_sa(0x1101));
  OutboundSa fixed = outbound_sa6(0x1102);
  fixed.dscp = 46;
  const auto setting = add(fixed);
  for (unsigned traffic_class = 0; traffic_class < 256; traffic_class += 5) {
    const Bytes inner =
        ipv6({.traffic_class = static_cast<std::uint8_t>(traffic_class), .flow_label = 0xfffff});
    const Outcome copied = protect(copying, inner);
    const Outcome set = protect(setting, inner);
    ASSERT_EQ(copied.verdict, Verdict::ok);
    ASSERT_EQ(set.verdict, Verdict::ok);
    EXPECT_EQ(copied.output[1], traffic_class);
    EXPECT_EQ(load_be32(set.output), 0x60000000U | (46U << 2 | (traffic_class & 3U)) << 20U);
  }
}

TEST_P(HeaderConformance, DontFragmentAroundIpv6) {
  for (const DfPolicy policy : {DfPolicy::copy, DfPolicy::set, DfPolicy::clear}) {
    OutboundSa sa = outbound_sa();
    sa.df = policy;
    const Outcome outcome = protect(add(sa), packet6_of(60));
    ASSERT_EQ(outcome.verdict, Verdict::ok);
    EXPECT_EQ(load_be16(outcome.output, 6), policy == DfPolicy::clear ? 0 : 0x4000);
    EXPECT_EQ(internet_checksum(ByteView(outcome.output).first(20)), 0);
  }
}

TEST_P(HeaderConformance, NextHopGoesWithDeliveredPacketsOnly) {
  OutboundSa out = outbound_sa();
  out.next_hop = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
  out.lease_limit = 2;
  InboundSa in = peer_of(out);
  in.next_hop = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
  const auto from = add(out);
  add(in);
  const Outcome sent = protect(from, packet_of(40));
  EXPECT_EQ(sent.next_hop, out.next_hop);
  EXPECT_EQ(protect(from, packet_of(40)).next_hop, MacAddress{}) << "the lease is exhausted";
  EXPECT_EQ(unprotect(sent.output).next_hop, in.next_hop);
  EXPECT_EQ(unprotect(sent.output).next_hop, MacAddress{}) << "a duplicate";
}

// RFC 6040 section 4.2 with IPv6 inside, outside, or both; the table itself is checked with IPv4 in
// inbound_conformance_test.cpp.
TEST_P(HeaderConformance, EcnAcrossFamilies) {
  constexpr std::array<std::array<int, 4>, 4> expected{
      {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}}};
  std::uint32_t spi = 0x5100;
  for (const bool outer6 : {false, true}) {
    for (const bool inner6 : {false, true}) {
      InboundSa sa = outer6 ? inbound_sa6(++spi) : inbound_sa(++spi);
      sa.selectors.source = IpRange::whole(inner6 ? IpFamily::v6 : IpFamily::v4);
      sa.selectors.destination = sa.selectors.source;
      add(sa);
      std::uint64_t sequence = 0;
      for (std::uint8_t inner_ecn = 0; inner_ecn < 4; ++inner_ecn) {
        for (std::uint8_t outer_ecn = 0; outer_ecn < 4; ++outer_ecn) {
          const auto inner = [&](int ecn) {
            const auto tos = static_cast<std::uint8_t>(0xa8 | ecn);
            return inner6 ? ipv6({.traffic_class = tos, .flow_label = 0xabcde, .payload = udp(1, 2, 5)})
                          : ipv4({.tos = tos, .payload = udp(1, 2, 5)});
          };
          EspSpec spec = spec_for(sa, ++sequence, inner(inner_ecn));
          spec.outer.tos = static_cast<std::uint8_t>(0x10 | outer_ecn);
          if (outer6) {
            spec.outer6->traffic_class = spec.outer.tos;
          }
          const Outcome outcome = unprotect(esp(spec));
          const int want = expected.at(inner_ecn).at(outer_ecn);
          if (want == 9) {
            EXPECT_EQ(outcome.verdict, Verdict::ecn_dropped);
          } else {
            ASSERT_EQ(outcome.verdict, Verdict::ok);
            EXPECT_EQ(outcome.output, inner(want))
                << "inner " << int{inner_ecn} << ", outer " << int{outer_ecn};
          }
        }
      }
    }
  }
}

TEST_P(HeaderConformance, TheInnerFamilyIsWhatTheNextHeaderNames) {
  InboundSa sa = inbound_sa6();
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Bytes& inner, std::uint8_t next_header) {
    EspSpec spec = spec_for(sa, ++sequence, {});
    spec.plaintext = with_trailer(inner, next_header);
    return unprotect(esp(spec)).verdict;
  };
  EXPECT_EQ(verdict_of(packet6_of(60), 41), Verdict::ok);
  EXPECT_EQ(verdict_of(packet6_of(60), 4), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(packet_of(60), 41), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(packet_of(60), 4), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of(Bytes(39, 0x60), 41), Verdict::inner_malformed) << "shorter than a header";
  Bytes inner = packet6_of(60);
  inner[5] += 1;
  EXPECT_EQ(verdict_of(inner, 41), Verdict::inner_malformed) << "longer than the payload";
  inner[5] -= 11;
  EXPECT_EQ(verdict_of(inner, 41), Verdict::ok) << "shorter: the rest is padding";
}

}  // namespace
}  // namespace espgate::driver::test
