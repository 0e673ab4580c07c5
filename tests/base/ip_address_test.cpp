#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace espgate {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.1.2.3")->to_v4(), 0x0a010203U);
  EXPECT_EQ(IpAddress::parse("10.1.2.3")->to_string(), "10.1.2.3");
  EXPECT_EQ(IpAddress::parse("2001:DB8::1")->to_string(), "2001:db8::1");
  for (const char* bad : {"", "10.1.2", "10.1.2.256", "10.1.2.3 ", "::g", "1.2.3.4/8"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, TakesFourOrSixteenBytesOnly) {
  EXPECT_TRUE(IpAddress::from_bytes(Bytes(4)));
  EXPECT_TRUE(IpAddress::from_bytes(Bytes(16)));
  for (const std::size_t size : {0U, 3U, 5U, 15U, 17U}) {
    EXPECT_FALSE(IpAddress::from_bytes(Bytes(size))) << size;
  }
}

TEST(IpRange, ParsesPrefixesRangesAndAddresses) {
  EXPECT_EQ(IpRange::parse("10.1.2.3/8")->to_string(), "10.0.0.0/8");
  EXPECT_EQ(IpRange::parse("10.0.0.1-10.0.0.9")->to_string(), "10.0.0.1-10.0.0.9");
  EXPECT_EQ(IpRange::parse("10.0.0.0-10.0.0.255")->to_string(), "10.0.0.0/24");
  EXPECT_EQ(IpRange::parse("10.0.0.1")->to_string(), "10.0.0.1/32");
  EXPECT_EQ(IpRange::parse("2001:db8::/32")->last.to_string(), "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(IpRange::whole(IpFamily::v4).to_string(), "0.0.0.0/0");
  EXPECT_EQ(IpRange::whole(IpFamily::v6).to_string(), "::/0");
  for (const char* bad :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "-"}) {
    EXPECT_FALSE(IpRange::parse(bad)) << bad;
  }
}

TEST(IpRange, IntersectsAndContains) {
  const IpRange net = *IpRange::parse("10.0.0.0/24");
  EXPECT_EQ(net.intersect(*IpRange::parse("10.0.0.128-10.0.1.5"))->to_string(), "10.0.0.128/25");
  EXPECT_FALSE(net.intersect(*IpRange::parse("10.0.1.0/24")));
  EXPECT_FALSE(net.intersect(IpRange::whole(IpFamily::v6)));
  EXPECT_TRUE(net.contains(*IpAddress::parse("10.0.0.255")));
  EXPECT_FALSE(net.contains(*IpAddress::parse("10.0.1.0")));
  EXPECT_FALSE(net.contains(*IpAddress::parse("::1")));
  EXPECT_TRUE(IpRange::whole(IpFamily::v4).contains(net));
}

}  // namespace
}  // namespace espgate
