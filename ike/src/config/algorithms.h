// What the negotiation and the key derivation must know of each algorithm.
#pragma once

#include <cstddef>

#include "ike/config.h"

namespace espgate::ike {

// Whether the cipher brings its own integrity, GMAC included.
bool is_aead(Encryption algorithm);
// Bytes of keying material for a cipher: the key, and the salt behind it where it has one.
std::size_t key_material_size(const EncryptionTransform& transform);
std::size_t salt_size(Encryption algorithm);
// Bytes of output, which are also the preferred key size (RFC 4868 section 2.1.1, RFC 4615 section 3).
std::size_t output_size(Prf prf);
std::size_t key_size(Integrity integrity);
std::size_t icv_size(Integrity integrity);

}  // namespace espgate::ike
