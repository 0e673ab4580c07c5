// Distinguished names and the patterns of PAD entries.
#include "ike/identity.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "config/distinguished_name.h"

namespace espgate::ike {
namespace {

Identity id(std::string_view text) {
  return Identity::parse(text).value();
}

TEST(DistinguishedName, TextRoundTrips) {
  for (const char* text : {"C=CH, O=Example, OU=Lab, CN=gate", "DC=org, DC=example, CN=x", "CN=Grüße",
                           "C=CH, ST=ZH, L=Here, E=carol@example.org", "UID=carol, serialNumber=7"}) {
    const Identity identity = id(text);
    EXPECT_EQ(identity.type, IdType::der_asn1_dn);
    EXPECT_NE(parse_name(identity.data), nullptr);
    if (std::string_view(text).find("ü") == std::string_view::npos) {
      EXPECT_EQ(identity.to_string(), text);
    }
  }
  EXPECT_EQ(id("/C=CH/O=Example/CN=gate"), id("C=CH, O=Example, CN=gate"));
  EXPECT_EQ(id("asn1dn:#" + to_hex(id("CN=x").data)), id("CN=x"));
}

TEST(DistinguishedName, PeersCannotWriteControlCharacters) {
  Bytes der = id("CN=abc").data;
  der.back() = 0x1b;
  EXPECT_EQ((Identity{IdType::der_asn1_dn, der}.to_string()), "CN=ab\\1b");
}

// Lengths that do not add up, at every place, are no name; nor is anything before or behind it.
TEST(DistinguishedName, WrongLengthsAreRefused) {
  const Bytes der = id("C=CH, O=Example, CN=gate").data;
  ASSERT_NE(parse_name(der), nullptr);
  unsigned refused = 0;
  for (std::size_t i = 0; i < der.size(); ++i) {
    EXPECT_EQ(parse_name(ByteView(der).first(i)), nullptr) << i;
    for (const int change : {-1, 1, 0x7f}) {
      Bytes bad = der;
      bad[i] = static_cast<std::uint8_t>(bad[i] + change);
      refused += parse_name(bad) == nullptr ? 1U : 0U;
    }
  }
  EXPECT_GT(refused, 30U);
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(parse_name(longer), nullptr);
  for (const char* text : {"", "30", "3080", "308000000000", "30820001", "3084ffffffff", "308101310000",
                           "3002310030", "30023100", "310b3009060355040313024348"}) {
    EXPECT_EQ(parse_name(*from_hex(text)), nullptr) << text;
  }
  EXPECT_EQ(parse_name(Bytes(5000, 0x30)), nullptr);
  // As identities they fit nothing, not even themselves.
  const Identity bad{IdType::der_asn1_dn, longer};
  EXPECT_FALSE(matches(bad, bad));
  EXPECT_EQ(bad.to_string(), "asn1dn:#" + to_hex(longer));
}

TEST(IdentityMatch, LettersAndTypes) {
  EXPECT_TRUE(matches(id("Gate.Example.org"), id("gate.example.ORG")));
  EXPECT_TRUE(matches(id("C=CH, CN=Gate  One"), id("C=CH, CN=gate one")));
  EXPECT_FALSE(matches(id("gate.example.org"), id("keyid:gate.example.org")));
  EXPECT_FALSE(matches(id("fqdn:192.0.2.1"), id("192.0.2.1")));
  EXPECT_FALSE(matches(id("keyid:Abc"), id("keyid:abc")));
  EXPECT_FALSE(matches(id("CN=a, CN=b"), id("CN=b, CN=a")));
  EXPECT_TRUE(matches({}, id("anything.example")));
}

TEST(IdentityPattern, FitsItsPartOfTheTree) {
  const auto fits = [](std::string_view pattern, std::string_view identity) {
    return IdentityPattern::parse(pattern).value().match(id(identity)).has_value();
  };
  EXPECT_TRUE(fits("%any", "gate.example.org"));
  EXPECT_TRUE(fits("gate.example.org", "GATE.example.org"));
  EXPECT_TRUE(fits("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(fits("*.example.org", "example.org"));
  EXPECT_FALSE(fits("*.example.org", "a.badexample.org"));
  EXPECT_FALSE(fits("*.example.org", "carol@x.example.org"));
  EXPECT_TRUE(fits("*@example.org", "carol@example.org"));
  EXPECT_FALSE(fits("*@example.org", "carol@x.example.org"));
  EXPECT_FALSE(fits("*@example.org", "fqdn:example.org"));
  EXPECT_TRUE(fits("C=CH, O=Example, CN=*", "C=CH, O=example, CN=gate"));
  EXPECT_TRUE(fits("C=*, O=*, CN=*", "C=CH, O=example, CN=gate"));
  EXPECT_FALSE(fits("C=CH, O=Example, CN=*", "C=CH, O=Other, CN=gate"));
  EXPECT_FALSE(fits("C=CH, O=Example, CN=*", "C=CH, O=Example"));
  EXPECT_FALSE(fits("C=CH, O=Example, CN=*", "C=CH, O=Example, OU=gate"));
  EXPECT_FALSE(fits("C=CH, O=Example, CN=*", "C=CH, O=Example, CN=a, CN=b"));
  EXPECT_TRUE(fits("192.0.2.0/24", "192.0.2.9"));
  EXPECT_TRUE(fits("192.0.2.1-192.0.2.9", "192.0.2.9"));
  EXPECT_FALSE(fits("192.0.2.0/24", "192.0.3.9"));
  EXPECT_FALSE(fits("192.0.2.0/24", "fqdn:192.0.2.9"));
  EXPECT_TRUE(fits("2001:db8::/32", "2001:db8::1"));
  EXPECT_TRUE(fits("keyid:0x01", "keyid:0x01"));
  for (const char* text : {"a*.example.org", "*example.org", "*", "*.", "*@", "a.*.org", "**.example.org"}) {
    EXPECT_FALSE(IdentityPattern::parse(text)) << text;
  }
  // A peer that calls itself like a pattern is not everybody.
  EXPECT_FALSE(IdentityPattern(id("gate.example.org")).match({IdType::fqdn, {'*'}}));
  EXPECT_FALSE(IdentityPattern().match({IdType::fqdn, {}}));
  EXPECT_FALSE(IdentityPattern::parse("192.0.2.0/24")->match({IdType::ipv4_addr, {192, 0, 2}}));
}

TEST(IdentityPattern, CloserOnesFitBetter) {
  const Identity gate = id("a.gate.example.org");
  const auto fit = [&](std::string_view pattern) { return *IdentityPattern::parse(pattern)->match(gate); };
  EXPECT_GT(fit("a.gate.example.org"), fit("*.gate.example.org"));
  EXPECT_GT(fit("*.gate.example.org"), fit("*.example.org"));
  EXPECT_GT(fit("*.example.org"), fit("%any"));
  const Identity name = id("C=CH, O=Example, CN=gate");
  EXPECT_GT(*IdentityPattern::parse("C=CH, O=Example, CN=*")->match(name),
            *IdentityPattern::parse("C=CH, O=*, CN=*")->match(name));
  const Identity address = id("192.0.2.1");
  EXPECT_GT(*IdentityPattern::parse("192.0.2.0/28")->match(address),
            *IdentityPattern::parse("192.0.2.0/24")->match(address));
}

TEST(IdentityPattern, IsWrittenAsItWasRead) {
  for (const char* text : {"%any", "*.example.org", "*@example.org", "192.0.2.0/24", "C=CH, O=Example, CN=*",
                           "gate.example.org", "192.0.2.1"}) {
    EXPECT_EQ(IdentityPattern::parse(text)->to_string(), text);
  }
}

}  // namespace
}  // namespace espgate::ike
