// Whether a certificate is to be trusted (RFC 5280 section 6, RFC 4945 section 5). Pure: the same inputs give
// the same verdict, and the time of day is one of them.
#pragma once

#include <chrono>
#include <span>

#include "auth/certificate.h"
#include "ike/config.h"

namespace espgate::ike {

struct TrustContext {
  std::span<const Certificate> authorities;    // trust anchors, whoever issued them
  std::span<const Certificate> intermediates;  // others' word only: they must lead to an anchor
  std::span<const Crl> crls;
  Revocation revocation = Revocation::relaxed;
  std::chrono::sys_seconds now;
  std::size_t max_depth = 8;
};

// The chain from the certificate to its trust anchor. The error names the certificate that is at fault and
// why.
Expected<std::vector<Certificate>> verify_chain(const Certificate& certificate, const TrustContext& context);

// What a certificate must have to be used with IKE, whoever trusts it: valid at the time, and a key usage for
// signatures where it has a key usage at all (RFC 4945 section 5.1.3).
Expected<> check_usage(const Certificate& certificate, std::chrono::sys_seconds now);

}  // namespace espgate::ike
