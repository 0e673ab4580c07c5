// What is kept of certificates that have been verified, and when it does not count any more.
#include "auth/certificate_cache.h"

#include <gtest/gtest.h>

#include "test_pki.h"

namespace espgate::ike {
namespace {

using test::Holder;
using test::issue;
using test::make_authority;
using test::make_crl;
using test::pki_now;

struct CertificateCacheTest : testing::Test {
  Holder root = make_authority("C=CH, O=Example, CN=Root");
  Holder middle = make_authority("C=CH, O=Example, CN=Middle", &root);
  Holder gate = issue({.subject = "CN=gate"}, &middle);
  std::vector<Certificate> anchors{root.certificate};
  std::vector<Certificate> received{gate.certificate, middle.certificate};
  std::vector<Crl> crls;
  CertificateCache cache{8};

  bool trusted(const Holder& holder, std::chrono::sys_seconds now = pki_now,
               Revocation revocation = Revocation::relaxed) {
    return cache
        .verify(
            holder.certificate, received, {},
            {.authorities = anchors, .intermediates = {}, .crls = crls, .revocation = revocation, .now = now})
        .has_value();
  }
  // What is loaded has changed without a word to the cache: only what it remembers can still be trusted.
  bool remembered(std::chrono::sys_seconds now = pki_now, Revocation revocation = Revocation::relaxed) {
    const auto before = std::exchange(crls, {make_crl(root, {middle.certificate})});
    const bool answer = trusted(gate, now, revocation);
    crls = before;
    return answer;
  }
};

TEST_F(CertificateCacheTest, WhatIsGoodNeedNotBeVerifiedAgain) {
  EXPECT_FALSE(remembered());
  EXPECT_TRUE(trusted(gate));
  EXPECT_TRUE(remembered());
  const auto found = cache.find(gate.certificate.der());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, gate.certificate);
  EXPECT_TRUE(cache.find(middle.certificate.der()));
  cache.clear();
  EXPECT_FALSE(remembered());
  EXPECT_FALSE(cache.find(gate.certificate.der()));
}

TEST_F(CertificateCacheTest, AnythingElseIsVerified) {
  ASSERT_TRUE(trusted(gate));
  EXPECT_FALSE(remembered(pki_now, Revocation::strict));
  EXPECT_FALSE(remembered(pki_now - std::chrono::seconds(1))) << "the clock was set back";
  const auto whole = std::exchange(received, {gate.certificate});
  EXPECT_FALSE(remembered());
  EXPECT_FALSE(trusted(gate)) << "without its intermediate";
  received = whole;
  anchors = {make_authority("C=CH, O=Example, CN=Root").certificate};
  EXPECT_FALSE(trusted(gate)) << "another connection's anchors";
}

TEST_F(CertificateCacheTest, EndsWithTheFirstOfTheChain) {
  const Holder brief =
      issue({.subject = "CN=Brief", .authority = true, .not_after = pki_now + std::chrono::hours(1)}, &root);
  gate = issue({.subject = "CN=gate"}, &brief);
  received = {gate.certificate, brief.certificate};
  ASSERT_TRUE(trusted(gate));
  EXPECT_TRUE(remembered(pki_now + std::chrono::hours(1)));
  EXPECT_FALSE(remembered(pki_now + std::chrono::hours(1) + std::chrono::seconds(1)));
  EXPECT_FALSE(trusted(gate, pki_now + std::chrono::hours(1) + std::chrono::seconds(1)));
}

TEST_F(CertificateCacheTest, EndsWhenACrlEnds) {
  const auto end = pki_now + std::chrono::hours(2);
  crls = {make_crl(root, {}, end), make_crl(middle, {}, end)};
  ASSERT_TRUE(trusted(gate, pki_now, Revocation::strict));
  EXPECT_TRUE(remembered(end - std::chrono::seconds(1), Revocation::strict));
  EXPECT_FALSE(remembered(end, Revocation::strict));
  EXPECT_FALSE(trusted(gate, end + std::chrono::seconds(1), Revocation::strict));
}

TEST_F(CertificateCacheTest, KeepsNothingThatNobodyTrusts) {
  const Holder stranger = issue({.subject = "CN=stranger"});
  EXPECT_FALSE(trusted(stranger));
  EXPECT_EQ(cache.size(), 0U);
  // What a trusted peer sends along, and what does not lead to the anchor.
  received.push_back(stranger.certificate);
  EXPECT_TRUE(trusted(gate));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_FALSE(cache.find(stranger.certificate.der()));
  crls = {make_crl(root, {}), make_crl(middle, {gate.certificate})};
  cache.clear();
  EXPECT_FALSE(trusted(gate));
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(CertificateCacheTest, IsBoundedAndForgetsTheLeastUsed) {
  cache = CertificateCache(2);
  anchors = {middle.certificate};
  received.clear();
  const Holder second = issue({.subject = "CN=second"}, &middle);
  const Holder third = issue({.subject = "CN=third"}, &middle);
  ASSERT_TRUE(trusted(gate));
  ASSERT_TRUE(trusted(second));
  EXPECT_TRUE(cache.find(gate.certificate.der()));
  ASSERT_TRUE(trusted(third));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_TRUE(cache.find(gate.certificate.der()));
  EXPECT_FALSE(cache.find(second.certificate.der()));
  EXPECT_TRUE(trusted(second)) << "forgotten is not refused";
  cache = CertificateCache(0);
  EXPECT_TRUE(trusted(gate));
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace espgate::ike
