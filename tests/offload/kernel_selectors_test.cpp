#include "kernel_selectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace espgate::offload {
namespace {

Selector row(std::string_view local, std::string_view remote) {
  return {.local = IpRange::parse(local).value(),    // NOLINT(bugprone-unchecked-optional-access)
          .remote = IpRange::parse(remote).value(),  // NOLINT(bugprone-unchecked-optional-access)
          .protocol = std::nullopt};
}

bool within(const xfrm::Prefix& prefix, const IpAddress& address) {
  const auto a = prefix.address.bytes();
  const auto b = address.bytes();
  for (std::size_t bit = 0; bit < prefix.length; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if (((a[bit / 8] ^ b[bit / 8]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

// As the kernel matches (a packet without known ports shows 0).
bool matches(const xfrm::PolicySelector& s, const PacketFields& packet) {
  return within(s.source, packet.source) && within(s.destination, packet.destination) &&
         (!s.protocol || *s.protocol == packet.protocol) &&
         ((packet.source_port.value_or(0) ^ s.source_port.value) & s.source_port.mask) == 0 &&
         ((packet.destination_port.value_or(0) ^ s.destination_port.value) & s.destination_port.mask) == 0;
}

TEST(KernelSelectors, MatchWhatTheRowMatches) {
  std::mt19937 random(7);
  const auto number = [&random](std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const auto first = 0x0a010000 + number(64);
    Selector selector = row("10.1.0.0/24", "10.2.0.0/24");
    selector.local = {IpAddress::v4(first), IpAddress::v4(first + number(64))};
    if (round % 3 != 0) {
      selector.protocol = round % 2 == 0 ? 6 : 17;
      selector.local_port_first = static_cast<std::uint16_t>(number(60));
      selector.local_port_last = static_cast<std::uint16_t>(selector.local_port_first + number(60));
    }
    const auto outbound = to_kernel_selectors(selector, driver::Direction::outbound);
    const auto inbound = to_kernel_selectors(selector, driver::Direction::inbound);
    ASSERT_TRUE(outbound);
    ASSERT_TRUE(inbound);
    int hits = 0;
    for (int packet = 0; packet < 200; ++packet) {
      PacketFields fields{.source = IpAddress::v4(0x0a010000 + number(128)),
                          .destination = IpAddress::v4(0x0a020000 + number(256)),
                          .protocol = static_cast<std::uint8_t>(number(2) == 0 ? 6 : 17),
                          .source_port = static_cast<std::uint16_t>(number(128)),
                          .destination_port = static_cast<std::uint16_t>(number(65536))};
      const auto count = [&fields](const auto& selectors) {
        return std::ranges::count_if(selectors, [&](const auto& s) { return matches(s, fields); });
      };
      const bool expected = selector.matches_outbound(fields);
      EXPECT_EQ(count(outbound->selectors), expected ? 1 : 0) << to_string(selector);
      hits += expected ? 1 : 0;
      fields = fields.reversed();
      EXPECT_EQ(count(inbound->selectors), expected ? 1 : 0) << to_string(selector);
    }
    EXPECT_TRUE(hits > 0 || selector.protocol) << to_string(selector);
  }
}

TEST(KernelSelectors, KnowFragmentsOfWhatHasPorts) {
  Selector web = row("10.1.0.0/24", "10.2.0.0/24");
  EXPECT_TRUE(to_kernel_selectors(web, driver::Direction::outbound)->fragments.empty());
  web.protocol = 6;
  web.remote_port_first = web.remote_port_last = 80;
  const auto found = to_kernel_selectors(web, driver::Direction::outbound);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->fragments.size(), 1U);
  const PacketFields fragment{.source = IpAddress::v4(0x0a010005),
                              .destination = IpAddress::v4(0x0a020005),
                              .protocol = 6,
                              .source_port = std::nullopt,
                              .destination_port = std::nullopt};
  EXPECT_TRUE(matches(found->fragments.front(), fragment));
  EXPECT_FALSE(matches(found->selectors.front(), fragment));
}

TEST(KernelSelectors, TakeIcmpTypesAsTheKernelShowsThem) {
  Selector echo = row("10.1.0.0/24", "10.2.0.0/24");
  echo.protocol = 1;
  echo.local_port_first = echo.remote_port_first = 0x0800;
  echo.local_port_last = echo.remote_port_last = 0x08ff;
  for (const driver::Direction direction : {driver::Direction::outbound, driver::Direction::inbound}) {
    const auto found = to_kernel_selectors(echo, direction);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->selectors.size(), 1U);
    EXPECT_EQ(found->selectors.front().source_port, (xfrm::PortMatch{8, 0xffff}));
    EXPECT_EQ(found->selectors.front().destination_port, (xfrm::PortMatch{0, 0}));
  }
  echo.local_port_last = echo.remote_port_last = 0x0800;
  EXPECT_EQ(to_kernel_selectors(echo, driver::Direction::outbound)->selectors.front().destination_port,
            (xfrm::PortMatch{0, 0xffff}));
}

TEST(KernelSelectors, RefuseWhatTheKernelCannotTellApart) {
  const auto refused = [](const Selector& selector) {
    const auto found = to_kernel_selectors(selector, driver::Direction::outbound);
    return found ? "accepted" : found.error().message;
  };
  Selector opaque = row("10.1.0.0/24", "10.2.0.0/24");
  opaque.protocol = 17;
  opaque.local_port_first = 65535;
  opaque.local_port_last = 0;
  EXPECT_NE(refused(opaque).find("OPAQUE"), std::string::npos);
  Selector types = row("10.1.0.0/24", "10.2.0.0/24");
  types.protocol = 1;
  types.local_port_first = 0x0300;
  types.local_port_last = 0x08ff;
  EXPECT_NE(refused(types).find("one ICMP type"), std::string::npos);
  Selector ports_of_any = row("10.1.0.0/24", "10.2.0.0/24");
  ports_of_any.local_port_last = 80;
  EXPECT_NE(refused(ports_of_any).find("ports of TCP"), std::string::npos);
  Selector many = row("10.1.0.1-10.1.255.254", "10.2.0.1-10.2.255.254");
  many.protocol = 6;
  many.local_port_first = 1;
  many.local_port_last = 65534;
  EXPECT_NE(refused(many).find("1024 are the most"), std::string::npos);
}

}  // namespace
}  // namespace espgate::offload
