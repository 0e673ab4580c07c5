// The inside of Certificate and Crl.
#pragma once

#include <openssl/x509.h>

#include "auth/public_key.h"
#include "config/distinguished_name.h"

namespace espgate::ike {

using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

struct Certificate::Impl {
  X509Ptr x509;
  Bytes der;
  PublicKey key;
};

struct Crl::Impl {
  X509CrlPtr crl;
  Bytes der;
};

inline const PublicKey& public_key_of(const Certificate& certificate) {
  return certificate.impl().key;
}

}  // namespace espgate::ike
