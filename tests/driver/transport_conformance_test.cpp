#include <gtest/gtest.h>

#include "base/checksum.h"
#include "conformance.h"

namespace espgate::driver::test {
namespace {

OutboundSa transport(OutboundSa sa) {
  sa.mode = Mode::transport;
  return sa;
}
InboundSa transport(InboundSa sa) {
  sa.mode = Mode::transport;
  return sa;
}

// A packet that `sa` delivers, around an upper layer.
EspSpec around(const InboundSa& sa, std::uint64_t sequence, ByteView upper, std::uint8_t protocol) {
  EspSpec spec = spec_for(sa, sequence, {});
  spec.plaintext = with_trailer(upper, protocol);
  return spec;
}

TEST_P(TransportConformance, Ipv4KeepsItsHeader) {
  const OutboundSa sa = transport(outbound_sa());
  const Bytes packet = ipv4({.tos = 0xb9,
                             .identification = 0x1234,
                             .fragment = 0x4000,
                             .hop_limit = 33,
                             .protocol = 6,
                             .option_words = 2,
                             .payload = udp(1, 2, 30)});
  const Outcome outcome = protect(add(sa), packet);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 28 + 16 + 40 + 16);
  Bytes header(packet.begin(), packet.begin() + 28);
  store_be16(header, 2, static_cast<std::uint16_t>(out.size()));
  header[9] = 50;
  fix_checksum(header);
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 28), header);
  EXPECT_EQ(open_esp(sa, out, 28, 0), with_trailer(ByteView(packet).subspan(28), 6));
}

TEST_P(TransportConformance, Ipv4GetsARightChecksumWhateverItHad) {
  const OutboundSa sa = transport(outbound_sa());
  Bytes packet = packet_of(60);
  packet[10] ^= 0x5a;
  const Outcome outcome = protect(add(sa), packet);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(internet_checksum(ByteView(outcome.output).first(20)), 0);
}

TEST_P(TransportConformance, Ipv6KeepsItsHeaderAndTakesDestinationOptionsAlong) {
  const OutboundSa sa = transport(outbound_sa6());
  const Ipv6Spec spec{.traffic_class = 0xb9,
                      .flow_label = 0x54321,
                      .hop_limit = 33,
                      .protocol = 6,
                      .extensions = {{.type = 60, .units = 2}},
                      .payload = udp(1, 2, 30)};
  const Bytes packet = ipv6(spec);
  const Outcome outcome = protect(add(sa), packet);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 40 + 16 + 56 + 16);
  Bytes header(packet.begin(), packet.begin() + 40);
  store_be16(header, 4, static_cast<std::uint16_t>(out.size() - 40));
  header[6] = 50;
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 40), header);
  EXPECT_EQ(open_esp(sa, out, 40, 0), with_trailer(ByteView(packet).subspan(40), 60));
}

TEST_P(TransportConformance, EveryKindOfSaAndEveryLengthModuloTheBeat) {
  std::uint32_t spi = 0x6000;
  for (const bool ipv6_outside : {false, true}) {
    for (const Cipher cipher : {Cipher::aes_gcm_16, Cipher::null_aes_gmac}) {
      for (const bool esn : {false, true}) {
        for (const bool encapsulated : {false, true}) {
          OutboundSa out = transport(ipv6_outside ? outbound_sa6(++spi) : outbound_sa(++spi));
          out.cipher = cipher;
          out.esn = esn;
          if (encapsulated) {
            out.encapsulation = UdpEncapsulation{};
          }
          out.outer_destination =
              ipv6_outside ? *IpAddress::parse("2001:db8:2::7") : IpAddress::v4(0x0a020007);
          const auto from = add(out);
          const auto to = add(peer_of(out));
          std::vector<Packet> packets;
          for (std::size_t bytes = ipv6_outside ? 40 : 20; bytes < 170; ++bytes) {
            packets.push_back({.sa = from, .bytes = ipv6_outside ? packet6_of(bytes) : packet_of(bytes)});
          }
          std::vector<Packet> wire;
          for (const Outcome& sent : run(engine(), Direction::outbound, packets)) {
            ASSERT_EQ(sent.verdict, Verdict::ok);
            wire.push_back({.sa = 0, .bytes = sent.output});
          }
          const auto received = run(engine(), Direction::inbound, wire);
          std::uint64_t bytes = 0;
          for (std::size_t i = 0; i < packets.size(); ++i) {
            ASSERT_EQ(received[i].verdict, Verdict::ok) << "SPI " << spi << ", packet " << i;
            ASSERT_EQ(received[i].output, packets[i].bytes) << "SPI " << spi << ", packet " << i;
            bytes += packets[i].bytes.size();
          }
          EXPECT_EQ(outbound_counters(from).bytes, bytes) << "header included";
          EXPECT_EQ(inbound_counters(to).bytes, bytes);
        }
      }
    }
  }
}

TEST_P(TransportConformance, FragmentsAndHeadersThatTheEngineCannotHandleGoToTheHost) {
  const auto v4 = add(transport(outbound_sa(0x1201)));
  OutboundSa encapsulating = transport(outbound_sa(0x1202));
  encapsulating.encapsulation = UdpEncapsulation{};
  const auto udp4 = add(encapsulating);
  const auto v6 = add(transport(outbound_sa6(0x1203)));
  for (const std::uint16_t fragment : std::initializer_list<std::uint16_t>{0x2000, 0x0001}) {
    EXPECT_EQ(protect(v4, ipv4({.fragment = fragment, .payload = Bytes(8)})).verdict,
              Verdict::inner_fragment);
  }
  EXPECT_EQ(protect(v6, ipv6({.extensions = {{.type = 44, .fragment = 1}}, .payload = Bytes(8)})).verdict,
            Verdict::inner_fragment);
  EXPECT_EQ(protect(v6, ipv6({.extensions = {{.type = 60}, {.type = 44, .fragment = 8}}})).verdict,
            Verdict::inner_fragment);
  for (std::size_t words = 0; words <= 10; ++words) {
    const Bytes packet = ipv4({.option_words = words, .payload = udp(1, 2, 9)});
    EXPECT_EQ(protect(v4, packet).verdict, words <= 7 ? Verdict::ok : Verdict::header_window) << words;
    EXPECT_EQ(protect(udp4, packet).verdict, words <= 5 ? Verdict::ok : Verdict::header_window) << words;
    EXPECT_EQ(protect(v6, packet).verdict, words <= 7 ? Verdict::header_malformed : Verdict::header_window)
        << "the family comes after the window";
  }
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 43, 44}) {
    EXPECT_EQ(protect(v6, ipv6({.extensions = {{.type = type}}, .payload = udp(1, 2, 9)})).verdict,
              Verdict::header_window)
        << int{type};
  }
  EXPECT_EQ(protect(v6, ipv6({.extensions = {{.type = 60}, {.type = 0}}, .payload = udp(1, 2, 9)})).verdict,
            Verdict::ok)
      << "only the first of the chain counts";
  EXPECT_EQ(protect(v4, packet6_of(60)).verdict, Verdict::header_malformed) << "the SA's family";
  EXPECT_EQ(outbound_counters(v4).next_sequence, 9U) << "dropped packets take no number";
}

TEST_P(TransportConformance, DeliversTheOuterHeaderWithItsOptionsAndItsMistakes) {
  const InboundSa sa = transport(inbound_sa());
  add(sa);
  EspSpec spec = around(sa, 1, udp(7, 8, 20), 17);
  spec.outer.tos = 0xb7;
  spec.outer.identification = 0x4321;
  spec.outer.option_words = 3;
  Bytes packet = esp(spec);
  Bytes expected = ipv4({.tos = 0xb7,
                         .identification = 0x4321,
                         .protocol = 17,
                         .source = spec.outer.source,
                         .destination = spec.outer.destination,
                         .option_words = 3,
                         .payload = udp(7, 8, 20)});
  EXPECT_EQ(unprotect(packet).output, expected);
  // A checksum that was wrong stays wrong by as much: it is updated, not computed anew.
  spec.sequence = 2;
  packet = esp(spec);
  const auto off = [](std::uint16_t checksum) { return static_cast<std::uint16_t>(checksum ^ 0x0100); };
  store_be16(packet, 10, off(load_be16(packet, 10)));
  const Outcome outcome = unprotect(packet);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(internet_checksum(ByteView(outcome.output).first(32)),
            internet_checksum(ByteView(packet).first(32)));
  EXPECT_NE(internet_checksum(ByteView(packet).first(32)), 0);
}

TEST_P(TransportConformance, SelectorsSeeTheOuterAddressesAndTheNextHeader) {
  InboundSa sa = transport(inbound_sa());
  sa.selectors.source = *IpRange::parse("192.0.2.2");
  sa.selectors.destination = *IpRange::parse("192.0.2.1");
  sa.selectors.protocol = 17;
  sa.selectors.destination_port_first = 53;
  sa.selectors.destination_port_last = 53;
  const auto index = add(sa);
  std::uint64_t sequence = 0;
  EXPECT_EQ(unprotect(esp(around(sa, ++sequence, udp(9, 53, 4), 17))).verdict, Verdict::ok);
  EXPECT_EQ(unprotect(esp(around(sa, ++sequence, udp(9, 54, 4), 17))).verdict, Verdict::selector_mismatch);
  EXPECT_EQ(unprotect(esp(around(sa, ++sequence, udp(9, 53, 4), 6))).verdict, Verdict::selector_mismatch);
  EXPECT_EQ(unprotect(esp(around(sa, ++sequence, Bytes{0, 9, 0}, 17))).verdict, Verdict::selector_mismatch);
  EspSpec other = around(sa, ++sequence, udp(9, 53, 4), 17);
  other.outer.source += 1;
  EXPECT_EQ(unprotect(esp(other)).verdict, Verdict::selector_mismatch);
  EXPECT_EQ(inbound_counters(index).selector_mismatch, 4U);
}

TEST_P(TransportConformance, NextHeadersAreProtocolsOnly) {
  const InboundSa v4 = transport(inbound_sa());
  const InboundSa v6 = transport(inbound_sa6());
  add(v4);
  add(v6);
  std::uint64_t sequence = 0;
  // An IPv6 extension header is not walked, and what looks like a tunnelled packet is not unpacked.
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{0, 4, 6, 41, 43, 44, 50, 60, 255}) {
    ++sequence;
    const Bytes upper = packet6_of(60);
    const Outcome four = unprotect(esp(around(v4, sequence, upper, protocol)));
    ASSERT_EQ(four.verdict, Verdict::ok) << int{protocol};
    EXPECT_EQ(
        four.output,
        ipv4({.protocol = protocol, .source = 0xc0000202, .destination = 0xc0000201, .payload = upper}));
    const Outcome six = unprotect(esp(around(v6, sequence, upper, protocol)));
    ASSERT_EQ(six.verdict, Verdict::ok) << int{protocol};
    Bytes expected = ipv6({.protocol = protocol,
                           .source = *IpAddress::parse("2001:db8::2"),
                           .destination = *IpAddress::parse("2001:db8::1"),
                           .payload = upper});
    EXPECT_EQ(six.output, expected);
  }
  EXPECT_EQ(unprotect(esp(around(v4, ++sequence, Bytes(30), 59))).verdict, Verdict::dummy);
  const Outcome empty = unprotect(esp(around(v4, ++sequence, {}, 253)));
  EXPECT_EQ(empty.verdict, Verdict::ok);
  EXPECT_EQ(empty.output.size(), 20U) << "a header and nothing behind it";
}

}  // namespace
}  // namespace espgate::driver::test
