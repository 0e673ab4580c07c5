#include "software/aes_gcm.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/secret.h"

namespace espgate::driver::software {
namespace {

// `to` is null for AAD. A call without bytes would mean something else to OpenSSL.
bool update(EVP_CIPHER_CTX* context, ByteView from, std::uint8_t* to) {
  int written = 0;
  return from.empty() ||
         EVP_CipherUpdate(context, to, &written, from.data(), static_cast<int>(from.size())) == 1;
}

}  // namespace

void AesGcm::Free::operator()(EVP_CIPHER_CTX* context) const {
  EVP_CIPHER_CTX_free(context);
}

std::optional<AesGcm> AesGcm::create(Use use, ByteView key, CryptoLibrary library) {
  if (key.size() != 16 && key.size() != 32) {
    return std::nullopt;
  }
  AesGcm gcm;
  if (library == CryptoLibrary::ipsec_mb || (library == CryptoLibrary::fastest && IpsecMbGcm::available())) {
    gcm.m_ipsec_mb = IpsecMbGcm::create(key);
    return gcm.m_ipsec_mb ? std::optional(std::move(gcm)) : std::nullopt;
  }
  gcm.m_context.reset(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  // The default nonce length of these ciphers is 12.
  if (!gcm.m_context || EVP_CipherInit_ex(gcm.m_context.get(), cipher, nullptr, key.data(), nullptr,
                                          use == Use::seal ? 1 : 0) != 1) {
    return std::nullopt;
  }
  return gcm;
}

bool AesGcm::seal(const GcmNonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv, ByteView more_aad) {
  if (icv.size() != GcmIcv{}.size() || !(text.empty() || more_aad.empty())) {
    return false;
  }
  if (!m_ipsec_mb) {
    return seal_with_openssl(nonce, aad, text, icv, more_aad);
  }
  if (more_aad.empty()) {
    m_ipsec_mb->seal(nonce, aad, text, icv);
  } else {
    m_ipsec_mb->authenticate(nonce, aad, more_aad, icv);
  }
  return true;
}

bool AesGcm::open(const GcmNonce& nonce, ByteView aad, ByteView from, ByteSpan to, ByteView icv,
                  ByteView more_aad) {
  GcmIcv expected{};
  if (icv.size() != expected.size() || !(from.empty() || more_aad.empty())) {
    return false;
  }
  if (!m_ipsec_mb) {
    std::ranges::copy(icv, expected.begin());
    return open_with_openssl(nonce, aad, from, to, expected, more_aad);
  }
  if (more_aad.empty()) {
    m_ipsec_mb->open(nonce, aad, from, to, expected);
  } else {
    m_ipsec_mb->authenticate(nonce, aad, more_aad, expected);
  }
  return equal_constant_time(icv, expected);
}

bool AesGcm::seal_with_openssl(const GcmNonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv,
                               ByteView more_aad) {
  EVP_CIPHER_CTX* context = m_context.get();
  int written = 0;
  return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
         update(context, aad, nullptr) && update(context, more_aad, nullptr) &&
         update(context, text, text.data()) && EVP_EncryptFinal_ex(context, nullptr, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(icv.size()), icv.data()) == 1;
}

// OpenSSL takes the expected ICV through a pointer to non-const.
bool AesGcm::open_with_openssl(const GcmNonce& nonce, ByteView aad, ByteView from, ByteSpan to, GcmIcv& icv,
                               ByteView more_aad) {
  EVP_CIPHER_CTX* context = m_context.get();
  int written = 0;
  return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
         update(context, aad, nullptr) && update(context, more_aad, nullptr) &&
         update(context, from, to.data()) &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(icv.size()), icv.data()) == 1 &&
         EVP_DecryptFinal_ex(context, nullptr, &written) == 1;
}

}  // namespace espgate::driver::software
