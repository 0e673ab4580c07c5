#include "offload/selector.h"

#include <gtest/gtest.h>

#include "packets.h"
#include "support/packets.h"

namespace espgate::offload {
namespace {

using driver::test::ipv4;
using driver::test::ipv6;
using testing::range;
using testing::selector;

// For packets that a test made: one that cannot be read throws, and fails the test.
PacketFields parsed(const Bytes& packet) {
  return PacketFields::parse(packet).value();  // NOLINT(bugprone-unchecked-optional-access): meant to throw
}

TEST(PacketFieldsV6, AreReadBehindExtensionHeaders) {
  const auto fields =
      parsed(ipv6({.extensions = {{.type = 0}, {.type = 60, .units = 3}, {.type = 43, .units = 2}},
                   .payload = driver::test::udp(1000, 2000, 8)}));
  EXPECT_EQ(fields.source.to_string(), "2001:db8:1::5");
  EXPECT_EQ(fields.destination.to_string(), "2001:db8:2::7");
  EXPECT_EQ(fields.protocol, 17);
  EXPECT_EQ(fields.source_port, 1000);
  EXPECT_EQ(fields.destination_port, 2000);
}

TEST(PacketFieldsV6, HavePortsOnTheFirstFragmentOnly) {
  const auto fragment = [](std::uint16_t offset_and_more) {
    return parsed(ipv6({.extensions = {{.type = 44, .fragment = offset_and_more}},
                        .payload = driver::test::udp(1000, 2000, 8)}));
  };
  EXPECT_EQ(fragment(1).source_port, 1000);
  EXPECT_FALSE(fragment(8 << 3).source_port);
  EXPECT_EQ(fragment(8 << 3).protocol, 17);
}

TEST(PacketFieldsV6, EveryTruncationIsRefused) {
  const Bytes packet =
      ipv6({.extensions = {{.type = 0, .units = 2}, {.type = 44}}, .payload = driver::test::udp(1, 2, 20)});
  for (std::size_t length = 0; length < packet.size(); ++length) {
    EXPECT_FALSE(PacketFields::parse(ByteView(packet).first(length))) << length;
  }
  EXPECT_TRUE(PacketFields::parse(packet));
}

TEST(PacketFieldsV6, ChainsWithoutEndAreRefused) {
  EXPECT_TRUE(
      PacketFields::parse(ipv6({.extensions = std::vector<driver::test::ExtensionSpec>(8, {.type = 60})})));
  EXPECT_FALSE(
      PacketFields::parse(ipv6({.extensions = std::vector<driver::test::ExtensionSpec>(9, {.type = 60})})));
}

TEST(PacketFields, IcmpShowsTypeAndCode) {
  const auto v4 = parsed(ipv4({.protocol = 1, .payload = {3, 4, 0, 0}}));
  EXPECT_EQ(v4.source_port, 3 * 256 + 4);
  EXPECT_EQ(v4.destination_port, 3 * 256 + 4);
  const auto v6 = parsed(ipv6({.protocol = 58, .payload = {128, 0, 0, 0}}));
  EXPECT_EQ(v6.source_port, 128 * 256);
  const auto mobility = parsed(ipv6({.protocol = 135, .payload = {59, 0, 5, 0, 0, 0}}));
  EXPECT_EQ(mobility.destination_port, 5 * 256);
}

TEST(Selector, MatchesRangesOfIcmpTypeAndCode) {
  Selector unreachable = selector("0.0.0.0/0", "0.0.0.0/0");
  unreachable.protocol = 1;
  unreachable.local_port_first = 3 * 256;
  unreachable.local_port_last = 3 * 256 + 255;
  const auto icmp = [](std::uint8_t type, std::uint8_t code) {
    return parsed(ipv4({.protocol = 1, .payload = {type, code, 0, 0}}));
  };
  EXPECT_TRUE(unreachable.matches_outbound(icmp(3, 0)));
  EXPECT_TRUE(unreachable.matches_outbound(icmp(3, 255)));
  EXPECT_FALSE(unreachable.matches_outbound(icmp(2, 255)));
  EXPECT_FALSE(unreachable.matches_outbound(icmp(4, 0)));
  EXPECT_FALSE(unreachable.matches_outbound(parsed(ipv4({.payload = driver::test::udp(768, 768, 0)}))));
}

// RFC 4301 section 4.4.1.1: ANY takes OPAQUE in; OPAQUE is what is not there.
TEST(Selector, OpaqueMatchesPacketsThatShowNoPorts) {
  Selector fragments = selector("0.0.0.0/0", "0.0.0.0/0");
  fragments.local_port_first = fragments.remote_port_first = 65535;
  fragments.local_port_last = fragments.remote_port_last = 0;
  const Bytes udp = driver::test::udp(1000, 2000, 8);
  EXPECT_FALSE(fragments.matches_outbound(parsed(ipv4({.payload = udp}))));
  EXPECT_TRUE(fragments.matches_outbound(parsed(ipv4({.fragment = 1, .payload = udp}))));
  EXPECT_TRUE(fragments.matches_outbound(parsed(ipv4({.protocol = 47}))));
  EXPECT_TRUE(
      selector("0.0.0.0/0", "0.0.0.0/0").matches_outbound(parsed(ipv4({.fragment = 1, .payload = udp}))));
}

TEST(Selector, TakesFromThePacketWhatThePolicySays) {
  Selector row = selector("10.1.0.0/16", "10.2.0.0/16");
  row.remote_port_first = 1;
  const auto packet = parsed(ipv4({.payload = driver::test::udp(1000, 2000, 8)}));
  EXPECT_EQ(selectors_for(row, {}, packet), row);
  Selector narrow =
      selectors_for(row, {.local_address = true, .protocol = true, .remote_port = true}, packet);
  EXPECT_EQ(to_string(narrow), "10.1.0.5/32 => 10.2.0.0/16 protocol 17 remote port 2000");
  EXPECT_TRUE(narrow.matches_outbound(packet));
  narrow = selectors_for(row, {.remote_address = true, .local_port = true}, packet);
  EXPECT_EQ(to_string(narrow), "10.1.0.0/16 => 10.2.0.7/32 local port 1000 remote port 1-65535");
  const auto gre = parsed(ipv4({.protocol = 47}));
  narrow = selectors_for(selector("10.1.0.0/16", "10.2.0.0/16"), {.local_port = true}, gre);
  EXPECT_EQ(to_string(narrow), "10.1.0.0/16 => 10.2.0.0/16 local port opaque");
  EXPECT_TRUE(narrow.matches_outbound(gre));
}

}  // namespace
}  // namespace espgate::offload
