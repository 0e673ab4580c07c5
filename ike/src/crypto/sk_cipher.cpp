#include "crypto/sk_cipher.h"

#include <algorithm>
#include <array>

#include "config/algorithms.h"
#include "crypto/fetched.h"
#include "crypto/openssl.h"
#include "crypto/prf.h"

namespace espgate::ike {
namespace {

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

constexpr std::size_t salt_bytes = 4;
constexpr std::size_t counter_iv_size = 8;

// AES-GCM (RFC 5282) and ChaCha20-Poly1305 (RFC 7634): body = IV (8) | ciphertext | ICV; nonce = salt (4) |
// IV; the associated data is the prefix.
class AeadCipher final : public SkCipher {
 public:
  AeadCipher(const EVP_CIPHER* cipher, std::size_t tag_size, Secret key)
      : m_cipher(cipher), m_tag_size(tag_size), m_key(std::move(key)) {
    require(cipher != nullptr &&
                m_key.size() == static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)) + salt_bytes,
            "AEAD key size");
  }

  std::size_t body_size(std::size_t plaintext_size) const override {
    return counter_iv_size + plaintext_size + 1 + m_tag_size;
  }

  Bytes seal(ByteView prefix, ByteView plaintext, Random& /*random*/) override {
    Bytes body(body_size(plaintext.size()));
    const ByteSpan out(body);
    // RFC 5282 section 3.1: any IV that is never used twice under the key. A counter is the safest of them.
    store_be64(out, 0, m_next_iv++);
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    const auto nonce = nonce_of(out.first(counter_iv_size));
    static constexpr std::uint8_t no_padding = 0;
    const ByteSpan ciphertext = out.subspan(counter_iv_size, plaintext.size() + 1);
    int size = 0;
    int last = 0;
    require(ctx != nullptr &&
                EVP_EncryptInit_ex(ctx.get(), m_cipher, nullptr, m_key.view().data(), nonce.data()) == 1 &&
                EVP_EncryptUpdate(ctx.get(), nullptr, &size, prefix.data(), to_int(prefix.size())) == 1 &&
                (plaintext.empty() || EVP_EncryptUpdate(ctx.get(), ciphertext.data(), &size, plaintext.data(),
                                                        to_int(plaintext.size())) == 1) &&
                EVP_EncryptUpdate(ctx.get(), &ciphertext.back(), &last, &no_padding, 1) == 1 &&
                EVP_EncryptFinal_ex(ctx.get(), &ciphertext.back(), &last) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, to_int(m_tag_size),
                                    out.last(m_tag_size).data()) == 1,
            "AEAD encryption");
    return body;
  }

  Result<Bytes> open(ByteView prefix, ByteView body) const override {
    if (body.size() < counter_iv_size + 1 + m_tag_size) {
      return std::unexpected(Reason::encrypted_malformed);
    }
    const auto nonce = nonce_of(body.first(counter_iv_size));
    const ByteView ciphertext = body.subspan(counter_iv_size, body.size() - counter_iv_size - m_tag_size);
    std::array<std::uint8_t, max_tag_size> tag{};
    std::ranges::copy(body.last(m_tag_size), tag.begin());
    Bytes plaintext(ciphertext.size());
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    int size = 0;
    require(ctx != nullptr &&
                EVP_DecryptInit_ex(ctx.get(), m_cipher, nullptr, m_key.view().data(), nonce.data()) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, to_int(m_tag_size), tag.data()) == 1 &&
                EVP_DecryptUpdate(ctx.get(), nullptr, &size, prefix.data(), to_int(prefix.size())) == 1 &&
                EVP_DecryptUpdate(ctx.get(), plaintext.data(), &size, ciphertext.data(),
                                  to_int(ciphertext.size())) == 1,
            "AEAD decryption");
    std::uint8_t unused = 0;
    if (EVP_DecryptFinal_ex(ctx.get(), &unused, &size) != 1) {
      wipe(plaintext);
      return std::unexpected(Reason::integrity_failed);
    }
    return without_padding(std::move(plaintext));
  }

 private:
  static constexpr std::size_t max_tag_size = 16;

  // The salt stands behind the key.
  std::array<std::uint8_t, salt_bytes + counter_iv_size> nonce_of(ByteView iv) const {
    std::array<std::uint8_t, salt_bytes + counter_iv_size> nonce{};
    std::ranges::copy(m_key.view().last(salt_bytes), nonce.begin());
    std::ranges::copy(iv, nonce.begin() + salt_bytes);
    return nonce;
  }

  const EVP_CIPHER* m_cipher;
  std::size_t m_tag_size;
  Secret m_key;
  std::uint64_t m_next_iv = 1;
};

// Body = IV | ciphertext | ICV; the ICV covers the message from its header to the end of the ciphertext, and
// is checked before anything is decrypted. AES-CBC (RFC 7296 section 3.14) and AES-CTR (RFC 5930).
class EncryptThenMacCipher final : public SkCipher {
 public:
  EncryptThenMacCipher(Encryption encryption, Integrity integrity, Secret encryption_key,
                       Secret integrity_key)
      : m_counter_mode(encryption == Encryption::aes_ctr),
        m_integrity(integrity),
        m_key(std::move(encryption_key)),
        m_integrity_key(std::move(integrity_key)) {
    require(m_key.size() >= salt_bytes && icv_size(integrity) != 0, "keys of an Encrypted payload");
    m_cipher = m_counter_mode ? fetched_aes(CipherMode::ctr, 8 * (m_key.size() - salt_bytes))
                              : fetched_aes(CipherMode::cbc, 8 * m_key.size());
    require(m_cipher != nullptr, "key size of an Encrypted payload");
  }

  std::size_t body_size(std::size_t plaintext_size) const override {
    return iv_size() + padded_size(plaintext_size) + icv_size(m_integrity);
  }

  Bytes seal(ByteView prefix, ByteView plaintext, Random& random) override {
    Secret padded(padded_size(plaintext.size()));
    std::ranges::copy(plaintext, padded.span().begin());
    padded.span().back() = static_cast<std::uint8_t>(padded.size() - plaintext.size() - 1);

    Bytes body(iv_size() + padded.size());
    const ByteSpan out(body);
    if (m_counter_mode) {
      // RFC 3686 section 2.1: never the same twice under one key.
      store_be64(out, 0, m_next_iv++);
    } else {
      // RFC 7296 section 3.14: unpredictable.
      random.fill(out.first(iv_size()));
    }
    crypt(true, out.first(iv_size()), padded.view(), out.subspan(iv_size()));
    const Bytes icv = icv_of(prefix, body);
    body.insert(body.end(), icv.begin(), icv.end());
    return body;
  }

  Result<Bytes> open(ByteView prefix, ByteView body) const override {
    const std::size_t icv_bytes = icv_size(m_integrity);
    if (body.size() < iv_size() + multiple() + icv_bytes ||
        (body.size() - icv_bytes - iv_size()) % multiple() != 0) {
      return std::unexpected(Reason::encrypted_malformed);
    }
    const ByteView covered = body.first(body.size() - icv_bytes);
    if (!equal_constant_time(icv_of(prefix, covered), body.last(icv_bytes))) {
      return std::unexpected(Reason::integrity_failed);
    }
    const ByteView ciphertext = covered.subspan(iv_size());
    Bytes plaintext(ciphertext.size());
    crypt(false, covered.first(iv_size()), ciphertext, plaintext);
    return without_padding(std::move(plaintext));
  }

 private:
  static constexpr std::size_t block_size = 16;

  std::size_t iv_size() const { return m_counter_mode ? counter_iv_size : block_size; }
  // What the padded plaintext is a multiple of.
  std::size_t multiple() const { return m_counter_mode ? 1 : block_size; }
  // With one byte for the pad length.
  std::size_t padded_size(std::size_t plaintext_size) const {
    return (plaintext_size + 1 + multiple() - 1) / multiple() * multiple();
  }
  Bytes icv_of(ByteView prefix, ByteView covered_body) const {
    Bytes data(prefix.begin(), prefix.end());
    data.insert(data.end(), covered_body.begin(), covered_body.end());
    return integrity_icv(m_integrity, m_integrity_key.view(), data);
  }
  // RFC 3686 section 4: the counter block = salt (4) | IV (8) | 1.
  std::array<std::uint8_t, block_size> first_block(ByteView iv) const {
    std::array<std::uint8_t, block_size> block{};
    if (!m_counter_mode) {
      std::ranges::copy(iv, block.begin());
      return block;
    }
    std::ranges::copy(m_key.view().last(salt_bytes), block.begin());
    std::ranges::copy(iv, block.begin() + salt_bytes);
    block.back() = 1;
    return block;
  }
  // `out` is as long as `in`.
  void crypt(bool encrypt, ByteView iv, ByteView in, ByteSpan out) const {
    const auto block = first_block(iv);
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    std::array<std::uint8_t, block_size> unused{};
    int size = 0;
    int last = 0;
    require(ctx != nullptr &&
                EVP_CipherInit_ex(ctx.get(), m_cipher, nullptr, m_key.view().data(), block.data(),
                                  encrypt ? 1 : 0) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx.get(), 0) == 1 &&
                EVP_CipherUpdate(ctx.get(), out.data(), &size, in.data(), to_int(in.size())) == 1 &&
                EVP_CipherFinal_ex(ctx.get(), unused.data(), &last) == 1 && last == 0 &&
                size == to_int(in.size()),
            "AES-CBC or AES-CTR");
  }

  bool m_counter_mode;
  Integrity m_integrity;
  Secret m_key;
  Secret m_integrity_key;
  const EVP_CIPHER* m_cipher = nullptr;
  std::uint64_t m_next_iv = 1;
};

}  // namespace

std::unique_ptr<SkCipher> SkCipher::create(const EncryptionTransform& encryption, Integrity integrity,
                                           Secret encryption_key, Secret integrity_key) {
  const auto gcm = [&](std::size_t tag_size) {
    return std::make_unique<AeadCipher>(fetched_aes(CipherMode::gcm, encryption.key_bits), tag_size,
                                        std::move(encryption_key));
  };
  switch (encryption.algorithm) {
    case Encryption::aes_gcm_8:
      return gcm(8);
    case Encryption::aes_gcm_12:
      return gcm(12);
    case Encryption::aes_gcm_16:
      return gcm(16);
    case Encryption::chacha20_poly1305:
      return std::make_unique<AeadCipher>(fetched_chacha20_poly1305(), 16, std::move(encryption_key));
    case Encryption::aes_cbc:
    case Encryption::aes_ctr:
      return std::make_unique<EncryptThenMacCipher>(encryption.algorithm, integrity,
                                                    std::move(encryption_key), std::move(integrity_key));
    case Encryption::null:
    case Encryption::null_auth_aes_gmac:
    case Encryption::aes_ccm_8:
    case Encryption::aes_ccm_12:
    case Encryption::aes_ccm_16:
      break;
  }
  throw CryptoFailure("a cipher that IKE does not use");
}

}  // namespace espgate::ike
