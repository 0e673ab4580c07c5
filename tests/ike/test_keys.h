// Keys that are made while a test runs.
#pragma once

#include <array>
#include <string_view>

#include "auth/private_key.h"

namespace espgate::ike::test {

inline constexpr std::array key_kinds{"RSA-2048", "P-256", "P-384", "P-521", "ED25519", "ED448"};

// "RSA-2048", a curve, "ED25519" or "ED448". The error is that of PrivateKey::parse.
Expected<PrivateKey> make_private_key(std::string_view kind);
Bytes to_pem(const PrivateKey& key);
Bytes to_der(const PrivateKey& key);
Bytes to_encrypted_pem(const PrivateKey& key, std::string_view passphrase);
// PKCS #1 v1.5 with SHA-1, which the library itself never makes.
Bytes sign_with_sha1(const PrivateKey& key, ByteView octets);
// An odd modulus of so many bits, not the product of two primes, and this exponent.
PkeyPtr rsa_public_key(int bits, unsigned exponent);

}  // namespace espgate::ike::test
