// Certificates and keys in the folders beside swanctl.conf.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "config/gateway_config.h"
#include "temp_dir.h"
#include "test_pki.h"

namespace espgate::host::config {
namespace {

using ike::test::Holder;

std::string_view text_of(const Bytes& bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes to characters.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A folder as an operator lays it out.
class CredentialFolder : public ::testing::Test {
 protected:
  CredentialFolder() {
    for (const char* name : {"x509", "x509ca", "x509crl", "private", "ecdsa"}) {
      std::filesystem::create_directory(dir.path(name));
    }
    dir.write("x509ca/root.pem", text_of(ike::test::to_pem(root.certificate)));
    dir.write("x509/gate.pem", text_of(ike::test::to_pem(gate.certificate)));
    dir.write("private/gate.pem", text_of(ike::test::to_pem(gate.key)));
  }

  std::expected<GatewayConfig, ConfigErrors> load(std::string_view local, std::string_view remote,
                                                  std::string_view more = {}) {
    return load_gateway_config(dir.write(
        "swanctl.conf",
        fmt::format("connections {{ x {{\nlocal {{\n{}\n}}\nremote {{\n{}\n}}\nchildren {{ c {{\nlocal_ts = "
                    "10.1.0.0/24\nremote_ts = 10.2.0.0/24\n}} }} }} }}\n{}",
                    local, remote, more)));
  }
  std::string refusal(std::string_view local, std::string_view remote, std::string_view more = {}) {
    const auto config = load(local, remote, more);
    return config ? std::string("accepted") : fmt::format("{}", fmt::join(config.error(), "\n"));
  }

  TempDir dir;
  Holder root = ike::test::make_authority("CN=Root");
  Holder gate = ike::test::issue({.subject = "CN=gate", .alternative_names = "DNS:gate.example.org"}, &root);
};

TEST_F(CredentialFolder, IsReadWhole) {
  dir.write("x509crl/root.crl", text_of(ike::test::make_crl_der(root, {})));
  const auto config = load("auth = pubkey\nid = gate.example.org",
                           "auth = ecdsa-256-sha256\nid = *.example.org\n"
                           "revocation = strict\nallowed_ts = 10.2.0.0/16");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->credentials.certificates.size(), 1U);
  EXPECT_EQ(config->credentials.authorities.size(), 1U);
  EXPECT_EQ(config->credentials.crls.size(), 1U);
  ASSERT_EQ(config->credentials.keys.size(), 1U);
  EXPECT_EQ(config->credentials.keys.front().id(), gate.key.id());
  const ike::ConnectionConfig& connection = config->connections.front().ike;
  EXPECT_EQ(connection.local_auth.kind, ike::AuthKind::signature);
  EXPECT_EQ(connection.remote_auth.kind, ike::AuthKind::signature);
  EXPECT_EQ(connection.remote_auth.rules, *ike::SignatureRules::parse("ecdsa-256-sha256"));
  EXPECT_EQ(connection.remote_auth.revocation, ike::Revocation::strict);
  EXPECT_EQ(connection.remote_id.to_string(), "*.example.org");
  EXPECT_EQ(connection.allowed_remote, std::vector{*IpRange::parse("10.2.0.0/16")});
}

TEST_F(CredentialFolder, CertificatesMayBeNamed) {
  const Holder peer = ike::test::issue({.subject = "CN=peer"});
  const std::string elsewhere = dir.write("peer.pem", text_of(ike::test::to_pem(peer.certificate)));
  const auto config = load("certs = gate.pem", "certs = " + elsewhere + "\ncacerts = root.pem");
  ASSERT_TRUE(config) << config.error().front();
  const ike::ConnectionConfig& connection = config->connections.front().ike;
  EXPECT_EQ(connection.local_auth.kind, ike::AuthKind::signature) << "pubkey is strongSwan's default";
  ASSERT_EQ(connection.local_auth.certificates.size(), 1U);
  EXPECT_EQ(connection.local_auth.certificates.front(), gate.certificate);
  ASSERT_EQ(connection.remote_auth.certificates.size(), 1U);
  EXPECT_EQ(connection.remote_auth.certificates.front(), peer.certificate);
  ASSERT_EQ(connection.remote_auth.authorities.size(), 1U);
}

TEST_F(CredentialFolder, PassphrasesOpenKeys) {
  std::filesystem::remove(dir.path("private/gate.pem"));
  dir.write("ecdsa/gate.pem", text_of(ike::test::to_encrypted_pem(gate.key, "open")));
  const auto with = [&](std::string_view secrets) {
    return refusal("id = gate.example.org", "id = %any", secrets);
  };
  EXPECT_EQ(with("secrets { ecdsa-gate {\nfile = gate.pem\nsecret = open\n} }\n"), "accepted");
  EXPECT_NE(with("").find("a secret for it is needed"), std::string::npos);
  EXPECT_NE(with("secrets { ecdsa-gate {\nfile = gate.pem\nsecret = shut\n} }\n").find("not with the secret"),
            std::string::npos);
}

TEST_F(CredentialFolder, KeysThatEverybodyMayReadAreRefused) {
  for (const unsigned mode : {0644U, 0604U}) {
    dir.write("private/gate.pem", text_of(ike::test::to_pem(gate.key)), mode);
    EXPECT_NE(refusal("id = gate.example.org", "id = %any").find("everybody may open"), std::string::npos);
  }
  dir.write("private/gate.pem", text_of(ike::test::to_pem(gate.key)), 0640);
  EXPECT_EQ(refusal("id = gate.example.org", "id = %any"), "accepted");
}

TEST_F(CredentialFolder, WhatCannotBeUsedIsNamedWithItsReason) {
  EXPECT_NE(refusal("id = other.example.org", "id = %any").find("no certificate of 'other.example.org'"),
            std::string::npos);
  EXPECT_NE(refusal("certs = none.pem", "id = %any").find("none.pem"), std::string::npos);
  EXPECT_NE(refusal("id = gate.example.org", "cacerts = " + dir.path("x509/gate.pem")).find("no authority"),
            std::string::npos);
  EXPECT_NE(
      refusal("id = gate.example.org", "id = %any\nrevocation = never").find("relaxed, ifuri and strict"),
      std::string::npos);
  EXPECT_NE(refusal("id = gate.example.org", "id = %any",
                    "authorities { a {\ncrl_uris = http://example.org/crl\n} }\n")
                .find("crl_uris: not supported by this version: fetching CRLs"),
            std::string::npos);
  dir.write("x509/broken.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  EXPECT_NE(refusal("id = gate.example.org", "id = %any").find("broken.pem: not an X.509 certificate"),
            std::string::npos);
  std::filesystem::remove(dir.path("x509/broken.pem"));
  std::filesystem::remove(dir.path("private/gate.pem"));
  EXPECT_NE(refusal("id = gate.example.org", "id = %any").find("no private key"), std::string::npos);
  EXPECT_EQ(refusal("auth = psk", "auth = psk"), "accepted");
  std::filesystem::remove(dir.path("x509ca/root.pem"));
  EXPECT_NE(refusal("auth = psk", "id = %any").find("no authority"), std::string::npos);
  // Its subject is the authority's, but the file of the authority may stand anywhere.
  const std::string elsewhere = dir.write("root.pem", text_of(ike::test::to_pem(root.certificate)));
  EXPECT_EQ(refusal("auth = psk", "id = %any", "authorities { a {\ncacert = " + elsewhere + "\n} }\n"),
            "accepted");
}

}  // namespace
}  // namespace espgate::host::config
