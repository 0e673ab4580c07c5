// Outer headers of inbound packets: both families, options, extension headers, UDP; every verdict of the
// first nine checks, in their order.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

Bytes joined(Bytes first, ByteView second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

class InboundHeader : public testing::Test {
 protected:
  InboundHeader() {
    six.spi = 0x2001;
    six.ipv6 = true;
    udp.spi = 0x2002;
    udp.encapsulated = true;
    udp6.spi = 0x2003;
    udp6.ipv6 = true;
    udp6.encapsulated = true;
    bench.add(0, four, 0);
    bench.add(1, six, 1);
    bench.add(2, udp, 2);
    bench.add(3, udp6, 3);
  }
  std::uint8_t verdict(Bytes frame) { return bench.one(Side::inbound, {}, std::move(frame)).done.verdict; }
  Bytes esp(const InboundSa& sa) { return sa.esp(++sequence).build(udp_packet(60)); }
  // An IPv6 packet to the SAs' destination.
  static Ipv6 outer6(std::uint8_t next_header, Bytes payload) {
    Ipv6 ip;
    ip.next_header = next_header;
    ip.destination = InboundSa{}.outer_destination6;
    ip.payload = std::move(payload);
    return ip;
  }
  // A UDP datagram to `port`; `length` 0: the right one.
  static Bytes datagram(std::uint16_t port, ByteView payload, std::uint16_t length = 0) {
    const auto size = length == 0 ? static_cast<std::uint16_t>(8 + payload.size()) : length;
    return joined({0x82, 0x35, static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port),
                   static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), 0, 0},
                  payload);
  }
  static Bytes options4(std::size_t words, std::uint8_t protocol, Bytes payload) {
    return Ipv4{.protocol = protocol,
                .destination = InboundSa{}.outer_destination,
                .option_words = words,
                .payload = std::move(payload)}
        .build();
  }

  Bench bench;
  InboundSa four, six, udp, udp6;
  std::uint64_t sequence = 0;
};

TEST_F(InboundHeader, TheFamilyIsTheSas) {
  EXPECT_EQ(verdict(six.outer(esp(six))), ok);
  InboundSa wrong = six;
  wrong.ipv6 = false;
  EXPECT_EQ(verdict(wrong.outer(esp(six))), destination_mismatch);
  wrong = four;
  wrong.ipv6 = true;
  EXPECT_EQ(verdict(wrong.outer(esp(four))), destination_mismatch);
  wrong.outer_destination6 = {};
  for (std::size_t i = 0; i < 4; ++i) {  // the same bits in the low half
    wrong.outer_destination6[12 + i] = static_cast<std::uint8_t>(four.outer_destination >> (24 - 8 * i));
  }
  EXPECT_EQ(verdict(wrong.outer(esp(four))), destination_mismatch);
  for (const std::size_t at : {24U, 31U, 35U, 39U}) {
    const Bytes good = six.outer(esp(six));
    EXPECT_EQ(verdict(with(good, at, good[at] ^ 0x10)), destination_mismatch) << at;
  }
  wrong = six;
  wrong.encapsulated = true;
  EXPECT_EQ(verdict(wrong.outer(esp(six))), encapsulation_mismatch);
  wrong = udp6;
  wrong.encapsulated = false;
  EXPECT_EQ(verdict(wrong.outer(esp(udp6))), encapsulation_mismatch);
  EXPECT_EQ(verdict(udp6.outer(esp(udp6))), ok);
}

TEST_F(InboundHeader, Ipv6LengthsMustFit) {
  const Bytes good = six.outer(esp(six));
  EXPECT_EQ(verdict(Bytes(good.begin(), good.end() - 1)), header_malformed);
  EXPECT_EQ(verdict(Bytes(good.begin(), good.begin() + 39)), header_malformed);
  EXPECT_EQ(verdict(with(good, 4, 0xff)), header_malformed);
  EXPECT_EQ(verdict(with(good, 0, 0x70)), header_malformed);
  EXPECT_EQ(verdict(joined(good, Bytes(77))), ok);  // link padding
  Ipv6 jumbo = outer6(0, {});
  EXPECT_EQ(verdict(jumbo.build()), header_malformed);
}

TEST_F(InboundHeader, ExtensionHeadersInFrontOfEspGoToTheHost) {
  const Bytes options{50, 0, 1, 4, 0, 0, 0, 0};
  for (const std::uint8_t type : {std::uint8_t{0}, std::uint8_t{43}, std::uint8_t{60}}) {
    EXPECT_EQ(verdict(outer6(type, joined(options, esp(six))).build()), header_window) << int{type};
  }
  // An atomic fragment is no fragment (RFC 6946), but a header in front of ESP.
  EXPECT_EQ(verdict(outer6(44, joined({50, 0, 0, 0, 1, 2, 3, 4}, esp(six))).build()), header_window);
  EXPECT_EQ(verdict(outer6(44, joined({50, 0, 0, 1, 1, 2, 3, 4}, esp(six))).build()), outer_fragment);
  EXPECT_EQ(verdict(outer6(44, joined({50, 0, 0, 8, 1, 2, 3, 4}, esp(six))).build()), outer_fragment);
  // UDP behind one.
  const Bytes to_udp{17, 0, 1, 4, 0, 0, 0, 0};
  EXPECT_EQ(verdict(outer6(0, joined(to_udp, datagram(4500, esp(udp6)))).build()), header_window);
  EXPECT_EQ(verdict(outer6(0, joined(to_udp, datagram(4501, esp(udp6)))).build()), not_esp);
  // Beyond the window: a header of 32 bytes, then UDP, whole or not.
  Bytes far(32);
  far[0] = 17;
  far[1] = 3;
  EXPECT_EQ(verdict(outer6(60, joined(far, datagram(500, Bytes(30)))).build()), header_window);
  EXPECT_EQ(verdict(outer6(60, joined(far, Bytes(8))).build()), header_window);
  EXPECT_EQ(verdict(outer6(60, joined(far, Bytes(7))).build()), header_malformed);
  EXPECT_EQ(verdict(outer6(60, joined(far, Bytes(3))).build()), header_malformed);
  far[0] = 0;  // another one there: the protocol is not known
  EXPECT_EQ(verdict(outer6(60, joined(far, Bytes(8))).build()), header_window);
  far[0] = 58;
  EXPECT_EQ(verdict(outer6(60, joined(far, Bytes(8))).build()), not_esp);
}

TEST_F(InboundHeader, UdpIsCheckedFromTheFront) {
  const Bytes good = datagram(4500, esp(udp));
  EXPECT_EQ(verdict(options4(0, 17, Bytes(7))), header_malformed);
  EXPECT_EQ(verdict(options4(0, 17, datagram(500, {}))), not_esp);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, {}, 9))), header_malformed);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, {}))), not_esp);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, Bytes{0xff}))), not_esp);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, Bytes(100)))), not_esp);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, Bytes(100), 107))), header_malformed);
  EXPECT_EQ(verdict(options4(0, 17, datagram(4500, Bytes{1, 2, 3, 4}))), esp_malformed);
  // Offsets of the upper layer at which one more field lies outside the window.
  EXPECT_EQ(verdict(options4(5, 17, good)), ok);
  EXPECT_EQ(verdict(options4(6, 17, datagram(4500, esp(udp)))), header_window);  // ESP header
  EXPECT_EQ(verdict(options4(8, 17, datagram(4500, Bytes(40)))), not_esp);       // marker: seen
  EXPECT_EQ(verdict(options4(9, 17, datagram(4500, Bytes(40)))), header_window);
  EXPECT_EQ(verdict(options4(9, 17, datagram(4500, Bytes(40), 47))), header_malformed);  // length: seen
  EXPECT_EQ(verdict(options4(9, 17, datagram(4500, Bytes(3)))), not_esp);
  EXPECT_EQ(verdict(options4(10, 17, datagram(4500, Bytes(40), 47))), header_window);
  EXPECT_EQ(verdict(options4(10, 17, datagram(500, Bytes(40)))), not_esp);  // ports: seen
  EXPECT_EQ(verdict(options4(10, 17, Bytes(7))), header_malformed);
}

TEST_F(InboundHeader, OptionsMoveEsp) {
  for (std::size_t words = 0; words <= 10; ++words) {
    EXPECT_EQ(verdict(options4(words, 50, esp(four))), words <= 7 ? ok : header_window) << words;
  }
}

TEST_F(InboundHeader, EspLengths) {
  for (const InboundSa* sa : {&four, &six, &udp, &udp6}) {
    for (std::size_t size = 4; size < 44; ++size) {
      Bytes bytes = esp(*sa);
      bytes.resize(size);
      EXPECT_EQ(verdict(sa->outer(bytes)), size < 36 || size % 4 != 0 ? esp_malformed : icv_failed) << size;
    }
  }
}

TEST_F(InboundHeader, TheFirstFailingCheckIsNamed) {
  // Each packet fails that check and all later ones that it can.
  Bytes frame(16385);
  EXPECT_EQ(verdict(frame), too_long);
  Ipv4 ip{.fragment = 0x2000, .protocol = 50, .payload = Bytes(3)};
  EXPECT_EQ(verdict(with(ip.build(), 3, 60)), header_malformed);
  EXPECT_EQ(verdict(ip.build()), outer_fragment);
  ip.fragment = 0;
  EXPECT_EQ(verdict(ip.build()), esp_malformed);
  ip.option_words = 10;
  EXPECT_EQ(verdict(ip.build()), header_window);
  ip.option_words = 0;
  ip.payload = Bytes(36, 0xee);
  EXPECT_EQ(verdict(ip.build()), unknown_spi);
  Bytes bytes = esp(udp);
  bytes.back() ^= 1;
  ip.payload = bytes;
  EXPECT_EQ(verdict(ip.build()), destination_mismatch);
  ip.destination = udp.outer_destination;
  EXPECT_EQ(verdict(ip.build()), encapsulation_mismatch);
  EXPECT_EQ(verdict(udp.outer(bytes)), icv_failed);
}

}  // namespace
}  // namespace espgate::sim::test
