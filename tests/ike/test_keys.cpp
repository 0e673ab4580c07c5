#include "test_keys.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <charconv>
#include <string>

namespace espgate::ike::test {
namespace {

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;

Bytes contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, data + size};
}

PkeyPtr generate(std::string_view kind) {
  if (kind.starts_with("RSA-")) {
    std::size_t bits = 0;
    std::from_chars(kind.data() + 4, kind.data() + kind.size(), bits);
    return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  }
  if (kind == "ED25519" || kind == "ED448") {
    return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, std::string(kind).c_str()));
  }
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", std::string(kind).c_str()));
}

Bytes write_pem(EVP_PKEY* key, const EVP_CIPHER* cipher, std::string_view passphrase) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  const std::string text(passphrase);
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, cipher, cipher == nullptr ? nullptr : text.data(),
                                        static_cast<int>(text.size()), nullptr, nullptr) == 1,
          "test key");
  return contents(bio.get());
}

}  // namespace

Expected<PrivateKey> make_private_key(std::string_view kind) {
  const PkeyPtr key = generate(kind);
  require(key != nullptr, "test key");
  return PrivateKey::parse(write_pem(key.get(), nullptr, {}));
}

Bytes to_pem(const PrivateKey& key) {
  return write_pem(key.impl().key.get(), nullptr, {});
}

Bytes to_der(const PrivateKey& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(i2d_PrivateKey_bio(bio.get(), key.impl().key.get()) == 1, "test key");
  return contents(bio.get());
}

Bytes to_encrypted_pem(const PrivateKey& key, std::string_view passphrase) {
  return write_pem(key.impl().key.get(), EVP_aes_128_cbc(), passphrase);
}

Bytes sign_with_sha1(const PrivateKey& key, ByteView octets) {
  const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> ctx(EVP_MD_CTX_new());
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.impl().key.get())));
  std::size_t size = signature.size();
  require(EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha1(), nullptr, key.impl().key.get()) == 1 &&
              EVP_DigestSign(ctx.get(), signature.data(), &size, octets.data(), octets.size()) == 1,
          "test signature");
  return signature;
}

PkeyPtr rsa_public_key(int bits, unsigned exponent) {
  const BignumPtr n(BN_new());
  const BignumPtr e(BN_new());
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (bits > 0) {
    BN_set_bit(n.get(), bits - 1);
    BN_set_bit(n.get(), 0);
  }
  BN_set_word(e.get(), exponent);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  PkeyPtr key = key_from_params("RSA", builder.get(), EVP_PKEY_PUBLIC_KEY);
  require(key != nullptr, "test key");
  return key;
}

}  // namespace espgate::ike::test
