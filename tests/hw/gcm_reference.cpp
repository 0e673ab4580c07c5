#include "gcm_reference.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "base/hex.h"

namespace espgate::test {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context new_context() {
  Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!context) {
    throw std::runtime_error("EVP_CIPHER_CTX_new failed");
  }
  return context;
}

void check(int result, const char* what) {
  if (result != 1) {
    throw std::runtime_error(what);
  }
}

}  // namespace

Bytes bytes_of(std::string_view hex) {
  if (auto bytes = from_hex(hex)) {
    return *std::move(bytes);
  }
  throw std::runtime_error("a test vector is not hexadecimal");
}

// NIST SP 800-38D 6.3, algorithm 1, on two 64-bit halves.
Block gf128_multiply(const Block& a, const Block& b) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint64_t v_high = load_be64(b);
  std::uint64_t v_low = load_be64(b, 8);
  for (std::size_t i = 0; i < 128; ++i) {
    const std::uint64_t take = 0 - static_cast<std::uint64_t>((a[i / 8] >> (7 - i % 8)) & 1);
    high ^= v_high & take;
    low ^= v_low & take;
    const std::uint64_t carry = 0 - (v_low & 1);
    v_low = (v_low >> 1) | (v_high << 63);
    v_high = (v_high >> 1) ^ (carry & 0xe100000000000000);
  }
  Block product{};
  store_be64(product, 0, high);
  store_be64(product, 8, low);
  return product;
}

Block gf128_power(const Block& base, int exponent) {
  Block result{0x80};
  Block square = base;
  if (exponent < 0) {
    // The inverse is base^(2^128 - 2): the product of base^(2^i) for i from 1 to 127.
    Block inverse{0x80};
    for (int i = 1; i < 128; ++i) {
      square = gf128_multiply(square, square);
      inverse = gf128_multiply(inverse, square);
    }
    square = inverse;
    exponent = -exponent;
  }
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) {
      result = gf128_multiply(result, square);
    }
    square = gf128_multiply(square, square);
  }
  return result;
}

Block aes_encrypt(ByteView key, const Block& block) {
  const Context context = new_context();
  Block out{};
  int written = 0;
  check(EVP_EncryptInit_ex2(context.get(), key.size() == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb(),
                            key.data(), nullptr, nullptr),
        "AES-ECB: initialisation failed");
  check(EVP_CIPHER_CTX_set_padding(context.get(), 0), "AES-ECB: padding");
  check(EVP_EncryptUpdate(context.get(), out.data(), &written, block.data(), 16), "AES-ECB: block failed");
  return out;
}

GcmResult gcm_encrypt(const GcmPacket& packet) {
  if (packet.gmac) {
    GcmPacket mac = packet;
    mac.aad.insert(mac.aad.end(), packet.text.begin(), packet.text.end());
    mac.text.clear();
    mac.gmac = false;
    return {.text = packet.text, .tag = gcm_encrypt(mac).tag};
  }
  const Context context = new_context();
  GcmResult result{.text = Bytes(packet.text.size()), .tag = {}};
  int written = 0;
  check(EVP_EncryptInit_ex2(context.get(), packet.key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(),
                            packet.key.data(), packet.nonce.data(), nullptr),
        "AES-GCM: initialisation failed");
  if (!packet.aad.empty()) {
    check(EVP_EncryptUpdate(context.get(), nullptr, &written, packet.aad.data(),
                            static_cast<int>(packet.aad.size())),
          "AES-GCM: AAD failed");
  }
  if (!packet.text.empty()) {
    check(EVP_EncryptUpdate(context.get(), result.text.data(), &written, packet.text.data(),
                            static_cast<int>(packet.text.size())),
          "AES-GCM: text failed");
  }
  // GCM is a stream: the end gives no text.
  Block nothing{};
  check(EVP_EncryptFinal_ex(context.get(), nothing.data(), &written), "AES-GCM: end failed");
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, result.tag.data()),
        "AES-GCM: tag failed");
  return result;
}

}  // namespace espgate::test
