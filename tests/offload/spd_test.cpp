#include "offload/spd.h"

#include <gtest/gtest.h>

#include "packets.h"

namespace espgate::offload {
namespace {

using testing::make_packet;
using testing::PacketShape;
using testing::range;
using testing::selector;

constexpr std::uint16_t more_fragments = 0x2000;

PacketFields fields_of(const PacketShape& shape) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): throws, and fails the test, should it be empty
  return PacketFields::parse(make_packet(shape)).value();
}

TEST(PacketFields, AreReadFromAWholePacket) {
  const auto fields = fields_of({.source = "10.1.2.3", .destination = "10.2.3.4", .options = 8});
  EXPECT_EQ(fields.source.to_string(), "10.1.2.3");
  EXPECT_EQ(fields.destination.to_string(), "10.2.3.4");
  EXPECT_EQ(fields.protocol, 17);
  EXPECT_EQ(fields.source_port, 1000);
  EXPECT_EQ(fields.destination_port, 2000);
}

TEST(PacketFields, HavePortsForTheProtocolsThatShowThem) {
  int with_ports = 0;
  for (int protocol = 0; protocol < 256; ++protocol) {
    const auto fields = fields_of({.protocol = static_cast<std::uint8_t>(protocol)});
    const bool expected = protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
                          protocol == 136 || protocol == 1 || protocol == 58 || protocol == 135;
    EXPECT_EQ(fields.source_port.has_value(), expected) << protocol;
    EXPECT_EQ(fields.destination_port.has_value(), expected) << protocol;
    with_ports += fields.source_port ? 1 : 0;
  }
  EXPECT_EQ(with_ports, 8);
}

TEST(PacketFields, HavePortsOnTheFirstFragmentOnly) {
  EXPECT_TRUE(fields_of({.fragment = more_fragments}).source_port);
  EXPECT_FALSE(fields_of({.fragment = more_fragments | 1}).source_port);
  EXPECT_FALSE(fields_of({.fragment = 1}).destination_port);
}

TEST(PacketFields, HaveNoPortsWhenThePacketEndsBeforeThem) {
  EXPECT_FALSE(fields_of({.payload = 3}).source_port);
  EXPECT_TRUE(fields_of({.payload = 4}).source_port);
}

TEST(PacketFields, PortsAreNotTakenFromBehindTheTotalLength) {
  Bytes packet = make_packet({.payload = 8});
  store_be16(packet, 2, 23);
  EXPECT_TRUE(PacketFields::parse(packet));
  EXPECT_FALSE(PacketFields::parse(packet).value_or(fields_of({})).source_port);
}

TEST(PacketFields, EveryTruncationIsRefused) {
  const Bytes packet = make_packet({.options = 40, .payload = 30});
  ASSERT_EQ(packet.size(), 90U);
  for (std::size_t length = 0; length < packet.size(); ++length) {
    EXPECT_FALSE(PacketFields::parse(ByteView(packet).first(length))) << length;
  }
  EXPECT_TRUE(PacketFields::parse(packet));
}

TEST(PacketFields, WrongHeadersAreRefused) {
  Bytes packet = make_packet();
  packet[0] = 0x65;
  EXPECT_FALSE(PacketFields::parse(packet)) << "version 6";
  packet[0] = 0x44;
  EXPECT_FALSE(PacketFields::parse(packet)) << "header of 16 bytes";
  packet[0] = 0x4f;
  EXPECT_FALSE(PacketFields::parse(packet)) << "header longer than the packet";
  packet[0] = 0x45;
  store_be16(packet, 2, 19);
  EXPECT_FALSE(PacketFields::parse(packet)) << "total length shorter than the header";
}

TEST(Spd, WhatNoEntryMatchesIsDiscarded) {
  Spd spd;
  EXPECT_EQ(spd.lookup_outbound(fields_of({})), nullptr);
  spd.replace(
      {{.name = "net", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}}});
  EXPECT_NE(spd.lookup_outbound(fields_of({})), nullptr);
  EXPECT_EQ(spd.lookup_outbound(fields_of({.source = "10.3.0.1"})), nullptr);
  EXPECT_EQ(spd.lookup_outbound(fields_of({.destination = "10.3.0.1"})), nullptr);
  EXPECT_EQ(spd.lookup_outbound(fields_of({.source = "10.2.0.1", .destination = "10.1.0.1"})), nullptr);
}

TEST(Spd, TheFirstMatchDecides) {
  Spd spd;
  const SpdEntry drop_host{
      .name = "host", .action = Action::discard, .selectors = {selector("0.0.0.0/0", "10.2.0.1")}};
  const SpdEntry protect_net{
      .name = "net", .action = Action::protect, .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}};
  spd.replace({drop_host, protect_net});
  EXPECT_EQ(spd.lookup_outbound(fields_of({}))->name, "host");
  EXPECT_EQ(spd.lookup_outbound(fields_of({.destination = "10.2.0.2"}))->name, "net");
  spd.replace({protect_net, drop_host});
  EXPECT_EQ(spd.lookup_outbound(fields_of({}))->name, "net");
}

TEST(Spd, AnySelectorOfAnEntryWillDo) {
  Spd spd;
  spd.replace(
      {{.name = "net",
        .action = Action::protect,
        .selectors = {selector("10.1.0.0/16", "10.9.0.0/16"), selector("10.1.0.0/16", "10.2.0.0/16")}}});
  EXPECT_NE(spd.lookup_outbound(fields_of({})), nullptr);
}

TEST(Spd, ProtocolMustBeEqualUnlessAny) {
  Selector tcp = selector("10.1.0.0/16", "10.2.0.0/16");
  tcp.protocol = 6;
  Spd spd;
  spd.replace({{.name = "tcp", .action = Action::protect, .selectors = {tcp}}});
  EXPECT_EQ(spd.lookup_outbound(fields_of({.protocol = 17})), nullptr);
  EXPECT_NE(spd.lookup_outbound(fields_of({.protocol = 6})), nullptr);
  // All ports: a fragment without ports matches too (RFC 4301 section 7).
  EXPECT_NE(spd.lookup_outbound(fields_of({.protocol = 6, .fragment = 5})), nullptr);
}

TEST(Spd, PortRangesAreInclusive) {
  Selector web = selector("10.1.0.0/16", "10.2.0.0/16");
  web.local_port_first = 1000;
  web.local_port_last = 1001;
  web.remote_port_first = 80;
  web.remote_port_last = 81;
  const auto hit = [&](std::uint16_t local, std::uint16_t remote) {
    return web.matches_outbound(fields_of({.source_port = local, .destination_port = remote}));
  };
  EXPECT_TRUE(hit(1000, 80));
  EXPECT_TRUE(hit(1001, 81));
  EXPECT_FALSE(hit(999, 80));
  EXPECT_FALSE(hit(1002, 80));
  EXPECT_FALSE(hit(1000, 79));
  EXPECT_FALSE(hit(1000, 82));
  EXPECT_FALSE(hit(80, 1000));
}

TEST(Spd, PortRangesDoNotMatchPacketsWithoutPorts) {
  Selector web = selector("10.1.0.0/16", "10.2.0.0/16");
  web.remote_port_last = 65534;
  EXPECT_TRUE(web.matches_outbound(fields_of({})));
  EXPECT_FALSE(web.matches_outbound(fields_of({.protocol = 47})));
  EXPECT_FALSE(web.matches_outbound(fields_of({.fragment = 1})));
}

class SpdFragments : public ::testing::Test {
 protected:
  void load(Action first, Action second) {
    Selector web = selector("10.1.0.0/16", "10.2.0.0/16");
    web.remote_port_first = 2000;
    web.remote_port_last = 2000;
    m_spd.replace({{.name = "web", .action = first, .selectors = {web}},
                   {.name = "rest", .action = second, .selectors = {selector("0.0.0.0/0", "0.0.0.0/0")}}});
  }
  Spd m_spd;
  PacketFields m_first = fields_of({.fragment = more_fragments});
  PacketFields m_later = fields_of({.fragment = 1});
};

TEST_F(SpdFragments, GoToTheEntryForAllPorts) {
  load(Action::protect, Action::protect);
  EXPECT_EQ(m_spd.lookup_outbound(m_first)->name, "web");
  EXPECT_EQ(m_spd.lookup_outbound(m_later)->name, "rest");
}

TEST_F(SpdFragments, AreNotBypassedWhenTheirPacketMayHaveBeenProtected) {
  load(Action::protect, Action::bypass);
  EXPECT_EQ(m_spd.lookup_outbound(m_first)->name, "web");
  EXPECT_EQ(m_spd.lookup_outbound(m_later), nullptr);
  EXPECT_EQ(m_spd.lookup_outbound(fields_of({.destination_port = 2001}))->name, "rest");
  EXPECT_EQ(m_spd.lookup_outbound(fields_of({.protocol = 47, .fragment = 1}))->name, "rest");
  const SpdMatch unsure = m_spd.match_outbound(m_later);
  EXPECT_EQ(unsure.reason, SpdReason::fragment_unsure);
  ASSERT_NE(unsure.doubt, nullptr);
  EXPECT_EQ(unsure.doubt->name, "web");
}

TEST_F(SpdFragments, AreNotBypassedWhenTheirPacketMayHaveBeenDiscarded) {
  load(Action::discard, Action::bypass);
  EXPECT_EQ(m_spd.lookup_outbound(m_later), nullptr);
}

TEST_F(SpdFragments, AreBypassedWhenAllThatMayMatchIsBypass) {
  load(Action::bypass, Action::bypass);
  EXPECT_EQ(m_spd.lookup_outbound(m_later)->name, "rest");
}

}  // namespace
}  // namespace espgate::offload
