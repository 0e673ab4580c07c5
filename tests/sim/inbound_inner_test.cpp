// What was decrypted: GMAC, transport mode's header, inner packets of both families, selectors.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

// Packets of one SA, numbered as they are sent.
class Peer {
 public:
  explicit Peer(InboundSa sa) : m_sa(std::move(sa)), m_sequence(m_sa.replay_top) { bench.add(4, m_sa); }
  const InboundSa& sa() const { return m_sa; }
  Bytes packet(ByteView ip, std::uint8_t outer_tos = 0) { return m_sa.packet(++m_sequence, ip, outer_tos); }
  Result take(Bytes frame) { return bench.one(Side::inbound, {}, std::move(frame)); }
  std::uint8_t verdict(const Bytes& ip) { return take(packet(ip)).done.verdict; }
  // ESP whose trailer says otherwise.
  Esp esp() { return m_sa.esp(++m_sequence); }

  Bench bench;

 private:
  InboundSa m_sa;
  std::uint64_t m_sequence;
};

InboundSa transport_sa() {
  InboundSa sa;
  sa.transport = true;
  sa.outer_destination = Ipv4{}.destination;
  sa.outer_destination6 = Ipv6{}.destination;
  return sa;
}

TEST(InboundGmac, EveryByteIsAuthenticated) {
  for (const bool esn : {false, true}) {
    InboundSa sa;
    sa.gmac = true;
    sa.esn = esn;
    Peer peer(sa);
    // 64 bytes of text: with ESN the cipher sees a beat more than is delivered.
    const Bytes good = peer.packet(udp_packet(62));
    for (std::size_t at = 28; at < good.size(); ++at) {
      ASSERT_EQ(peer.take(with(good, at, good[at] ^ 0x01)).done.verdict, icv_failed) << at;
    }
    const Result result = peer.take(good);
    EXPECT_EQ(result.done.verdict, ok);
    EXPECT_EQ(to_hex(result.bytes), to_hex(udp_packet(62)));
    // Nothing is encrypted.
    EXPECT_EQ(to_hex(ByteView(good).subspan(36, 62)), to_hex(udp_packet(62)));
  }
}

// Pads of every length; in transport mode the length is known at the packet's end only.
TEST(InboundTransport, EveryPadLength) {
  for (const bool gmac_esn : {false, true}) {
    InboundSa sa = transport_sa();
    sa.gmac = sa.esn = gmac_esn;
    Peer peer(sa);
    std::vector<Bytes> expected;
    for (std::size_t size = 40; size < 40 + 70; size += 3) {
      const Bytes ip = Ipv4{.payload = any_bytes(size - 20)}.build();
      for (std::size_t pad = (2 - size % 4 + 4) % 4; pad < 256; pad += 36) {
        Esp esp = peer.esp();
        esp.next_header = 17;
        esp.padding.emplace();
        for (std::size_t i = 1; i <= pad; ++i) {
          esp.padding->push_back(static_cast<std::uint8_t>(i));
        }
        peer.bench.send(Side::inbound, {}, sa.behind_own_header(ip, esp.build(ByteView(ip).subspan(20))));
        expected.push_back(ip);
      }
    }
    const auto results = peer.bench.collect(Side::inbound, expected.size());
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(results[i].done.verdict, ok) << i;
      ASSERT_EQ(to_hex(results[i].bytes), to_hex(expected[i])) << i;
    }
  }
}

TEST(InboundTransport, AnyNextHeaderButADummy) {
  Peer peer(transport_sa());
  for (unsigned protocol = 0; protocol < 256; ++protocol) {
    const Bytes ip = Ipv4{.protocol = static_cast<std::uint8_t>(protocol), .payload = any_bytes(30)}.build();
    const Result result = peer.take(peer.packet(ip));
    ASSERT_EQ(result.done.verdict, protocol == 59 ? dummy : ok) << protocol;
    if (protocol != 59) {
      ASSERT_EQ(to_hex(result.bytes), to_hex(ip)) << protocol;
    }
  }
}

TEST(InboundTransport, EmptyPayload) {
  for (const bool v6 : {false, true}) {
    InboundSa sa = transport_sa();
    sa.ipv6 = sa.selector_ipv6 = v6;
    Peer peer(sa);
    const Bytes ip = v6 ? Ipv6{}.build() : Ipv4{}.build();
    const Result result = peer.take(peer.packet(ip));
    EXPECT_EQ(result.done.verdict, ok);
    EXPECT_EQ(to_hex(result.bytes), to_hex(ip));
  }
}

// The checksum is updated, not made anew: a wrong one stays wrong.
TEST(InboundTransport, ChecksumIsUpdated) {
  Peer peer(transport_sa());
  for (unsigned wrong = 0; wrong < 0x10000; wrong += 0x1357) {
    const Bytes ip = Ipv4{.payload = any_bytes(50)}.build();
    Bytes frame = peer.packet(ip);
    const auto sum = [](ByteView header) {
      std::uint32_t s = 0;
      for (std::size_t i = 0; i < 20; i += 2) {
        s += load_be16(header, i);
      }
      while (s > 0xffff) {
        s = (s & 0xffff) + (s >> 16);
      }
      return s;
    };
    store_be16(frame, 10, static_cast<std::uint16_t>(wrong));
    const std::uint32_t before = sum(frame);
    const Result result = peer.take(frame);
    ASSERT_EQ(result.done.verdict, ok);
    ASSERT_EQ(sum(result.bytes), before) << wrong;
  }
}

TEST(InboundTransport, SelectorsSeeTheOuterHeader) {
  InboundSa sa = transport_sa();
  sa.source_first = sa.source_last = 0x0a000001;
  sa.destination_first = sa.destination_last = Ipv4{}.destination;
  sa.protocol = 17;
  sa.source_port_first = sa.source_port_last = 0x1112;
  sa.destination_port_first = 0x2000;
  sa.destination_port_last = 0x2fff;
  Peer peer(sa);
  const Bytes ports{0x11, 0x12, 0x23, 0x45};
  EXPECT_EQ(peer.verdict(Ipv4{.payload = ports}.build()), ok);
  EXPECT_EQ(peer.verdict(Ipv4{.source = 0x0a000002, .payload = ports}.build()), selector_mismatch);
  EXPECT_EQ(peer.verdict(Ipv4{.protocol = 6, .payload = ports}.build()), selector_mismatch);
  EXPECT_EQ(peer.verdict(Ipv4{.payload = with(ports, 1, 0x13)}.build()), selector_mismatch);
  EXPECT_EQ(peer.verdict(Ipv4{.payload = with(ports, 2, 0x30)}.build()), selector_mismatch);
  EXPECT_EQ(peer.verdict(Ipv4{.payload = {0x11, 0x12, 0x23}}.build()), selector_mismatch);  // no ports
  EXPECT_EQ(peer.verdict(Ipv4{.option_words = 5, .payload = ports}.build()), ok);
}

TEST(InboundInner, TunnelsOfBothFamilies) {
  for (const bool outer_v6 : {false, true}) {
    InboundSa sa;
    sa.ipv6 = outer_v6;
    Peer peer(sa);
    // The family is that of the selectors.
    EXPECT_EQ(peer.verdict(Ipv4{.payload = Bytes(30)}.build()), ok);
    Ipv6 six;
    six.payload = any_bytes(30);
    EXPECT_EQ(peer.verdict(six.build()), selector_mismatch);
    // Next header and version must agree.
    Esp esp = peer.esp();
    esp.next_header = 41;
    EXPECT_EQ(peer.take(sa.outer(esp.build(udp_packet(60)))).done.verdict, inner_malformed);
    esp = peer.esp();
    esp.next_header = 4;
    EXPECT_EQ(peer.take(sa.outer(esp.build(six.build()))).done.verdict, inner_malformed);
  }
}

TEST(InboundInner, Ipv6MustBeWhole) {
  InboundSa sa;
  sa.selector_ipv6 = true;
  Peer peer(sa);
  Ipv6 ip;
  ip.payload = any_bytes(50);
  const Bytes good = ip.build();
  EXPECT_EQ(peer.verdict(good), ok);
  const Bytes longer = with(good, 5, 51);
  Esp esp = peer.esp();
  esp.next_header = 41;
  EXPECT_EQ(peer.take(sa.outer(esp.build(longer))).done.verdict, inner_malformed);
  EXPECT_EQ(peer.verdict(Bytes(good.begin(), good.end() - 1)), inner_malformed);
  EXPECT_EQ(peer.verdict(Bytes(good.begin(), good.begin() + 39)), inner_malformed);
  EXPECT_EQ(peer.verdict(with(good, 4, 0xff)), inner_malformed);
  Bytes padded = good;
  padded.resize(1000, 0xaa);  // traffic flow confidentiality padding
  const Result result = peer.take(peer.packet(padded));
  EXPECT_EQ(result.done.verdict, ok);
  EXPECT_EQ(to_hex(result.bytes), to_hex(good));
}

TEST(InboundInner, EcnOfIpv6) {
  constexpr std::array<std::array<int, 4>, 4> expected{
      {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}}};
  for (const bool outer_v6 : {false, true}) {
    InboundSa sa;
    sa.ipv6 = outer_v6;
    sa.selector_ipv6 = true;
    Peer peer(sa);
    for (std::uint8_t inner = 0; inner < 4; ++inner) {
      for (std::uint8_t outer = 0; outer < 4; ++outer) {
        Ipv6 ip;
        ip.flow_label = 0xfffff;
        ip.tos = static_cast<std::uint8_t>(0xa8 | inner);
        ip.payload = any_bytes(40);
        const Result result = peer.take(peer.packet(ip.build(), outer));
        const int expect = expected.at(inner).at(outer);
        ASSERT_EQ(result.done.verdict, expect < 0 ? ecn_dropped : ok);
        if (expect >= 0) {
          ip.tos = static_cast<std::uint8_t>(0xa8 | expect);
          ASSERT_EQ(to_hex(result.bytes), to_hex(ip.build()));
        }
      }
    }
  }
}

TEST(InboundInner, Ipv6SelectorsAreRangesOfWholeAddresses) {
  InboundSa sa;
  sa.selector_ipv6 = true;
  sa.source_first6 = Ipv6{}.source;
  sa.source_last6 = Ipv6{}.source;
  sa.source_last6[15] = 0x10;
  sa.destination_first6 = Ipv6{}.destination;
  sa.destination_last6 = sa.destination_first6;
  sa.destination_last6[0] = 0x21;
  Peer peer(sa);
  const auto verdict = [&](auto change) {
    Ipv6 ip;
    ip.payload = any_bytes(20);
    change(ip);
    return peer.verdict(ip.build());
  };
  EXPECT_EQ(verdict([](Ipv6&) {}), ok);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.source[15] = 0x10; }), ok);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.source[15] = 0x11; }), selector_mismatch);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.source[15] = 0; }), selector_mismatch);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.source[8] = 1; }), selector_mismatch);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.source[0] = 0x1f; }), selector_mismatch);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.destination[3] = 0xff; }), ok);
  EXPECT_EQ(verdict([](Ipv6& ip) { ip.destination[0] = 0x22; }), selector_mismatch);
}

// Ports, and what stands for them; ANY and OPAQUE.
TEST(InboundInner, PortSelectors) {
  struct Case {
    std::uint16_t first, last;
    std::uint8_t protocol;
    Bytes payload;
    std::uint8_t expect;
  };
  const Bytes rest(8, 0x55);
  const auto starts = [&](Bytes head) {
    head.insert(head.end(), rest.begin(), rest.end());
    return head;
  };
  const std::vector<Case> cases{
      {8 << 8, 8 << 8, 1, starts({8, 0, 0, 0}), ok},
      {8 << 8, 8 << 8, 1, starts({8, 1, 0, 0}), selector_mismatch},
      {8 << 8, 8 << 8 | 255, 1, starts({8, 77, 0, 0}), ok},
      {8 << 8, 8 << 8, 1, {8, 0}, ok},
      {8 << 8, 8 << 8, 1, {8}, selector_mismatch},
      {128 << 8, 129 << 8, 58, starts({129, 0, 0, 0}), ok},
      {128 << 8, 129 << 8, 58, starts({130, 0, 0, 0}), selector_mismatch},
      {5 << 8, 5 << 8, 135, starts({9, 9, 5, 9}), ok},
      {5 << 8, 5 << 8, 135, {9, 9, 5}, ok},
      {5 << 8, 5 << 8, 135, {9, 9}, selector_mismatch},
      {5 << 8, 5 << 8, 135, starts({9, 9, 6, 9}), selector_mismatch},
      {65535, 0, 47, starts({1, 2, 3, 4}), ok},  // OPAQUE
      {65535, 0, 17, {1, 2, 3}, ok},
      {65535, 0, 17, starts({1, 2, 3, 4}), selector_mismatch},
      {0, 65535, 17, {}, ok},
      {0, 65534, 17, {}, selector_mismatch},
      {0x0102, 0x0102, 132, starts({1, 2, 1, 2}), ok},
      {0x0102, 0x0102, 33, starts({1, 2, 1, 3}), selector_mismatch},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    InboundSa sa;
    sa.source_port_first = sa.destination_port_first = c.first;
    sa.source_port_last = sa.destination_port_last = c.last;
    Peer tunnel(sa);
    EXPECT_EQ(tunnel.verdict(Ipv4{.protocol = c.protocol, .payload = c.payload}.build()), c.expect) << i;
    InboundSa own = transport_sa();
    own.source_port_first = own.destination_port_first = c.first;
    own.source_port_last = own.destination_port_last = c.last;
    Peer transport(own);
    EXPECT_EQ(transport.verdict(Ipv4{.protocol = c.protocol, .payload = c.payload}.build()), c.expect) << i;
  }
}

TEST(InboundInner, SelectorsThatNeedMoreThanTheWindow) {
  Ipv6 far;
  far.next_header = 60;
  far.payload = Bytes(40);
  far.payload[0] = 17;
  far.payload[1] = 3;  // 32 bytes: UDP stands at 72
  Ipv6 unknown = far;
  unknown.payload[0] = 0;  // another header there
  Ipv6 known = far;
  known.payload[0] = 47;
  InboundSa sa;
  sa.selector_ipv6 = true;
  Peer any(sa);
  for (const Ipv6& ip : {far, unknown, known}) {
    EXPECT_EQ(any.verdict(ip.build()), ok);
  }
  sa.protocol = 17;
  Peer udp(sa);
  EXPECT_EQ(udp.verdict(far.build()), inner_window);
  EXPECT_EQ(udp.verdict(unknown.build()), inner_window);
  EXPECT_EQ(udp.verdict(known.build()), selector_mismatch);
  sa.protocol.reset();
  sa.destination_port_last = 1000;
  Peer ports(sa);
  EXPECT_EQ(ports.verdict(far.build()), inner_window);
  EXPECT_EQ(ports.verdict(unknown.build()), inner_window);
  EXPECT_EQ(ports.verdict(known.build()), selector_mismatch);
  const auto counters =
      ports.bench.snapshot(regs::snapshot_set_sa_inbound, 4, regs::counter_sa_inbound_count);
  EXPECT_EQ(counters[regs::counter_sa_inbound_selector_mismatch], 1U);  // inner_window is not counted there
  // A later fragment has no ports to see.
  InboundSa four;
  four.protocol = 17;
  Peer fragment(four);
  EXPECT_EQ(fragment.verdict(Ipv4{.fragment = 0x2005, .payload = Bytes(20)}.build()), ok);
}

// Verdicts of the last checks in their order: each packet fails one and all later ones that it can.
TEST(InboundInner, TheFirstFailingCheckIsNamed) {
  InboundSa sa;
  sa.source_first = sa.source_last = 1;
  Peer peer(sa);
  const auto sealed = [&](auto change, const Bytes& payload) {
    Esp esp = peer.esp();
    change(esp);
    return peer.take(sa.outer(esp.build(payload), 3)).done.verdict;
  };
  const Bytes inner = Ipv4{.payload = Bytes(22)}.build();
  EXPECT_EQ(sealed([](Esp& esp) { esp.next_header = 59, esp.padding = Bytes{2, 2, 2, 2}; }, inner),
            padding_malformed);
  EXPECT_EQ(sealed([](Esp& esp) { esp.next_header = 59; }, inner), dummy);
  EXPECT_EQ(sealed([](Esp& esp) { esp.next_header = 6; }, inner), next_header_unsupported);
  EXPECT_EQ(sealed([](Esp&) {}, with(inner, 0, 0x44)), inner_malformed);
  EXPECT_EQ(sealed([](Esp&) {}, inner), selector_mismatch);
  InboundSa open;
  Peer other(open);
  EXPECT_EQ(other.take(other.packet(inner, 3)).done.verdict, ecn_dropped);
}

}  // namespace
}  // namespace espgate::sim::test
