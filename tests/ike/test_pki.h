// Authorities, certificates and CRLs that are made while a test runs.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "auth/certificate.h"
#include "ike/stack.h"
#include "test_keys.h"

namespace espgate::ike::test {

// 2026-06-01 00:00 UTC, when all that is made is valid unless said otherwise.
constexpr std::chrono::sys_seconds pki_now = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

// A certificate and its private key.
struct Holder {
  Certificate certificate;
  PrivateKey key;
};

struct CertificateSpec {
  std::string subject;              // "C=CH, O=Example, CN=gate"
  std::string alternative_names{};  // OpenSSL's notation: "DNS:gate.example.org,IP:192.0.2.1"
  bool authority = false;
  // Further extensions in OpenSSL's notation, by NID; they replace those that are made otherwise.
  std::map<int, std::string> extensions{};
  std::string key_kind = "P-256";
  std::chrono::sys_seconds not_before = pki_now - std::chrono::days(30);
  std::chrono::sys_seconds not_after = pki_now + std::chrono::days(30);
  bool sha1 = false;
};

// Issued by `issuer`, or by itself.
Holder issue(const CertificateSpec& spec, const Holder* issuer = nullptr);
Holder make_authority(const std::string& subject, const Holder* issuer = nullptr);
Bytes make_crl_der(const Holder& issuer, const std::vector<Certificate>& revoked,
                   std::chrono::sys_seconds next_update = pki_now + std::chrono::days(7));
Crl make_crl(const Holder& issuer, const std::vector<Certificate>& revoked,
             std::chrono::sys_seconds next_update = pki_now + std::chrono::days(7));
Bytes to_pem(const Certificate& certificate);

}  // namespace espgate::ike::test
