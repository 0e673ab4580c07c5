#include "auth/private_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string_view>

namespace espgate::ike {
namespace {

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;

// What OpenSSL asks when a key is encrypted; without a callback it would ask at the terminal.
struct Passphrase {
  ByteView text;
  bool asked = false;
};

int give_passphrase(char* to, int size, int /*writing*/, void* user) {
  auto* passphrase = static_cast<Passphrase*>(user);
  passphrase->asked = true;
  if (passphrase->text.empty() || passphrase->text.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::ranges::copy(passphrase->text, to);
  return static_cast<int>(passphrase->text.size());
}

BioPtr reader_of(ByteView bytes) {
  BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  require(bio != nullptr, "memory BIO");
  return bio;
}

PkeyPtr read_key(ByteView bytes, Passphrase& passphrase) {
  if (PkeyPtr key{PEM_read_bio_PrivateKey(reader_of(bytes).get(), nullptr, give_passphrase, &passphrase)}) {
    return key;
  }
  if (PkeyPtr key{d2i_PrivateKey_bio(reader_of(bytes).get(), nullptr)}) {
    return key;
  }
  return PkeyPtr(d2i_PKCS8PrivateKey_bio(reader_of(bytes).get(), nullptr, give_passphrase, &passphrase));
}

Expected<PublicKey> public_half(const EVP_PKEY* key) {
  std::uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  require(size > 0, "public key encoding");
  auto half = PublicKey::from_der(ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return half;
}

}  // namespace

Expected<PrivateKey> PrivateKey::parse(ByteView pem_or_der, ByteView passphrase) {
  constexpr std::size_t max_size = 65536;
  if (pem_or_der.empty() || pem_or_der.size() > max_size) {
    return fail("not a private key: empty, or longer than 64 KiB");
  }
  Passphrase given{passphrase};
  PkeyPtr key = read_key(pem_or_der, given);
  ERR_clear_error();
  if (key == nullptr) {
    if (given.asked) {
      return fail(passphrase.empty() ? "the private key is encrypted: a secret for it is needed"
                                     : "the private key is encrypted, and not with the secret given for it");
    }
    return fail("not a private key in PEM or DER (PKCS #8, RSA or EC)");
  }
  auto half = public_half(key.get());
  if (!half) {
    return fail("the private key cannot be used: " + half.error().message);
  }
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  require(ctx != nullptr, "private key");
  if (EVP_PKEY_pairwise_check(ctx.get()) != 1) {
    ERR_clear_error();
    return fail("the private key cannot be used: its private and its public half do not belong together");
  }
  return PrivateKey(std::make_shared<const Impl>(Impl{std::move(key), std::move(*half)}));
}

KeyType PrivateKey::type() const {
  return m_impl->public_key.type();
}
unsigned PrivateKey::bits() const {
  return m_impl->public_key.bits();
}
KeyId PrivateKey::id() const {
  return m_impl->public_key.id();
}

}  // namespace espgate::ike
