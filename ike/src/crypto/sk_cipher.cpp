#include "crypto/sk_cipher.h"

#include <algorithm>
#include <array>

#include "config/algorithms.h"
#include "crypto/openssl.h"
#include "crypto/prf.h"

namespace espgate::ike {
namespace {

const EVP_CIPHER* gcm_of(std::size_t key_bytes) {
  switch (key_bytes) {
    case 16:
      return EVP_aes_128_gcm();
    case 24:
      return EVP_aes_192_gcm();
    default:
      return EVP_aes_256_gcm();
  }
}

const EVP_CIPHER* cbc_of(std::size_t key_bytes) {
  switch (key_bytes) {
    case 16:
      return EVP_aes_128_cbc();
    case 24:
      return EVP_aes_192_cbc();
    default:
      return EVP_aes_256_cbc();
  }
}

int to_int(std::size_t size) {
  return static_cast<int>(size);
}

// Takes padding and its length byte off what was decrypted.
Result<Bytes> without_padding(Bytes plaintext) {
  // RFC 7296 section 3.14: the contents of the padding are not looked at.
  if (plaintext.empty() || plaintext.back() >= plaintext.size()) {
    wipe(plaintext);
    return std::unexpected(Reason::integrity_failed);
  }
  plaintext.resize(plaintext.size() - 1 - plaintext.back());
  return plaintext;
}

// RFC 5282: body = IV (8) | ciphertext | ICV (16); nonce = salt (4) | IV; the associated data is the prefix.
class GcmCipher final : public SkCipher {
 public:
  explicit GcmCipher(Secret key) : m_key(std::move(key)) {
    require(m_key.size() > salt_size, "AES-GCM key size");
  }

  std::size_t body_size(std::size_t plaintext_size) const override {
    return iv_size + plaintext_size + 1 + tag_size;
  }

  Bytes seal(ByteView prefix, ByteView plaintext, Random& /*random*/) override {
    Bytes body(body_size(plaintext.size()));
    const ByteSpan out(body);
    // RFC 5282 section 3.1: any IV that is never used twice under the key. A counter is the safest of them.
    store_be64(out, 0, m_next_iv++);
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    const auto nonce = nonce_of(out.first(iv_size));
    static constexpr std::uint8_t no_padding = 0;
    const ByteSpan ciphertext = out.subspan(iv_size, plaintext.size() + 1);
    int size = 0;
    int last = 0;
    require(
        ctx != nullptr &&
            EVP_EncryptInit_ex(ctx.get(), gcm_of(key().size()), nullptr, key().data(), nonce.data()) == 1 &&
            EVP_EncryptUpdate(ctx.get(), nullptr, &size, prefix.data(), to_int(prefix.size())) == 1 &&
            (plaintext.empty() || EVP_EncryptUpdate(ctx.get(), ciphertext.data(), &size, plaintext.data(),
                                                    to_int(plaintext.size())) == 1) &&
            EVP_EncryptUpdate(ctx.get(), &ciphertext.back(), &last, &no_padding, 1) == 1 &&
            EVP_EncryptFinal_ex(ctx.get(), &ciphertext.back(), &last) == 1 &&
            EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, to_int(tag_size),
                                out.last(tag_size).data()) == 1,
        "AES-GCM");
    return body;
  }

  Result<Bytes> open(ByteView prefix, ByteView body) const override {
    if (body.size() < iv_size + 1 + tag_size) {
      return std::unexpected(Reason::encrypted_malformed);
    }
    const auto nonce = nonce_of(body.first(iv_size));
    const ByteView ciphertext = body.subspan(iv_size, body.size() - iv_size - tag_size);
    std::array<std::uint8_t, tag_size> tag{};
    std::ranges::copy(body.last(tag_size), tag.begin());
    Bytes plaintext(ciphertext.size());
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    int size = 0;
    require(
        ctx != nullptr &&
            EVP_DecryptInit_ex(ctx.get(), gcm_of(key().size()), nullptr, key().data(), nonce.data()) == 1 &&
            EVP_DecryptUpdate(ctx.get(), nullptr, &size, prefix.data(), to_int(prefix.size())) == 1 &&
            EVP_DecryptUpdate(ctx.get(), plaintext.data(), &size, ciphertext.data(),
                              to_int(ciphertext.size())) == 1 &&
            EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, to_int(tag_size), tag.data()) == 1,
        "AES-GCM");
    std::uint8_t unused = 0;
    if (EVP_DecryptFinal_ex(ctx.get(), &unused, &size) != 1) {
      wipe(plaintext);
      return std::unexpected(Reason::integrity_failed);
    }
    return without_padding(std::move(plaintext));
  }

 private:
  static constexpr std::size_t salt_size = 4;
  static constexpr std::size_t iv_size = 8;
  static constexpr std::size_t tag_size = 16;

  ByteView key() const { return m_key.view().first(m_key.size() - salt_size); }
  std::array<std::uint8_t, salt_size + iv_size> nonce_of(ByteView iv) const {
    std::array<std::uint8_t, salt_size + iv_size> nonce{};
    std::ranges::copy(m_key.view().last(salt_size), nonce.begin());
    std::ranges::copy(iv, nonce.begin() + salt_size);
    return nonce;
  }

  Secret m_key;
  std::uint64_t m_next_iv = 1;
};

// Body = IV (16) | ciphertext | ICV; the ICV covers the message from its header to the end of the ciphertext,
// and is checked before anything is decrypted.
class CbcHmacCipher final : public SkCipher {
 public:
  CbcHmacCipher(Integrity integrity, Secret encryption_key, Secret integrity_key)
      : m_integrity(integrity), m_key(std::move(encryption_key)), m_integrity_key(std::move(integrity_key)) {}

  std::size_t body_size(std::size_t plaintext_size) const override {
    return block_size + padded_size(plaintext_size) + icv_size(m_integrity);
  }

  Bytes seal(ByteView prefix, ByteView plaintext, Random& random) override {
    Secret padded(padded_size(plaintext.size()));
    std::ranges::copy(plaintext, padded.span().begin());
    padded.span().back() = static_cast<std::uint8_t>(padded.size() - plaintext.size() - 1);

    Bytes body(block_size + padded.size());
    const ByteSpan out(body);
    // RFC 7296 section 3.14: unpredictable.
    random.fill(out.first(block_size));
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    int size = 0;
    int last = 0;
    require(ctx != nullptr &&
                EVP_EncryptInit_ex(ctx.get(), cbc_of(m_key.size()), nullptr, m_key.view().data(),
                                   out.first(block_size).data()) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx.get(), 0) == 1 &&
                EVP_EncryptUpdate(ctx.get(), out.subspan(block_size).data(), &size, padded.view().data(),
                                  to_int(padded.size())) == 1 &&
                EVP_EncryptFinal_ex(ctx.get(), out.data(), &last) == 1 && last == 0 &&
                size == to_int(padded.size()),
            "AES-CBC");
    const Bytes icv = icv_of(prefix, body);
    body.insert(body.end(), icv.begin(), icv.end());
    return body;
  }

  Result<Bytes> open(ByteView prefix, ByteView body) const override {
    const std::size_t icv_bytes = icv_size(m_integrity);
    if (body.size() < 2 * block_size + icv_bytes || (body.size() - icv_bytes) % block_size != 0) {
      return std::unexpected(Reason::encrypted_malformed);
    }
    const ByteView covered = body.first(body.size() - icv_bytes);
    if (!equal_constant_time(icv_of(prefix, covered), body.last(icv_bytes))) {
      return std::unexpected(Reason::integrity_failed);
    }
    const ByteView ciphertext = covered.subspan(block_size);
    Bytes plaintext(ciphertext.size());
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    int size = 0;
    int last = 0;
    std::array<std::uint8_t, block_size> unused{};
    require(ctx != nullptr &&
                EVP_DecryptInit_ex(ctx.get(), cbc_of(m_key.size()), nullptr, m_key.view().data(),
                                   covered.data()) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx.get(), 0) == 1 &&
                EVP_DecryptUpdate(ctx.get(), plaintext.data(), &size, ciphertext.data(),
                                  to_int(ciphertext.size())) == 1 &&
                EVP_DecryptFinal_ex(ctx.get(), unused.data(), &last) == 1 && last == 0,
            "AES-CBC");
    return without_padding(std::move(plaintext));
  }

 private:
  static constexpr std::size_t block_size = 16;

  // With one byte for the pad length.
  static std::size_t padded_size(std::size_t plaintext_size) {
    return (plaintext_size + 1 + block_size - 1) / block_size * block_size;
  }
  Bytes icv_of(ByteView prefix, ByteView covered_body) const {
    Bytes data(prefix.begin(), prefix.end());
    data.insert(data.end(), covered_body.begin(), covered_body.end());
    return integrity_icv(m_integrity, m_integrity_key.view(), data);
  }

  Integrity m_integrity;
  Secret m_key;
  Secret m_integrity_key;
};

}  // namespace

std::unique_ptr<SkCipher> SkCipher::create(const EncryptionTransform& encryption, Integrity integrity,
                                           Secret encryption_key, Secret integrity_key) {
  if (is_aead(encryption.algorithm)) {
    return std::make_unique<GcmCipher>(std::move(encryption_key));
  }
  return std::make_unique<CbcHmacCipher>(integrity, std::move(encryption_key), std::move(integrity_key));
}

}  // namespace espgate::ike
