// The powers of the GHASH key that the hardware multiplies with (engine.md "GHASH without a bubble"; the SA
// row's h_n).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"

namespace espgate::driver {

// An element of GF(2^128) as GHASH writes it (SP 800-38D section 6.3): the first bit of a block, the most
// significant of its first byte, is the coefficient of x^0. Wipes itself.
class Gf128 {
 public:
  Gf128() = default;
  Gf128(const Gf128&) = default;
  Gf128& operator=(const Gf128&) = default;
  ~Gf128() { wipe(); }

  static Gf128 from_block(ByteView block);  // 16 bytes
  static Gf128 one();
  std::array<std::uint8_t, 16> block() const;

  // No branch and no memory access depends on either value.
  Gf128 operator*(const Gf128& other) const;
  Gf128 squared() const { return *this * *this; }
  // Zero for zero.
  Gf128 inverse() const;

  bool operator==(const Gf128&) const = default;

 private:
  void wipe();

  std::uint64_t m_high = 0;  // first half of the block
  std::uint64_t m_low = 0;
};

// H^1, H^2, H^3, H^4, H^8, H^12, H^16, H^20, H^-1, H^-2 of an AES key's H.
struct HashPowers {
  Gf128 h_1, h_2, h_3, h_4, h_8, h_12, h_16, h_20, h_m1, h_m2;

  static HashPowers of_h(const Gf128& h);
  // H = AES(key, 0); the key has 16 or 32 bytes. nullopt when OpenSSL fails.
  static std::optional<HashPowers> of_key(ByteView key);
};

}  // namespace espgate::driver
