#include "auth/signature.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "base/hex.h"
#include "base/writer.h"

namespace espgate::ike {
namespace {

using EcdsaSignaturePtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

// nullptr for the identity, where the key's algorithm hashes by itself.
const EVP_MD* digest_of(SignatureHash hash) {
  switch (hash) {
    case SignatureHash::sha2_256:
      return EVP_sha256();
    case SignatureHash::sha2_384:
      return EVP_sha384();
    case SignatureHash::sha2_512:
      return EVP_sha512();
    case SignatureHash::identity:
      break;
  }
  return nullptr;
}

std::size_t size_of(SignatureHash hash) {
  const EVP_MD* digest = digest_of(hash);
  return digest == nullptr ? 0 : static_cast<std::size_t>(EVP_MD_get_size(digest));
}

constexpr std::array hashes{SignatureHash::sha2_256, SignatureHash::sha2_384, SignatureHash::sha2_512};

// DER, of less than 128 bytes.
Bytes der(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  Bytes body;
  for (const ByteView part : parts) {
    body.insert(body.end(), part.begin(), part.end());
  }
  Writer out;
  out.u8(tag);
  out.u8(static_cast<std::uint8_t>(body.size()));
  out.bytes(body);
  return std::move(out).finish();
}
constexpr std::uint8_t sequence = 0x30;
constexpr std::uint8_t object = 0x06;
constexpr std::uint8_t integer = 0x02;
constexpr std::array<std::uint8_t, 2> null{0x05, 0x00};
// Arcs, encoded: 1.2.840.113549.1.1 (PKCS #1), 2.16.840.1.101.3.4.2 (NIST hashes), 1.2.840.10045.4.3 (ECDSA
// with SHA-2), 1.3.101 (RFC 8410).
constexpr std::array<std::uint8_t, 8> pkcs1{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};
constexpr std::array<std::uint8_t, 8> nist_hash{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
constexpr std::array<std::uint8_t, 7> ecdsa_with_sha2{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03};
constexpr std::array<std::uint8_t, 2> edwards{0x2b, 0x65};

Bytes object_id(ByteView arc, std::uint8_t last) {
  return der(object, {arc, std::array{last}});
}

Bytes hash_identifier(SignatureHash hash, bool with_null) {
  const auto last =
      static_cast<std::uint8_t>(std::to_underlying(hash) - 1);  // sha256 is 1, sha384 2, sha512 3
  const Bytes id = object_id(nist_hash, last);
  return with_null ? der(sequence, {id, null}) : der(sequence, {id});
}

// RFC 4055 section 3.1: the hash, MGF1 with the same, and the salt's length; the trailer field has its
// default.
Bytes pss_identifier(SignatureHash hash, bool hash_null, bool mgf_null) {
  constexpr std::uint8_t rsassa_pss = 10;
  constexpr std::uint8_t mgf1 = 8;
  const auto salt = static_cast<std::uint8_t>(size_of(hash));
  const Bytes mask = der(sequence, {object_id(pkcs1, mgf1), hash_identifier(hash, mgf_null)});
  const Bytes parameters = der(sequence, {der(0xa0, {hash_identifier(hash, hash_null)}), der(0xa1, {mask}),
                                          der(0xa2, {der(integer, {std::array{salt}})})});
  return der(sequence, {object_id(pkcs1, rsassa_pss), parameters});
}

Bytes rsa_identifier(SignatureHash hash) {
  // sha256WithRSAEncryption is 11, with SHA-384 12, with SHA-512 13.
  const auto last = static_cast<std::uint8_t>(std::to_underlying(hash) + 9);
  return der(sequence, {object_id(pkcs1, last), null});
}

Bytes ecdsa_identifier(SignatureHash hash) {
  return der(sequence, {object_id(ecdsa_with_sha2, static_cast<std::uint8_t>(std::to_underlying(hash)))});
}

Bytes edwards_identifier(KeyType key) {
  constexpr std::uint8_t ed25519 = 112;
  constexpr std::uint8_t ed448 = 113;
  return der(sequence, {object_id(edwards, key == KeyType::ed25519 ? ed25519 : ed448)});
}

std::size_t coordinate_size(const EVP_PKEY* key) {
  return (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8;
}

Bytes to_concatenated(ByteView der_signature, std::size_t size) {
  const std::uint8_t* at = der_signature.data();
  const EcdsaSignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der_signature.size())));
  Bytes out(2 * size);
  require(parsed != nullptr &&
              BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), static_cast<int>(size)) ==
                  static_cast<int>(size) &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), ByteSpan(out).subspan(size).data(),
                           static_cast<int>(size)) == static_cast<int>(size),
          "ECDSA signature");
  return out;
}

// Empty when it has not the size that the key asks for.
Bytes to_der(ByteView concatenated, std::size_t size) {
  if (concatenated.size() != 2 * size) {
    return {};
  }
  const EcdsaSignaturePtr made(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(concatenated.data(), static_cast<int>(size), nullptr);
  BIGNUM* s = BN_bin2bn(concatenated.subspan(size).data(), static_cast<int>(size), nullptr);
  require(made != nullptr && r != nullptr && s != nullptr && ECDSA_SIG_set0(made.get(), r, s) == 1,
          "ECDSA signature");
  std::uint8_t* der_bytes = nullptr;
  const int length = i2d_ECDSA_SIG(made.get(), &der_bytes);
  require(length > 0, "ECDSA signature");
  Bytes out(der_bytes, der_bytes + length);
  OPENSSL_free(der_bytes);
  return out;
}

bool set_padding(EVP_PKEY_CTX* ctx, const SignatureScheme& scheme) {
  if (scheme.key != KeyType::rsa) {
    return true;
  }
  if (!scheme.pss) {
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
  }
  return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

SignatureHashes supported_hashes() {
  return {SignatureHash::sha2_256, SignatureHash::sha2_384, SignatureHash::sha2_512, SignatureHash::identity};
}

std::string to_string(const SignatureScheme& scheme) {
  const std::size_t bits = 8 * size_of(scheme.hash);
  switch (scheme.key) {
    case KeyType::rsa:
      return fmt::format("RSA_EMSA_{}_SHA2_{}", scheme.pss ? "PSS" : "PKCS1", bits);
    case KeyType::ecdsa:
      return fmt::format("ECDSA_WITH_SHA{}_DER", bits);
    case KeyType::ed25519:
    case KeyType::ed448:
      break;
  }
  return std::string(to_string(scheme.key));
}

Bytes algorithm_identifier(const SignatureScheme& scheme) {
  switch (scheme.key) {
    case KeyType::rsa:
      return scheme.pss ? pss_identifier(scheme.hash, true, true) : rsa_identifier(scheme.hash);
    case KeyType::ecdsa:
      return ecdsa_identifier(scheme.hash);
    case KeyType::ed25519:
    case KeyType::ed448:
      break;
  }
  return edwards_identifier(scheme.key);
}

std::optional<SignatureScheme> find_scheme(ByteView identifier) {
  const auto is = [identifier](const Bytes& known) { return std::ranges::equal(known, identifier); };
  for (const SignatureHash hash : hashes) {
    if (is(rsa_identifier(hash))) {
      return SignatureScheme{KeyType::rsa, hash, false};
    }
    if (is(ecdsa_identifier(hash))) {
      return SignatureScheme{KeyType::ecdsa, hash, false};
    }
    for (const bool hash_null : {true, false}) {
      if (is(pss_identifier(hash, hash_null, true)) || is(pss_identifier(hash, hash_null, false))) {
        return SignatureScheme{KeyType::rsa, hash, true};
      }
    }
  }
  for (const KeyType key : {KeyType::ed25519, KeyType::ed448}) {
    if (is(edwards_identifier(key))) {
      return SignatureScheme{key, SignatureHash::identity, false};
    }
  }
  return std::nullopt;
}

std::vector<SignatureScheme> schemes_for(const PublicKey& key) {
  using enum SignatureHash;
  if (key.type() == KeyType::ed25519 || key.type() == KeyType::ed448) {
    return {{key.type(), identity, false}};
  }
  const bool rsa = key.type() == KeyType::rsa;
  std::vector<SignatureHash> order{sha2_512, sha2_384, sha2_256};
  if (key.bits() <= (rsa ? 3072U : 256U)) {
    order = {sha2_256, sha2_384, sha2_512};
  } else if (key.bits() <= (rsa ? 7680U : 384U)) {
    order = {sha2_384, sha2_512, sha2_256};
  }
  std::vector<SignatureScheme> schemes;
  for (const bool pss : {true, false}) {
    for (const SignatureHash hash : order) {
      if (rsa || !pss) {
        schemes.push_back({key.type(), hash, pss});
      }
    }
  }
  return schemes;
}

Bytes sign(const PrivateKey& key, const SignatureScheme& scheme, ByteView octets, EcdsaForm form) {
  require(key.type() == scheme.key, "a signature scheme of another kind of key");
  EVP_PKEY* native = key.impl().key.get();
  const DigestCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  std::size_t size = 0;
  require(ctx != nullptr &&
              EVP_DigestSignInit(ctx.get(), &settings, digest_of(scheme.hash), nullptr, native) == 1 &&
              set_padding(settings, scheme) &&
              EVP_DigestSign(ctx.get(), nullptr, &size, octets.data(), octets.size()) == 1,
          "signature");
  Bytes signature(size);
  require(EVP_DigestSign(ctx.get(), signature.data(), &size, octets.data(), octets.size()) == 1, "signature");
  signature.resize(size);
  return scheme.key == KeyType::ecdsa && form == EcdsaForm::concatenated
             ? to_concatenated(signature, coordinate_size(native))
             : signature;
}

bool verify(const PublicKey& key, const SignatureScheme& scheme, ByteView octets, ByteView signature,
            EcdsaForm form) {
  if (key.type() != scheme.key || signature.empty()) {
    return false;
  }
  Bytes converted;
  if (scheme.key == KeyType::ecdsa && form == EcdsaForm::concatenated) {
    converted = to_der(signature, coordinate_size(key.native()));
    if (converted.empty()) {
      return false;
    }
    signature = converted;
  }
  const DigestCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  require(
      ctx != nullptr &&
          EVP_DigestVerifyInit(ctx.get(), &settings, digest_of(scheme.hash), nullptr, key.native()) == 1 &&
          set_padding(settings, scheme),
      "signature");
  // Anything but 1 is no proof: 0 for a wrong signature, negative for one that is not a signature at all.
  const bool good =
      EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), octets.data(), octets.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace espgate::ike
