// The inside of Certificate and Crl.
#pragma once

#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "auth/public_key.h"
#include "config/distinguished_name.h"

namespace espgate::ike {

using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

struct Certificate::Impl {
  X509Ptr x509;
  Bytes der;
  PublicKey key;
  // Read once: they are compared in every handshake.
  std::array<std::uint8_t, 32> digest;  // SHA-256 of `der`
  Identity subject;
  Identity issuer;
  std::vector<Identity> alternative_names;
};

struct Crl::Impl {
  X509CrlPtr crl;
  Bytes der;
  // When what it says begins and ends to count; nullopt where it says nothing of an end.
  std::chrono::sys_seconds this_update;
  std::optional<std::chrono::sys_seconds> next_update;
};

inline const PublicKey& public_key_of(const Certificate& certificate) {
  return certificate.impl().key;
}

}  // namespace espgate::ike
