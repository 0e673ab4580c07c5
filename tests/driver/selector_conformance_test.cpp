#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

TEST_P(SelectorConformance, SelectorAddressesAndProtocol) {
  InboundSa sa = inbound_sa();
  sa.selectors.source = *IpRange::parse("10.1.0.5-10.1.0.9");
  sa.selectors.destination = *IpRange::parse("10.2.0.0/24");
  sa.selectors.protocol = 17;
  const auto index = add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Ipv4Spec& spec) {
    return unprotect(esp_for(sa, ++sequence, ipv4(spec))).verdict;
  };
  EXPECT_EQ(verdict_of({.source = 0x0a010005, .destination = 0x0a020000}), Verdict::ok);
  EXPECT_EQ(verdict_of({.source = 0x0a010009, .destination = 0x0a0200ff}), Verdict::ok);
  EXPECT_EQ(verdict_of({.source = 0x0a010004}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.source = 0x0a01000a}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.destination = 0x0a01ffff}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.destination = 0x0a020100}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6}), Verdict::selector_mismatch);
  EXPECT_EQ(inbound_counters(index).selector_mismatch, 5U);
  EXPECT_EQ(inbound_counters(index).replay_top, 7U) << "the window moved all the same";
}

TEST_P(SelectorConformance, SelectorPorts) {
  InboundSa sa = inbound_sa();
  sa.selectors.source_port_first = 1000;
  sa.selectors.source_port_last = 1999;
  sa.selectors.destination_port_first = 80;
  sa.selectors.destination_port_last = 80;
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Ipv4Spec& spec) {
    return unprotect(esp_for(sa, ++sequence, ipv4(spec))).verdict;
  };
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17, 33, 132, 136}) {
    EXPECT_EQ(verdict_of({.protocol = protocol, .payload = udp(1000, 80, 4)}), Verdict::ok) << int{protocol};
  }
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = udp(1999, 80, 4)}), Verdict::ok);
  EXPECT_EQ(verdict_of({.protocol = 6, .option_words = 10, .payload = udp(1999, 80, 4)}), Verdict::ok);
  EXPECT_EQ(verdict_of({.protocol = 6, .option_words = 10, .payload = udp(1999, 81, 4)}),
            Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = udp(999, 80, 4)}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = udp(2000, 80, 4)}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = udp(1000, 79, 4)}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 1, .payload = udp(1000, 80, 4)}), Verdict::selector_mismatch)
      << "its type and code are both ports";
  EXPECT_EQ(verdict_of({.fragment = 0x0001, .protocol = 6, .payload = udp(1000, 80, 4)}),
            Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.fragment = 0x2000, .protocol = 6, .payload = udp(1000, 80, 4)}), Verdict::ok)
      << "the first fragment holds the ports";
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = {0x03, 0xe8, 0x00}}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = {0x03, 0xe8, 0x00, 0x50}}), Verdict::ok);
}

// RFC 4301 section 4.4.1.1: type and code of ICMP, and the type of a mobility header, take the ports' place.
TEST_P(SelectorConformance, IcmpAndMobilityTypes) {
  InboundSa sa = inbound_sa();
  sa.selectors.source_port_first = 0x0800;
  sa.selectors.source_port_last = 0x08ff;
  sa.selectors.destination_port_first = 0x0800;
  sa.selectors.destination_port_last = 0x0803;
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](std::uint8_t protocol, Bytes payload) {
    return unprotect(esp_for(sa, ++sequence, ipv4({.protocol = protocol, .payload = std::move(payload)})))
        .verdict;
  };
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{1, 58}) {
    EXPECT_EQ(verdict_of(protocol, {8, 0}), Verdict::ok) << "two bytes are enough";
    EXPECT_EQ(verdict_of(protocol, {8, 3, 0, 0, 0, 0, 0, 0}), Verdict::ok);
    EXPECT_EQ(verdict_of(protocol, {8, 4, 0, 0}), Verdict::selector_mismatch);
    EXPECT_EQ(verdict_of(protocol, {0, 0, 0, 0}), Verdict::selector_mismatch);
    EXPECT_EQ(verdict_of(protocol, {8}), Verdict::selector_mismatch) << "no type and code";
  }
  EXPECT_EQ(verdict_of(135, {59, 0, 8, 0x77}), Verdict::ok);
  EXPECT_EQ(verdict_of(135, {59, 0, 8}), Verdict::ok) << "three bytes are enough";
  EXPECT_EQ(verdict_of(135, {59, 0, 5, 0}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of(135, {59, 0}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of(47, {8, 0, 8, 0}), Verdict::selector_mismatch) << "GRE has no ports";
}

TEST_P(SelectorConformance, OpaqueMatchesWhatHasNoPorts) {
  InboundSa sa = inbound_sa();
  sa.selectors.source_port_first = 65535;
  sa.selectors.source_port_last = 0;
  sa.selectors.destination_port_first = 65535;
  sa.selectors.destination_port_last = 0;
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Ipv4Spec& spec) {
    return unprotect(esp_for(sa, ++sequence, ipv4(spec))).verdict;
  };
  EXPECT_EQ(verdict_of({.fragment = 0x0001, .protocol = 6, .payload = udp(1, 2, 4)}), Verdict::ok)
      << "a later fragment";
  EXPECT_EQ(verdict_of({.protocol = 47, .payload = udp(1, 2, 4)}), Verdict::ok);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = {1, 2, 3}}), Verdict::ok) << "too short to have ports";
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = udp(1, 2, 4)}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 1, .payload = {8, 0}}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.fragment = 0x2000, .protocol = 6, .payload = udp(1, 2, 4)}),
            Verdict::selector_mismatch)
      << "the first fragment has ports";
}

TEST_P(SelectorConformance, Ipv6) {
  InboundSa sa = inbound_sa6();
  sa.selectors.source = *IpRange::parse("2001:db8:1::5-2001:db8:1::1:0");
  sa.selectors.destination = *IpRange::parse("2001:db8:2::/48");
  sa.selectors.protocol = 17;
  sa.selectors.source_port_first = 1000;
  sa.selectors.source_port_last = 1000;
  const auto index = add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Ipv6Spec& spec) {
    return unprotect(esp_for(sa, ++sequence, ipv6(spec))).verdict;
  };
  const auto at = [](const char* text) { return *IpAddress::parse(text); };
  const Bytes payload = udp(1000, 2, 4);
  EXPECT_EQ(verdict_of({.payload = payload}), Verdict::ok);
  EXPECT_EQ(verdict_of({.source = at("2001:db8:1::1:0"), .payload = payload}), Verdict::ok);
  EXPECT_EQ(verdict_of({.source = at("2001:db8:1::4"), .payload = payload}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.source = at("2001:db8:1::1:1"), .payload = payload}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.source = at("2001:db8:1:0:1::5"), .payload = payload}), Verdict::selector_mismatch)
      << "the upper half counts";
  EXPECT_EQ(verdict_of({.destination = at("2001:db8:3::7"), .payload = payload}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.protocol = 6, .payload = payload}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.payload = udp(999, 2, 4)}), Verdict::selector_mismatch);
  EXPECT_EQ(verdict_of({.extensions = {{.type = 0}, {.type = 60}}, .payload = payload}), Verdict::ok)
      << "behind extension headers";
  EXPECT_EQ(verdict_of({.extensions = {{.type = 44, .fragment = 1}}, .payload = payload}), Verdict::ok)
      << "a first fragment";
  EXPECT_EQ(verdict_of({.extensions = {{.type = 44, .fragment = 8}}, .payload = payload}),
            Verdict::selector_mismatch)
      << "a later one";
  EXPECT_EQ(unprotect(esp_for(sa, ++sequence, packet_of(40))).verdict, Verdict::selector_mismatch)
      << "the family";
  EXPECT_EQ(inbound_counters(index).selector_mismatch, 8U);
}

TEST_P(SelectorConformance, WhatCannotBeSeenIsNamed) {
  InboundSa any = inbound_sa6(0x2101);
  InboundSa protocol = inbound_sa6(0x2102);
  protocol.selectors.protocol = 17;
  InboundSa ports = inbound_sa6(0x2103);
  ports.selectors.destination_port_first = 65535;
  ports.selectors.destination_port_last = 0;
  // The address is wrong as well, but that comes later.
  ports.selectors.source = *IpRange::parse("2001:db8:9::/48");
  add(any);
  const auto protocol_index = add(protocol);
  add(ports);
  const Bytes payload = udp(1000, 2000, 40);
  // Protocol beyond the window; ports beyond it; both within it.
  const Bytes chain =
      ipv6({.extensions = {{.type = 0, .units = 2}, {.type = 60}, {.type = 43}}, .payload = payload});
  const Bytes late_ports = ipv6({.extensions = {{.type = 0, .units = 3}}, .payload = payload});
  const Bytes seen = ipv6({.extensions = {{.type = 0, .units = 2}}, .payload = payload});
  std::uint64_t sequence = 0;
  for (const Bytes& inner : {chain, late_ports}) {
    ++sequence;
    const Outcome outcome = unprotect(esp_for(any, sequence, inner));
    EXPECT_EQ(outcome.verdict, Verdict::ok) << "selectors that ask for neither";
    EXPECT_EQ(outcome.output, inner);
    EXPECT_EQ(unprotect(esp_for(protocol, sequence, inner)).verdict, Verdict::inner_window);
    EXPECT_EQ(unprotect(esp_for(ports, sequence, inner)).verdict, Verdict::inner_window);
  }
  ++sequence;
  EXPECT_EQ(unprotect(esp_for(protocol, sequence, seen)).verdict, Verdict::ok);
  EXPECT_EQ(unprotect(esp_for(ports, sequence, seen)).verdict, Verdict::selector_mismatch);
  EXPECT_EQ(inbound_counters(protocol_index).selector_mismatch, 0U);
  // A later fragment has no ports anywhere, so its window is not exceeded.
  const Bytes later =
      ipv6({.extensions = {{.type = 0, .units = 2}, {.type = 44, .fragment = 8}}, .payload = payload});
  EXPECT_EQ(unprotect(esp_for(protocol, ++sequence, later)).verdict, Verdict::ok);
}

}  // namespace
}  // namespace espgate::driver::test
