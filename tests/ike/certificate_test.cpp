// Certificates: what is read, whose they are, and whether they are to be trusted.
#include <gtest/gtest.h>
#include <openssl/objects.h>

#include "auth/certificate_verifier.h"
#include "auth/own_certificate.h"
#include "test_pki.h"

namespace espgate::ike {
namespace {

using test::CertificateSpec;
using test::Holder;
using test::issue;
using test::make_authority;
using test::make_crl;
using test::pki_now;

Identity id(std::string_view text) {
  return Identity::parse(text).value();
}

// "trusted", or why not.
std::string verdict(const Certificate& certificate, const TrustContext& context) {
  const auto chain = verify_chain(certificate, context);
  return chain ? std::string("trusted") : chain.error().message;
}

struct Pki {
  Holder root = make_authority("C=CH, O=Example, CN=Root");
  Holder middle = make_authority("C=CH, O=Example, CN=Middle", &root);
  Holder gate =
      issue({.subject = "C=CH, O=Example, CN=gate", .alternative_names = "DNS:gate.example.org"}, &middle);
  std::vector<Certificate> anchors{root.certificate};
  std::vector<Certificate> intermediates{middle.certificate};
  std::vector<Crl> crls;

  TrustContext context() const {
    return {.authorities = anchors, .intermediates = intermediates, .crls = crls, .now = pki_now};
  }
};

TEST(Certificate, IsReadFromDerAndPem) {
  const Holder holder = issue({.subject = "C=CH, O=Example, CN=gate"});
  const auto again = Certificate::parse(test::to_pem(holder.certificate));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, holder.certificate);
  EXPECT_EQ(again->subject().to_string(), "C=CH, O=Example, CN=gate");
  EXPECT_EQ(again->key_id(), holder.key.id());
  EXPECT_EQ(again->not_before(), pki_now - std::chrono::days(30));
  EXPECT_EQ(again->not_after(), pki_now + std::chrono::days(30));
  EXPECT_FALSE(again->is_authority());
  Bytes der(holder.certificate.der().begin(), holder.certificate.der().end());
  der.push_back(0);
  EXPECT_FALSE(Certificate::parse(der));
  for (std::size_t size = 0; size < der.size() - 1; size += 7) {
    EXPECT_FALSE(Certificate::parse(ByteView(der).first(size)));
  }
  EXPECT_FALSE(Crl::parse(der));
  EXPECT_FALSE(Certificate::parse(Bytes(70000, 0x30)));
}

TEST(Certificate, NamesItsSubjectAndAlternativesOnly) {
  const Holder holder = issue({.subject = "C=CH, O=Example, CN=gate.example.org",
                               .alternative_names = "DNS:Other.example.org,email:carol@example.org,"
                                                    "IP:192.0.2.1,IP:2001:db8::1"});
  const Certificate& certificate = holder.certificate;
  for (const char* text : {"C=CH, O=example,  CN=GATE.example.org", "other.example.org", "carol@EXAMPLE.org",
                           "192.0.2.1", "2001:db8::1"}) {
    EXPECT_TRUE(certificate.names(id(text))) << text;
  }
  // Not by its common name, nor by part of anything.
  for (const char* text :
       {"gate.example.org", "example.org", "other.example.org.evil", "192.0.2.2", "dave@example.org",
        "C=CH, O=Example", "C=CH, O=Example, CN=gate, CN=x", "keyid:0x0102"}) {
    EXPECT_FALSE(certificate.names(id(text))) << text;
  }
  EXPECT_FALSE(certificate.names({}));
  EXPECT_FALSE(certificate.names({IdType::fqdn, {}}));
}

TEST(Trust, FollowsTheChainToAnAnchor) {
  const Pki pki;
  EXPECT_EQ(verdict(pki.gate.certificate, pki.context()), "trusted");
  EXPECT_EQ(verify_chain(pki.gate.certificate, pki.context())->size(), 3U);
  Pki lonely = pki;
  lonely.intermediates.clear();
  EXPECT_NE(verdict(pki.gate.certificate, lonely.context()).find("unable to get"), std::string::npos);
  Pki other = pki;
  other.anchors = {make_authority("C=CH, O=Example, CN=Root").certificate};
  EXPECT_NE(verdict(pki.gate.certificate, other.context()).find("not trusted"), std::string::npos);
  // An intermediate may be the anchor itself.
  Pki partial = pki;
  partial.anchors = {pki.middle.certificate};
  partial.intermediates.clear();
  EXPECT_EQ(verdict(pki.gate.certificate, partial.context()), "trusted");
  // A peer's own root among what it sends is no anchor.
  Pki brought = pki;
  brought.anchors.clear();
  brought.intermediates = {pki.middle.certificate, pki.root.certificate};
  EXPECT_NE(verdict(pki.gate.certificate, brought.context()).find("not trusted"), std::string::npos);
}

TEST(Trust, EndsWithTheTime) {
  const Pki pki;
  TrustContext context = pki.context();
  context.now = pki_now + std::chrono::days(31);
  EXPECT_NE(verdict(pki.gate.certificate, context).find("is valid from"), std::string::npos);
  context.now = pki_now - std::chrono::days(31);
  EXPECT_NE(verdict(pki.gate.certificate, context).find("is valid from"), std::string::npos);
  context.now = {};
  EXPECT_NE(verdict(pki.gate.certificate, context).find("is valid from"), std::string::npos);
  const Holder old =
      issue({.subject = "CN=Old", .authority = true, .not_after = pki_now - std::chrono::days(1)}, &pki.root);
  const Holder gate = issue({.subject = "CN=gate"}, &old);
  Pki aged = pki;
  aged.intermediates = {old.certificate};
  EXPECT_NE(verdict(gate.certificate, aged.context()).find("expired"), std::string::npos);
}

TEST(Trust, OnlyAuthoritiesIssue) {
  const Pki pki;
  const auto refused_above = [&](CertificateSpec above) {
    const Holder issuer = issue(above, &pki.root);
    const Holder gate = issue({.subject = "CN=gate"}, &issuer);
    Pki changed = pki;
    changed.intermediates = {issuer.certificate};
    return verdict(gate.certificate, changed.context());
  };
  EXPECT_NE(refused_above({.subject = "CN=no authority"}).find("not trusted"), std::string::npos);
  EXPECT_NE(
      refused_above(
          {.subject = "CN=says nothing", .authority = true, .extensions = {{NID_basic_constraints, ""}}})
          .find("not trusted"),
      std::string::npos);
  EXPECT_NE(refused_above({.subject = "CN=not for certificates",
                           .authority = true,
                           .extensions = {{NID_key_usage, "critical,cRLSign"}}})
                .find("not trusted"),
            std::string::npos);
}

TEST(Trust, PathLengthAndNameConstraintsHold) {
  const Pki pki;
  const Holder shallow = issue({.subject = "CN=Shallow",
                                .authority = true,
                                .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}}},
                               &pki.root);
  const Holder below = make_authority("CN=Below", &shallow);
  const Holder gate = issue({.subject = "CN=gate"}, &below);
  Pki changed = pki;
  changed.intermediates = {shallow.certificate, below.certificate};
  EXPECT_NE(verdict(gate.certificate, changed.context()).find("path length"), std::string::npos);

  const Holder bound = issue({.subject = "CN=Bound",
                              .authority = true,
                              .extensions = {{NID_name_constraints, "critical,permitted;DNS:example.org"}}},
                             &pki.root);
  changed.intermediates = {bound.certificate};
  const Holder inside = issue({.subject = "CN=x", .alternative_names = "DNS:a.example.org"}, &bound);
  const Holder outside = issue({.subject = "CN=x", .alternative_names = "DNS:a.example.net"}, &bound);
  EXPECT_EQ(verdict(inside.certificate, changed.context()), "trusted");
  EXPECT_NE(verdict(outside.certificate, changed.context()).find("permitted subtree"), std::string::npos);
}

TEST(Trust, UsagesMustFit) {
  const Pki pki;
  const auto with = [&](std::map<int, std::string> extensions) {
    return verdict(
        issue({.subject = "CN=gate", .extensions = std::move(extensions)}, &pki.middle).certificate,
        pki.context());
  };
  EXPECT_EQ(with({{NID_key_usage, ""}}), "trusted");
  EXPECT_EQ(with({{NID_key_usage, "nonRepudiation"}}), "trusted");
  EXPECT_NE(with({{NID_key_usage, "keyEncipherment"}}).find("key usage"), std::string::npos);
  EXPECT_NE(with({{NID_key_usage, "keyAgreement"}}).find("key usage"), std::string::npos);
  for (const char* usage : {"serverAuth", "clientAuth", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2",
                            "anyExtendedKeyUsage", "codeSigning,serverAuth"}) {
    EXPECT_EQ(with({{NID_ext_key_usage, usage}}), "trusted") << usage;
  }
  for (const char* usage : {"codeSigning", "emailProtection,timeStamping", "OCSPSigning"}) {
    EXPECT_NE(with({{NID_ext_key_usage, usage}}).find("extended key usage"), std::string::npos) << usage;
  }
}

TEST(Trust, WeakOnesInTheChainAreRefused) {
  const Pki pki;
  const Holder sha1 = issue({.subject = "CN=gate", .sha1 = true}, &pki.middle);
  EXPECT_NE(verdict(sha1.certificate, pki.context()).find("too weak"), std::string::npos);
}

TEST(Trust, TamperedOnesAreRefused) {
  const Pki pki;
  Bytes der(pki.gate.certificate.der().begin(), pki.gate.certificate.der().end());
  unsigned refused = 0;
  for (std::size_t i = 0; i < der.size(); i += 11) {
    Bytes bad = der;
    bad[i] ^= 0x01;
    const auto parsed = Certificate::parse(bad);
    EXPECT_TRUE(!parsed || verdict(*parsed, pki.context()) != "trusted") << i;
    ++refused;
  }
  EXPECT_GT(refused, 30U);
}

TEST(Revocation, WhatACrlSaysCounts) {
  Pki pki;
  const Holder revoked = issue({.subject = "CN=revoked"}, &pki.middle);
  for (const Revocation policy : {Revocation::relaxed, Revocation::if_uri, Revocation::strict}) {
    pki.crls = {make_crl(pki.root, {}), make_crl(pki.middle, {revoked.certificate})};
    TrustContext context = pki.context();
    context.revocation = policy;
    EXPECT_EQ(verdict(pki.gate.certificate, context), "trusted");
    EXPECT_NE(verdict(revoked.certificate, context).find("revoked"), std::string::npos);
    // A revoked intermediate takes all below with it.
    pki.crls = {make_crl(pki.root, {pki.middle.certificate}), make_crl(pki.middle, {})};
    context.crls = pki.crls;
    EXPECT_NE(verdict(pki.gate.certificate, context).find("revoked"), std::string::npos);
    // Old, but it says so all the same.
    pki.crls = {make_crl(pki.root, {}),
                make_crl(pki.middle, {revoked.certificate}, pki_now - std::chrono::days(1))};
    context.crls = pki.crls;
    EXPECT_NE(verdict(revoked.certificate, context), "trusted");
  }
}

TEST(Revocation, ThePolicyDecidesAboutMissingOnes) {
  Pki pki;
  const Holder with_uri = issue(
      {.subject = "CN=uri", .extensions = {{NID_crl_distribution_points, "URI:http://crl.example.org/x"}}},
      &pki.middle);
  const auto with = [&](const Holder& holder, Revocation policy) {
    TrustContext context = pki.context();
    context.revocation = policy;
    return verdict(holder.certificate, context);
  };
  EXPECT_EQ(with(pki.gate, Revocation::relaxed), "trusted");
  EXPECT_EQ(with(with_uri, Revocation::relaxed), "trusted");
  EXPECT_EQ(with(pki.gate, Revocation::if_uri), "trusted");
  EXPECT_NE(with(with_uri, Revocation::if_uri).find("CRL"), std::string::npos);
  EXPECT_NE(with(pki.gate, Revocation::strict).find("CRL"), std::string::npos);
  pki.crls = {make_crl(pki.root, {}), make_crl(pki.middle, {}, pki_now - std::chrono::days(1))};
  EXPECT_EQ(with(pki.gate, Revocation::relaxed), "trusted");
  EXPECT_NE(with(pki.gate, Revocation::strict).find("CRL"), std::string::npos);
  // A CRL that the authority has not signed says nothing.
  const Holder impostor = make_authority("C=CH, O=Example, CN=Middle");
  pki.crls = {make_crl(pki.root, {}), make_crl(impostor, {pki.gate.certificate})};
  EXPECT_NE(with(pki.gate, Revocation::strict), "trusted");
}

TEST(OwnCertificate, IsOneThatHasKeyNameAndTheWishedAuthority) {
  const Pki pki;
  const Holder other_root = make_authority("CN=Other root");
  const Holder second =
      issue({.subject = "CN=second", .alternative_names = "DNS:gate.example.org"}, &other_root);
  const Holder keyless =
      issue({.subject = "CN=keyless", .alternative_names = "DNS:keyless.example.org"}, &pki.root);
  const Credentials credentials{
      .certificates = {pki.gate.certificate, second.certificate, keyless.certificate, pki.middle.certificate},
      .authorities = {pki.root.certificate, other_root.certificate},
      .crls = {},
      .keys = {pki.gate.key, second.key}};
  const auto find = [&](const char* name, const CertificateWish& wish) {
    const auto found = find_own_certificate(credentials, {}, id(name), wish);
    return found ? found->certificate.subject().to_string() : found.error().message;
  };
  EXPECT_EQ(find("gate.example.org", {}), "C=CH, O=Example, CN=gate");
  const auto wish_for = [](const Holder& authority) {
    return CertificateWish{true, {public_key_of(authority.certificate).info_id()}};
  };
  EXPECT_EQ(find("gate.example.org", wish_for(other_root)), "CN=second");
  EXPECT_EQ(find("gate.example.org", wish_for(pki.root)), "C=CH, O=Example, CN=gate");
  EXPECT_EQ(find("gate.example.org", wish_for(make_authority("CN=Third"))), "C=CH, O=Example, CN=gate");
  EXPECT_NE(find("keyless.example.org", {}).find("no private key"), std::string::npos);
  EXPECT_NE(find("nobody.example.org", {}).find("no certificate"), std::string::npos);
  const auto chain = chain_to_send(credentials, pki.gate.certificate, 8);
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[1], pki.middle.certificate);
}

}  // namespace
}  // namespace espgate::ike
