// AES-GCM with 96-bit nonces and 16-byte ICVs (SP 800-38D), through OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"

using EVP_CIPHER_CTX = struct evp_cipher_ctx_st;

namespace espgate::driver::software {

using GcmNonce = std::array<std::uint8_t, 12>;
using GcmIcv = std::array<std::uint8_t, 16>;

// One key in one direction of use. The key lives only in OpenSSL's context, expanded once; freeing the
// context clears it (the provider frees its cipher context with OPENSSL_clear_free). The calls below allocate
// nothing.
class AesGcm {
 public:
  enum class Use : std::uint8_t { seal, open };

  // An empty object, which must not be used.
  AesGcm() = default;
  // nullopt when the key is neither 16 nor 32 bytes long, or OpenSSL refuses.
  static std::optional<AesGcm> create(Use use, ByteView key);

  // `more_aad` continues `aad`.
  // Encrypts `text` in place and writes the ICV. False when OpenSSL fails; then nothing may be sent.
  bool seal(const GcmNonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv, ByteView more_aad = {});
  // Decrypts `from` to `to`, which has the same size. False when the ICV is wrong; `to` then holds text that
  // nobody vouches for, and the caller wipes it.
  bool open(const GcmNonce& nonce, ByteView aad, ByteView from, ByteSpan to, ByteView icv,
            ByteView more_aad = {});

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const;
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> m_context;
};

}  // namespace espgate::driver::software
