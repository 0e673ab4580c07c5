#include "gf128.h"

#include <openssl/evp.h>

#include <memory>

namespace espgate::driver {
namespace {

// x^128 = x^7 + x^2 + x + 1, in GHASH's bit order.
constexpr std::uint64_t reduction = 0xe1ULL << 56;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

}  // namespace

void Gf128::wipe() {
  // Through volatile, so that the compiler keeps the stores although the object is going away.
  *const_cast<volatile std::uint64_t*>(&m_high) = 0;
  *const_cast<volatile std::uint64_t*>(&m_low) = 0;
}

Gf128 Gf128::from_block(ByteView block) {
  Gf128 value;
  value.m_high = load_be64(block, 0);
  value.m_low = load_be64(block, 8);
  return value;
}

Gf128 Gf128::one() {
  Gf128 value;
  value.m_high = 1ULL << 63;
  return value;
}

std::array<std::uint8_t, 16> Gf128::block() const {
  std::array<std::uint8_t, 16> bytes{};
  store_be64(bytes, 0, m_high);
  store_be64(bytes, 8, m_low);
  return bytes;
}

// SP 800-38D section 6.3, algorithm 1, with masks in the place of its branches.
Gf128 Gf128::operator*(const Gf128& other) const {
  Gf128 product;
  Gf128 shifted = other;
  for (unsigned i = 0; i < 128; ++i) {
    const std::uint64_t word = i < 64 ? m_high : m_low;
    const std::uint64_t take = -((word >> (63 - i % 64)) & 1U);
    product.m_high ^= shifted.m_high & take;
    product.m_low ^= shifted.m_low & take;
    const std::uint64_t reduce = -(shifted.m_low & 1U);
    shifted.m_low = (shifted.m_low >> 1) | (shifted.m_high << 63);
    shifted.m_high = (shifted.m_high >> 1) ^ (reduction & reduce);
  }
  return product;
}

// Fermat: a^(2^128 - 2), whose exponent is 127 ones and a zero.
Gf128 Gf128::inverse() const {
  Gf128 result = one();
  Gf128 square = *this;
  for (int i = 1; i < 128; ++i) {
    square = square.squared();
    result = result * square;
  }
  return result;
}

HashPowers HashPowers::of_h(const Gf128& h) {
  HashPowers powers;
  powers.h_1 = h;
  powers.h_2 = h.squared();
  powers.h_3 = powers.h_2 * h;
  powers.h_4 = powers.h_2.squared();
  powers.h_8 = powers.h_4.squared();
  powers.h_12 = powers.h_8 * powers.h_4;
  powers.h_16 = powers.h_8.squared();
  powers.h_20 = powers.h_16 * powers.h_4;
  powers.h_m1 = h.inverse();
  powers.h_m2 = powers.h_m1.squared();
  return powers;
}

std::optional<HashPowers> HashPowers::of_key(ByteView key) {
  if (key.size() != 16 && key.size() != 32) {
    return std::nullopt;
  }
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
  const std::array<std::uint8_t, 16> zero{};
  std::array<std::uint8_t, 16> h{};
  int written = 0;
  if (!context || EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
      EVP_EncryptUpdate(context.get(), h.data(), &written, zero.data(), static_cast<int>(zero.size())) != 1 ||
      written != static_cast<int>(h.size())) {
    return std::nullopt;
  }
  HashPowers powers = of_h(Gf128::from_block(h));
  espgate::wipe(h);
  return powers;
}

}  // namespace espgate::driver
