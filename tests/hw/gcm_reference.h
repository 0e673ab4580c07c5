// AES-GCM by OpenSSL, and the hash key powers that the core is given: what the RTL is compared with.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace espgate::test {

using Block = std::array<std::uint8_t, 16>;

struct GcmPacket {
  Bytes key;          // 16 or 32 bytes
  Bytes nonce;        // 12 bytes
  Bytes aad;          // at most 16 bytes; with GMAC exactly 16
  Bytes text;         // at least 1 byte
  bool gmac = false;  // RFC 4543: the text is the rest of the AAD
};

struct GcmResult {
  Bytes text;
  Block tag{};
  bool operator==(const GcmResult&) const = default;
};

// Hex digits of a test vector; throws on anything else.
Bytes bytes_of(std::string_view hex);

// A field element, first byte most significant: bit 7 of byte 0 is the coefficient of x^0.
Block gf128_multiply(const Block& a, const Block& b);
Block gf128_power(const Block& base, int exponent);  // negative exponents too; base is not zero

Block aes_encrypt(ByteView key, const Block& block);
// `text` is plaintext; the result's text is ciphertext, or with GMAC the same again.
GcmResult gcm_encrypt(const GcmPacket& packet);

}  // namespace espgate::test
