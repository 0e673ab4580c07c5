// What a peer's certificate requests ask for (RFC 7296 section 3.7).
#pragma once

#include <vector>

#include "ike/credentials.h"
#include "wire/message.h"

namespace espgate::ike {

struct CertificateWish {
  bool asked = false;
  // SHA-1 of the SubjectPublicKeyInfo of each authority that the peer trusts.
  std::vector<KeyId> authorities;
};
// At most Limits::max_certificate_requests authorities are looked at.
CertificateWish certificate_wish(const wire::Payloads& payloads, const Limits& limits);

}  // namespace espgate::ike
