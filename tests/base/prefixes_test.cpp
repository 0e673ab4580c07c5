#include "base/prefixes.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace espgate {
namespace {

IpRange range(std::string_view text) {
  return IpRange::parse(text).value();  // NOLINT(bugprone-unchecked-optional-access): meant to throw
}

std::string split(std::string_view text) {
  std::string joined;
  for (const IpRange& prefix : to_prefixes(range(text))) {
    joined += (joined.empty() ? "" : " ") + prefix.to_string();
  }
  return joined;
}

TEST(Prefixes, APrefixStaysWhole) {
  EXPECT_EQ(split("10.2.0.0/16"), "10.2.0.0/16");
  EXPECT_EQ(split("10.2.0.1"), "10.2.0.1/32");
  EXPECT_EQ(split("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(split("255.255.255.255"), "255.255.255.255/32");
  EXPECT_EQ(split("128.0.0.0/1"), "128.0.0.0/1");
}

TEST(Prefixes, ARangeIsSplit) {
  EXPECT_EQ(split("10.2.0.1-10.2.0.6"), "10.2.0.1/32 10.2.0.2/31 10.2.0.4/31 10.2.0.6/32");
  EXPECT_EQ(split("10.2.0.0-10.2.2.255"), "10.2.0.0/23 10.2.2.0/24");
  EXPECT_EQ(split("255.255.255.253-255.255.255.255"), "255.255.255.253/32 255.255.255.254/31");
}

TEST(Prefixes, BothFamiliesAreSplit) {
  EXPECT_EQ(split("2001:db8::/32"), "2001:db8::/32");
  EXPECT_EQ(split("::/0"), "::/0");
  EXPECT_EQ(split("2001:db8::1-2001:db8::4"), "2001:db8::1/128 2001:db8::2/127 2001:db8::4/128");
  EXPECT_EQ(to_prefixes(range("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")).size(), 254U);
}

TEST(Prefixes, NeighboursEndWithTheFamily) {
  EXPECT_EQ(next(range("10.0.0.255").first), range("10.0.1.0").first);
  EXPECT_EQ(previous(range("10.0.1.0").first), range("10.0.0.255").first);
  EXPECT_FALSE(next(range("255.255.255.255").first));
  EXPECT_FALSE(previous(range("0.0.0.0").first));
  EXPECT_FALSE(previous(range("::").first));
}

TEST(Prefixes, TheWorstRangeTakes62) {
  EXPECT_EQ(to_prefixes(range("0.0.0.1-255.255.255.254")).size(), 62U);
}

// Each is a prefix, they follow each other without gap or overlap, and no two neighbours could be one.
TEST(Prefixes, CoverTheRangeExactly) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::uint32_t first = static_cast<std::uint32_t>(random());
    std::uint32_t last = i % 2 == 0 ? first + static_cast<std::uint32_t>(random()) % 1000
                                    : static_cast<std::uint32_t>(random());
    if (last < first) {
      std::swap(first, last);
    }
    const auto prefixes = to_prefixes({IpAddress::v4(first), IpAddress::v4(last)});
    std::uint64_t next = first;
    for (const IpRange& prefix : prefixes) {
      ASSERT_TRUE(prefix.prefix_length()) << "seed 1, step " << i;
      ASSERT_EQ(prefix.first.to_v4(), next);
      next = std::uint64_t{prefix.last.to_v4()} + 1;
    }
    ASSERT_EQ(next, std::uint64_t{last} + 1);
    for (std::size_t n = 1; n < prefixes.size(); ++n) {
      ASSERT_FALSE((IpRange{prefixes[n - 1].first, prefixes[n].last}.prefix_length()));
    }
  }
}

}  // namespace
}  // namespace espgate
