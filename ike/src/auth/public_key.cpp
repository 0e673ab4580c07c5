#include "auth/public_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>

#include "crypto/prf.h"

namespace espgate::ike {
namespace {

constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 8192;

BignumPtr number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  return BignumPtr(EVP_PKEY_get_bn_param(key, name, &number) == 1 ? number : nullptr);
}

Expected<> check_rsa(const EVP_PKEY* key) {
  const BignumPtr modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  const BignumPtr exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  if (modulus == nullptr || exponent == nullptr) {
    return fail("an RSA key without modulus or exponent");
  }
  const int bits = BN_num_bits(modulus.get());
  if (bits < min_rsa_bits || bits > max_rsa_bits) {
    return fail(fmt::format("an RSA modulus of {} bits; it must have {} to {} (RFC 8247 section 4.1)", bits,
                            min_rsa_bits, max_rsa_bits));
  }
  if (BN_is_odd(modulus.get()) != 1) {
    return fail("an even RSA modulus");
  }
  // e = 1 makes every message its own signature, e = 0 makes 1 the signature of everything.
  constexpr int max_exponent_bits = 64;
  if (BN_is_negative(exponent.get()) == 1 || BN_is_odd(exponent.get()) != 1 ||
      BN_is_one(exponent.get()) == 1 || BN_num_bits(exponent.get()) > max_exponent_bits) {
    return fail("an RSA exponent that is not an odd number from 3 to 2^64");
  }
  return {};
}

Expected<> check_ec(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  int spelled_out = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &size) != 1 ||
      EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out) != 1 ||
      spelled_out != 0) {
    return fail("an EC key whose curve is not named (RFC 5480 section 2.1.1)");
  }
  const std::string_view curve(name.data(), size);
  if (curve != SN_X9_62_prime256v1 && curve != SN_secp384r1 && curve != SN_secp521r1) {
    return fail(fmt::format("an EC key on the curve {}; P-256, P-384 and P-521 are supported", curve));
  }
  return {};
}

// On the curve, and not the point at infinity.
bool is_point(EVP_PKEY* key) {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  require(ctx != nullptr, "public key");
  const bool good = EVP_PKEY_public_check_quick(ctx.get()) == 1;
  ERR_clear_error();
  return good;
}

using InfoPtr = std::unique_ptr<X509_PUBKEY, Deleter<X509_PUBKEY_free>>;

// The key itself, without its algorithm: RFC 5280 section 4.2.1.2, method (1).
ByteView bits_of(const X509_PUBKEY* info) {
  const std::uint8_t* bits = nullptr;
  int size = 0;
  require(X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, info) == 1, "public key encoding");
  return {bits, static_cast<std::size_t>(size)};
}

Bytes encode(const X509_PUBKEY* info) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(info, &der);
  require(size > 0, "public key encoding");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Expected<KeyType> type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (const auto checked = check_rsa(key); !checked) {
        return std::unexpected(checked.error());
      }
      return KeyType::rsa;
    case EVP_PKEY_EC:
      if (const auto checked = check_ec(key); !checked) {
        return std::unexpected(checked.error());
      }
      return KeyType::ecdsa;
    case EVP_PKEY_ED25519:
      return KeyType::ed25519;
    case EVP_PKEY_ED448:
      return KeyType::ed448;
    default:
      return fail("a key that is none of RSA, EC, Ed25519 and Ed448");
  }
}

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return "RSA";
    case KeyType::ecdsa:
      return "ECDSA";
    case KeyType::ed25519:
      return "ED25519";
    case KeyType::ed448:
      return "ED448";
  }
  return "unknown";
}

PublicKey::PublicKey(PkeyPtr key, KeyType type, const X509_PUBKEY* info)
    : m_key(std::move(key)),
      m_type(type),
      m_bits(static_cast<unsigned>(EVP_PKEY_get_bits(m_key.get()))),
      m_id(sha1(bits_of(info))),
      m_info(encode(info)) {}

KeyId PublicKey::info_id() const {
  return sha1(m_info);
}

Expected<PublicKey> PublicKey::from(const X509_PUBKEY* info) {
  PkeyPtr key(X509_PUBKEY_get(info));
  ERR_clear_error();
  if (key == nullptr) {
    return fail("a key that cannot be read");
  }
  const auto type = type_of(key.get());
  if (!type) {
    return std::unexpected(type.error());
  }
  if (*type == KeyType::ecdsa && !is_point(key.get())) {
    return fail("an EC public key that is no point of its curve");
  }
  return PublicKey(std::move(key), *type, info);
}

Expected<PublicKey> PublicKey::from_der(ByteView info) {
  const std::uint8_t* at = info.data();
  const InfoPtr parsed(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(info.size())));
  if (parsed == nullptr || at != info.data() + info.size()) {
    ERR_clear_error();
    return fail("not a public key (SubjectPublicKeyInfo in DER)");
  }
  return from(parsed.get());
}

}  // namespace espgate::ike
