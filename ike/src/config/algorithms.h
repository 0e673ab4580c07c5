// What the negotiation and the key derivation must know of each algorithm.
#pragma once

#include <cstddef>

#include "ike/config.h"

namespace espgate::ike {

constexpr bool is_aead(Encryption algorithm) {
  return algorithm == Encryption::aes_gcm_16;
}

// Bytes of keying material for a cipher: AES-GCM takes a 4-byte salt behind the key (RFC 5282 section 7.1,
// RFC 4106 section 8.1).
constexpr std::size_t key_material_size(const EncryptionTransform& transform) {
  return transform.key_bits / 8U + (is_aead(transform.algorithm) ? 4U : 0U);
}
// Bytes of output, which are also the preferred key size (RFC 4868 section 2.1.1).
std::size_t output_size(Prf prf);
std::size_t key_size(Integrity integrity);
std::size_t icv_size(Integrity integrity);

}  // namespace espgate::ike
