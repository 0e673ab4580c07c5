// The inside of PrivateKey.
#pragma once

#include "auth/public_key.h"
#include "ike/credentials.h"

namespace espgate::ike {

// OpenSSL wipes the secret numbers of a key when it frees it.
struct PrivateKey::Impl {
  PkeyPtr key;
  PublicKey public_key;
};

inline const PublicKey& public_key_of(const PrivateKey& key) {
  return key.impl().public_key;
}

}  // namespace espgate::ike
