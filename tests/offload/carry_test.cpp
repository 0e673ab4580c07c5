// What a Child SA becomes in the engine, and which ones are refused.
#include "carry.h"

#include <gtest/gtest.h>

#include "fake_engine.h"
#include "packets.h"

namespace espgate::offload {
namespace {

using testing::address;
using testing::child;
using testing::FakeEngineState;
using testing::key;
using testing::range;
using testing::selector;

std::string refusal(const driver::Capabilities& engine, const ChildSaSpec& spec) {
  const auto result = check_kind(engine, spec);
  return result ? "" : result.error().message;
}

TEST(CanCarry, WhatTheEngineOffers) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  EXPECT_EQ(refusal(state.capabilities, spec), "");
  spec.inbound_key = key(1, 16);
  spec.outbound_key = key(2, 16);
  spec.esn = false;
  spec.encapsulation = driver::UdpEncapsulation{};
  EXPECT_EQ(refusal(state.capabilities, spec), "");
}

TEST(CanCarry, LooksAtTheKindOnly) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  spec.inbound_spi = 0;
  spec.outbound_spi = 0;
  spec.inbound_key.salt = {};
  spec.remote_address = {};
  EXPECT_EQ(refusal(state.capabilities, spec), "");
}

TEST(CanCarry, NamesTheMissingCapability) {
  FakeEngineState none;
  none.capabilities.aes_gcm_128 = false;
  none.capabilities.aes_gcm_256 = false;
  ChildSaSpec spec = child(1);
  EXPECT_NE(refusal(none.capabilities, spec)
                .find("child 'net' cannot be carried by the fake engine: "
                      "capability aes_gcm_256 is missing"),
            std::string::npos);
  spec.inbound_key = key(1, 16);
  EXPECT_NE(refusal(none.capabilities, spec).find("aes_gcm_128"), std::string::npos);

  FakeEngineState esn;
  esn.capabilities.esn = false;
  EXPECT_NE(refusal(esn.capabilities, child(1)).find("capability esn is missing"), std::string::npos);

  FakeEngineState udp;
  udp.capabilities.udp_encapsulation = false;
  spec = child(1);
  EXPECT_EQ(refusal(udp.capabilities, spec), "");
  spec.encapsulation = driver::UdpEncapsulation{};
  EXPECT_NE(refusal(udp.capabilities, spec).find("udp_encapsulation"), std::string::npos);

  FakeEngineState tunnel;
  tunnel.capabilities.tunnel = false;
  EXPECT_NE(refusal(tunnel.capabilities, child(1)).find("capability tunnel "), std::string::npos);
}

TEST(CanCarry, RefusesOtherKeySizes) {
  const FakeEngineState state;
  for (const std::size_t size : {0U, 15U, 17U, 24U, 31U}) {
    ChildSaSpec spec = child(1);
    spec.outbound_key = key(1, size);
    EXPECT_NE(refusal(state.capabilities, spec), "") << size;
  }
}

TEST(CanCarry, OneSelectorOfIpv4) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  spec.selectors.clear();
  EXPECT_NE(refusal(state.capabilities, spec).find("not 0 pairs"), std::string::npos);
  spec.selectors = {selector("10.1.0.0/16", "10.2.0.0/16"), selector("10.1.0.0/16", "10.3.0.0/16")};
  EXPECT_NE(refusal(state.capabilities, spec).find("not 2 pairs"), std::string::npos);
  spec.selectors = {selector("2001:db8::/32", "2001:db8:1::/48")};
  EXPECT_NE(refusal(state.capabilities, spec).find("IPv4 only"), std::string::npos);
}

TEST(CanCarry, ReplayWindowsOfTheEngine) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  for (const std::uint16_t window : std::initializer_list<std::uint16_t>{0, 32, 33, 2048}) {
    spec.replay_window = window;
    EXPECT_EQ(refusal(state.capabilities, spec), "") << window;
  }
  for (const std::uint16_t window : std::initializer_list<std::uint16_t>{1, 31, 2049, 65535}) {
    spec.replay_window = window;
    EXPECT_NE(refusal(state.capabilities, spec).find("32 to 2048 packets, not " + std::to_string(window)),
              std::string::npos)
        << window;
  }
}

TEST(Carry, TheReplayWindowIsTheChilds) {
  ChildSaSpec spec = child(1);
  EXPECT_EQ(to_inbound(spec).replay_window, driver::default_replay_window);
  spec.replay_window = 1000;
  EXPECT_EQ(to_inbound(spec).replay_window, 1000U);
  EXPECT_TRUE(to_inbound(spec).replay_check);
  spec.replay_window = 0;
  EXPECT_FALSE(to_inbound(spec).replay_check);
}

TEST(CanCarry, OuterIpv4Only) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  spec.remote_address = address("2001:db8::1");
  EXPECT_NE(refusal(state.capabilities, spec).find("2001:db8::1"), std::string::npos);
}

TEST(CanCarry, OpaquePortsAreRefused) {
  const FakeEngineState state;
  ChildSaSpec spec = child(1);
  spec.selectors.front().local_port_first = 65535;
  spec.selectors.front().local_port_last = 0;
  EXPECT_NE(refusal(state.capabilities, spec).find("OPAQUE"), std::string::npos);
}

TEST(CheckValues, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(check_values(child(1)));
  ChildSaSpec spec = child(1);
  spec.inbound_spi = 255;
  EXPECT_NE(check_values(spec).error().message.find("000000ff"), std::string::npos);
  spec = child(1);
  spec.outbound_spi = 0;
  EXPECT_FALSE(check_values(spec));
  spec = child(1);
  spec.outbound_key.salt = {};
  EXPECT_NE(check_values(spec).error().message.find("salt is 0 bytes"), std::string::npos);
  spec = child(1);
  spec.remote_address = {};
  EXPECT_NE(check_values(spec).error().message.find("0.0.0.0"), std::string::npos);
}

TEST(Carry, InboundSelectorsAreSeenFromThePacket) {
  ChildSaSpec spec = child(1);
  Selector& s = spec.selectors.front();
  s.protocol = 6;
  s.local_port_first = 1;
  s.local_port_last = 2;
  s.remote_port_first = 3;
  s.remote_port_last = 4;
  const driver::InboundSa sa = to_inbound(spec);
  EXPECT_EQ(sa.spi, spec.inbound_spi);
  EXPECT_EQ(sa.outer_destination, address("192.0.2.1"));
  EXPECT_FALSE(sa.encapsulated);
  EXPECT_TRUE(sa.replay_check);
  EXPECT_EQ(sa.replay_top, 0U);
  EXPECT_EQ(sa.selectors.source, range("10.2.0.0/16"));
  EXPECT_EQ(sa.selectors.destination, range("10.1.0.0/16"));
  EXPECT_EQ(sa.selectors.protocol, 6);
  EXPECT_EQ(sa.selectors.source_port_first, 3);
  EXPECT_EQ(sa.selectors.source_port_last, 4);
  EXPECT_EQ(sa.selectors.destination_port_first, 1);
  EXPECT_EQ(sa.selectors.destination_port_last, 2);
  EXPECT_TRUE(std::ranges::equal(sa.key.key.view(), spec.inbound_key.key.view()));
}

TEST(Carry, OutboundTakesTheOtherKey) {
  ChildSaSpec spec = child(1);
  spec.encapsulation = driver::UdpEncapsulation{.source_port = 4500, .destination_port = 1024};
  const driver::OutboundSa sa = to_outbound(spec, {.limit = 100, .low = 50});
  EXPECT_EQ(sa.spi, spec.outbound_spi);
  EXPECT_EQ(sa.outer_source, address("192.0.2.1"));
  EXPECT_EQ(sa.outer_destination, address("192.0.2.2"));
  EXPECT_EQ(sa.encapsulation, spec.encapsulation);
  EXPECT_TRUE(to_inbound(spec).encapsulated);
  EXPECT_EQ(sa.next_sequence, 1U);
  EXPECT_EQ(sa.lease_limit, 100U);
  EXPECT_EQ(sa.lease_low, 50U);
  EXPECT_TRUE(std::ranges::equal(sa.key.key.view(), spec.outbound_key.key.view()));
}

}  // namespace
}  // namespace espgate::offload
