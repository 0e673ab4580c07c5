// Parsing of IP packets, seen through a look-up that finds nothing: policy_miss is a packet that was
// understood.
#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

Bytes truncated(Bytes packet, std::size_t bytes) {
  packet.resize(bytes);
  return packet;
}
Bytes changed(Bytes packet, std::size_t at, std::uint8_t value) {
  packet[at] = value;
  return packet;
}

TEST_P(ParseConformance, Ipv4Lengths) {
  const Bytes good = packet_of(44);
  EXPECT_EQ(look_up(good).verdict, Verdict::policy_miss);
  EXPECT_EQ(look_up(truncated(good, 43)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(truncated(good, 100)).verdict, Verdict::policy_miss) << "padding of the link";
  EXPECT_EQ(look_up(changed(good, 0, 0x44)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(changed(good, 0, 0x4c)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(changed(good, 0, 0x4b)).verdict, Verdict::policy_miss);
  EXPECT_EQ(look_up(changed(good, 3, 19)).verdict, Verdict::header_malformed);
}

TEST_P(ParseConformance, OtherVersions) {
  for (const unsigned version : {0U, 1U, 5U, 7U, 15U}) {
    EXPECT_EQ(look_up(changed(packet6_of(60), 0, static_cast<std::uint8_t>(version << 4U))).verdict,
              Verdict::header_malformed)
        << version;
  }
}

TEST_P(ParseConformance, Ipv6Lengths) {
  const Bytes good = packet6_of(60);
  EXPECT_EQ(look_up(good).verdict, Verdict::policy_miss);
  EXPECT_EQ(look_up(truncated(good, 59)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(truncated(good, 39)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(truncated(good, 1)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(truncated(good, 61)).verdict, Verdict::policy_miss);
  EXPECT_EQ(look_up(changed(good, 5, 21)).verdict, Verdict::header_malformed);
  EXPECT_EQ(look_up(packet6_of(40)).verdict, Verdict::policy_miss) << "nothing behind the header";
  EXPECT_EQ(look_up(changed(packet6_of(40), 6, 0)).verdict, Verdict::header_malformed) << "a jumbogram";
  EXPECT_EQ(look_up(changed(packet6_of(40), 6, 60)).verdict, Verdict::header_malformed)
      << "an extension header that is not there";
}

TEST_P(ParseConformance, ExtensionHeaders) {
  const Bytes payload = udp(1, 2, 20);
  const auto verdict_of = [&](std::vector<ExtensionSpec> extensions, std::uint8_t protocol = 17) {
    return look_up(ipv6({.protocol = protocol, .extensions = std::move(extensions), .payload = payload}))
        .verdict;
  };
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 43, 60, 44}) {
    EXPECT_EQ(verdict_of({{.type = type}}), Verdict::policy_miss) << int{type};
  }
  EXPECT_EQ(verdict_of({{.type = 0}, {.type = 60}}), Verdict::policy_miss) << "ports at 56 to 59";
  EXPECT_EQ(verdict_of({{.type = 0, .units = 2}}), Verdict::policy_miss);
  EXPECT_EQ(verdict_of({{.type = 0}, {.type = 60}, {.type = 43}}), Verdict::header_window)
      << "ports at 64 and beyond";
  EXPECT_EQ(verdict_of({{.type = 0, .units = 3}}), Verdict::header_window);
  EXPECT_EQ(verdict_of({{.type = 0, .units = 3}}, 47), Verdict::policy_miss) << "no ports to be seen";
  EXPECT_EQ(verdict_of({{.type = 0, .units = 3}}, 59), Verdict::policy_miss);
  EXPECT_EQ(verdict_of({{.type = 0}, {.type = 60}, {.type = 43}, {.type = 60}}, 47), Verdict::header_window)
      << "the fourth header is beyond the window";
  EXPECT_EQ(verdict_of({{.type = 0, .units = 4}, {.type = 60}}, 47), Verdict::header_window);
  // These end the walk, and are protocols without ports.
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{50, 51, 59, 139}) {
    EXPECT_EQ(verdict_of({{.type = 0}}, protocol), Verdict::policy_miss) << int{protocol};
  }
}

TEST_P(ParseConformance, ExtensionHeadersThatDoNotFitThePacket) {
  // Without payload, the last header ends the packet.
  const auto verdict_of = [&](std::vector<ExtensionSpec> extensions, std::size_t longer = 0) {
    Bytes packet = ipv6({.protocol = 47, .extensions = std::move(extensions), .payload = {}});
    packet[41] = static_cast<std::uint8_t>(packet[41] + longer);
    return look_up(packet).verdict;
  };
  EXPECT_EQ(verdict_of({{.type = 60}}), Verdict::policy_miss);
  EXPECT_EQ(verdict_of({{.type = 60}}, 1), Verdict::header_malformed);
  EXPECT_EQ(verdict_of({{.type = 60, .units = 2}}), Verdict::policy_miss);
  EXPECT_EQ(verdict_of({{.type = 60, .units = 30}}), Verdict::policy_miss) << "its end lies far behind";
  EXPECT_EQ(verdict_of({{.type = 60, .units = 30}}, 1), Verdict::header_malformed);
  EXPECT_EQ(verdict_of({{.type = 60, .units = 30}}, 200), Verdict::header_malformed);
  // The next header byte asks for one more header than there is room for.
  Bytes packet = ipv6({.protocol = 60, .extensions = {{.type = 0}}, .payload = Bytes(7)});
  EXPECT_EQ(look_up(packet).verdict, Verdict::header_malformed);
  packet = ipv6({.protocol = 60, .extensions = {{.type = 0, .units = 3}}, .payload = Bytes(7)});
  EXPECT_EQ(look_up(packet).verdict, Verdict::header_malformed) << "also where it cannot be seen";
  packet = ipv6({.protocol = 60, .extensions = {{.type = 0, .units = 3}}, .payload = Bytes(8)});
  EXPECT_EQ(look_up(packet).verdict, Verdict::header_window);
}

TEST_P(ParseConformance, Fragments) {
  const Bytes payload = udp(1, 2, 20);
  const auto verdict_of = [&](std::vector<ExtensionSpec> extensions) {
    return look_up(ipv6({.extensions = std::move(extensions), .payload = payload})).verdict;
  };
  EXPECT_EQ(verdict_of({{.type = 44, .fragment = 0}}), Verdict::policy_miss) << "an atomic fragment is none";
  EXPECT_EQ(verdict_of({{.type = 44, .fragment = 6}}), Verdict::policy_miss) << "the reserved bits";
  EXPECT_EQ(verdict_of({{.type = 44, .fragment = 1}}), Verdict::inner_fragment);
  EXPECT_EQ(verdict_of({{.type = 44, .fragment = 8}}), Verdict::inner_fragment);
  EXPECT_EQ(verdict_of({{.type = 0}, {.type = 44, .fragment = 0xfff8}}), Verdict::inner_fragment);
  EXPECT_EQ(verdict_of({{.type = 44, .fragment = 1}, {.type = 60, .units = 3}}), Verdict::inner_fragment)
      << "the fragment is judged before the window";
  for (const std::uint16_t fragment : std::initializer_list<std::uint16_t>{0x2000, 0x0001, 0x1fff}) {
    EXPECT_EQ(look_up(ipv4({.fragment = fragment, .payload = payload})).verdict, Verdict::inner_fragment);
  }
  EXPECT_EQ(look_up(ipv4({.fragment = 0xc000, .payload = payload})).verdict, Verdict::policy_miss);
}

// A later fragment ends the walk: what stands behind it is no header.
TEST_P(ParseConformance, BehindALaterFragmentNothingIsAHeader) {
  const auto index = add(outbound_sa());
  Bytes packet =
      ipv6({.protocol = 60, .extensions = {{.type = 44, .fragment = 8}}, .payload = Bytes(3, 0xff)});
  EXPECT_EQ(protect(index, packet).verdict, Verdict::ok);
  packet = ipv6({.protocol = 60, .extensions = {{.type = 44, .fragment = 1}}, .payload = Bytes(3, 0xff)});
  EXPECT_EQ(protect(index, packet).verdict, Verdict::header_malformed) << "behind a first one it is";
}

TEST_P(ParseConformance, OuterHeadersOfIpv6) {
  InboundSa sa = inbound_sa6();
  add(sa);
  InboundSa encapsulated = inbound_sa6(0x2007);
  encapsulated.encapsulated = true;
  add(encapsulated);
  EXPECT_EQ(unprotect(esp_for(sa, 1, packet6_of(60))).verdict, Verdict::ok);
  EXPECT_EQ(unprotect(esp_for(encapsulated, 1, packet6_of(60))).verdict, Verdict::ok)
      << "64 bytes of headers";
  EspSpec spec = spec_for(sa, 2, packet6_of(60));
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 43, 60, 44}) {
    spec.outer6->extensions = {{.type = type}};
    EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::header_window) << "extension header " << int{type};
  }
  spec.outer6->extensions = {{.type = 44, .fragment = 1}};
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::outer_fragment);
  spec.outer6->extensions = {{.type = 44, .fragment = 8}};
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::outer_fragment);
  spec.outer6->extensions = {{.type = 0, .units = 4}, {.type = 60}};
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::header_window) << "the protocol is not known";
  spec.outer6->extensions = {};
  spec.outer6->destination = *IpAddress::parse("2001:db8::3");
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::destination_mismatch);
}

TEST_P(ParseConformance, TheOuterFamilyIsPartOfTheDestination) {
  InboundSa sa = inbound_sa6();
  sa.outer_destination = *IpAddress::parse("::c000:201");  // 192.0.2.1 in the low half
  sa.selectors.source = IpRange::whole(IpFamily::v4);
  sa.selectors.destination = sa.selectors.source;
  add(sa);
  EXPECT_EQ(unprotect(esp_for(sa, 1)).verdict, Verdict::ok);
  EspSpec spec = spec_for(sa, 2, packet_of(40));
  spec.outer6.reset();
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::destination_mismatch);
}

TEST_P(ParseConformance, UdpBehindIpv6ExtensionHeaders) {
  const auto verdict_of = [&](std::vector<ExtensionSpec> extensions, const Bytes& payload) {
    return unprotect(ipv6({.extensions = std::move(extensions), .payload = payload})).verdict;
  };
  EXPECT_EQ(verdict_of({{.type = 0}}, udp(500, 500, 40)), Verdict::not_esp);
  EXPECT_EQ(verdict_of({{.type = 0}, {.type = 0}}, udp(9, 500, 40)), Verdict::not_esp) << "port at 58 to 59";
  EXPECT_EQ(verdict_of({{.type = 0, .units = 3}}, udp(9, 500, 40)), Verdict::header_window) << "at 66";
  EXPECT_EQ(verdict_of({{.type = 0}}, udp(9, 4500, 40)), Verdict::header_window) << "ESP behind extensions";
  Bytes ike = udp(4500, 4500, 40);
  std::fill_n(ike.begin() + 8, 4, 0);
  EXPECT_EQ(verdict_of({{.type = 0}}, ike), Verdict::not_esp);
  EXPECT_EQ(verdict_of({{.type = 0, .units = 2}}, ike), Verdict::header_window) << "the marker at 64";
  EXPECT_EQ(verdict_of({{.type = 0}}, Bytes(7)), Verdict::header_malformed);
}

}  // namespace
}  // namespace espgate::driver::test
