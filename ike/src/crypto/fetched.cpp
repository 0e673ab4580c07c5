#include "crypto/fetched.h"

#include <array>
#include <utility>

namespace espgate::ike {
namespace {

using MdPtr = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using CipherPtr = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;

template <typename Pointer>
Pointer required(Pointer algorithm) {
  require(algorithm != nullptr, "an algorithm that OpenSSL must have");
  return algorithm;
}

MdPtr digest(const char* name) {
  return required(MdPtr(EVP_MD_fetch(nullptr, name, nullptr)));
}

CipherPtr cipher(const char* name) {
  return required(CipherPtr(EVP_CIPHER_fetch(nullptr, name, nullptr)));
}

}  // namespace

// What is looked up never changes, and OpenSSL lets all threads use it.
const EVP_MD* fetched(Hash hash) {
  static const std::array<MdPtr, 4> all{digest("SHA1"), digest("SHA256"), digest("SHA384"), digest("SHA512")};
  return all.at(std::to_underlying(hash)).get();
}

const EVP_CIPHER* fetched_aes(CipherMode mode, std::size_t key_bits) {
  static const std::array<std::array<CipherPtr, 3>, 3> all{
      {{cipher("AES-128-GCM"), cipher("AES-192-GCM"), cipher("AES-256-GCM")},
       {cipher("AES-128-CBC"), cipher("AES-192-CBC"), cipher("AES-256-CBC")},
       {cipher("AES-128-CTR"), cipher("AES-192-CTR"), cipher("AES-256-CTR")}}};
  constexpr std::size_t smallest = 128;
  constexpr std::size_t step = 64;
  constexpr std::size_t largest = 256;
  if (key_bits < smallest || key_bits > largest || key_bits % step != 0) {
    return nullptr;
  }
  return all.at(std::to_underlying(mode)).at((key_bits - smallest) / step).get();
}

const EVP_CIPHER* fetched_chacha20_poly1305() {
  static const CipherPtr one = cipher("ChaCha20-Poly1305");
  return one.get();
}

EVP_MAC* fetched_cmac() {
  static const MacPtr one = required(MacPtr(EVP_MAC_fetch(nullptr, "CMAC", nullptr)));
  return one.get();
}

}  // namespace espgate::ike
