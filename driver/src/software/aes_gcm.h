// AES-GCM with 96-bit nonces and 16-byte ICVs (SP 800-38D), through libipsec-mb or OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "driver/engine.h"
#include "software/ipsec_mb_gcm.h"

using EVP_CIPHER_CTX = struct evp_cipher_ctx_st;

namespace espgate::driver::software {

using GcmNonce = std::array<std::uint8_t, 12>;
using GcmIcv = std::array<std::uint8_t, 16>;

// One key in one direction of use. The key lives only in the library's context, expanded once, and is wiped
// with it (OpenSSL's provider frees its cipher context with OPENSSL_clear_free). The calls below allocate
// nothing.
class AesGcm {
 public:
  enum class Use : std::uint8_t { seal, open };

  // An empty object, which must not be used.
  AesGcm() = default;
  // nullopt when the key is neither 16 nor 32 bytes long, or the library refuses or is not there.
  static std::optional<AesGcm> create(Use use, ByteView key, CryptoLibrary library = CryptoLibrary::fastest);

  // `more_aad` continues `aad`, where there is no text (GMAC).
  // Encrypts `text` in place and writes the ICV. False when the library fails; then nothing may be sent.
  bool seal(const GcmNonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv, ByteView more_aad = {});
  // Decrypts `from` to `to`, which has the same size. False when the ICV is wrong; `to` then holds text that
  // nobody vouches for, and the caller wipes it.
  bool open(const GcmNonce& nonce, ByteView aad, ByteView from, ByteSpan to, ByteView icv,
            ByteView more_aad = {});

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const;
  };
  bool seal_with_openssl(const GcmNonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv, ByteView more_aad);
  bool open_with_openssl(const GcmNonce& nonce, ByteView aad, ByteView from, ByteSpan to, GcmIcv& icv,
                         ByteView more_aad);

  std::unique_ptr<IpsecMbGcm> m_ipsec_mb;  // null: OpenSSL
  std::unique_ptr<EVP_CIPHER_CTX, Free> m_context;
};

}  // namespace espgate::driver::software
