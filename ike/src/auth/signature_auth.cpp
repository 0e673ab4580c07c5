#include "auth/signature_auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"

namespace espgate::ike {
namespace {

using wire::AuthMethod;
using wire::AuthPayload;

bool allows(const SignatureRules& rules, const SignatureScheme& scheme) {
  const bool hash_allowed = rules.hashes.empty() || scheme.hash == SignatureHash::identity ||
                            std::ranges::find(rules.hashes, scheme.hash) != rules.hashes.end();
  return hash_allowed && (scheme.key != KeyType::rsa || scheme.pss || !rules.pss_only);
}

// RFC 4754 section 3: each of these methods has one curve and one hash.
struct EcdsaMethod {
  AuthMethod method;
  unsigned bits;
  SignatureHash hash;
};
constexpr std::array ecdsa_methods{
    EcdsaMethod{AuthMethod::ecdsa_256, 256, SignatureHash::sha2_256},
    EcdsaMethod{AuthMethod::ecdsa_384, 384, SignatureHash::sha2_384},
    EcdsaMethod{AuthMethod::ecdsa_521, 521, SignatureHash::sha2_512},
};

// RFC 7427 section 3: length of the AlgorithmIdentifier, the identifier, the signature.
AuthPayload encode(const SignatureScheme& scheme, ByteView signature) {
  const Bytes identifier = algorithm_identifier(scheme);
  Writer out;
  out.u8(static_cast<std::uint8_t>(identifier.size()));
  out.bytes(identifier);
  out.bytes(signature);
  return {AuthMethod::digital_signature, std::move(out).finish()};
}

Expected<AuthPayload> make_without_rfc7427(const PrivateKey& key, const SignatureRules& rules,
                                           ByteView octets) {
  if (key.type() == KeyType::rsa) {
    // RFC 7296 section 3.8 lets the signer choose the hash, which PKCS #1 names inside; SHA-1, its suggestion
    // of old, is too short.
    for (const SignatureScheme& scheme : schemes_for(public_key_of(key))) {
      if (!scheme.pss && allows(rules, scheme)) {
        return AuthPayload{AuthMethod::rsa_signature, sign(key, scheme, octets)};
      }
    }
    return fail(
        "the peer does not support RFC 7427, and the rules for our signature exclude RSA PKCS #1 v1.5");
  }
  const auto* const method = std::ranges::find(ecdsa_methods, key.bits(), &EcdsaMethod::bits);
  if (key.type() != KeyType::ecdsa || method == ecdsa_methods.end()) {
    return fail(fmt::format("the peer does not support RFC 7427, without which there is no {} signature",
                            to_string(key.type())));
  }
  const SignatureScheme scheme{KeyType::ecdsa, method->hash, false};
  if (!allows(rules, scheme)) {
    return fail(fmt::format("the peer does not support RFC 7427, and the rules for our signature exclude {}",
                            to_string(scheme)));
  }
  return AuthPayload{method->method, sign(key, scheme, octets, EcdsaForm::concatenated)};
}

Expected<SignatureScheme> checked(const PublicKey& key, const SignatureRules& rules,
                                  const SignatureScheme& scheme, ByteView octets, ByteView signature,
                                  EcdsaForm form) {
  if (!allows(rules, scheme)) {
    return fail(fmt::format("the rules for the peer's signature exclude {}", to_string(scheme)));
  }
  if (!verify(key, scheme, octets, signature, form)) {
    return fail(fmt::format("the {} signature is wrong", to_string(scheme)));
  }
  return scheme;
}

}  // namespace

wire::NotifyPayload announce_hashes() {
  Writer out;
  for (const SignatureHash hash : supported_hashes()) {
    out.u16(std::to_underlying(hash));
  }
  return {.notify = wire::NotifyType::signature_hash_algorithms, .data = std::move(out).finish()};
}

std::optional<SignatureHashes> announced_hashes(const wire::Payloads& payloads) {
  const auto* notify = wire::find_notify(payloads, wire::NotifyType::signature_hash_algorithms);
  if (notify == nullptr) {
    return std::nullopt;
  }
  const SignatureHashes ours = supported_hashes();
  SignatureHashes hashes;
  Reader reader(notify->data);
  while (reader.remaining() >= 2) {
    if (const SignatureHash hash{reader.u16()}; ours.contains(hash)) {
      hashes.insert(hash);
    }
  }
  return hashes;
}

Expected<> check_key(const PublicKey& key, const SignatureRules& rules) {
  if (!rules.keys.empty() && std::ranges::find(rules.keys, key.type()) == rules.keys.end()) {
    return fail(fmt::format("the rules for signatures exclude {} keys", to_string(key.type())));
  }
  const unsigned least = key.type() == KeyType::rsa     ? rules.min_rsa_bits
                         : key.type() == KeyType::ecdsa ? rules.min_ecdsa_bits
                                                        : 0;
  if (key.bits() < least) {
    return fail(fmt::format("the {} key has {} bits, and the rules for signatures ask for {}",
                            to_string(key.type()), key.bits(), least));
  }
  return {};
}

Expected<AuthPayload> make_signature_auth(const PrivateKey& key, const SignatureRules& rules,
                                          const std::optional<SignatureHashes>& peer_hashes,
                                          ByteView octets) {
  if (const auto allowed = check_key(public_key_of(key), rules); !allowed) {
    return std::unexpected(allowed.error());
  }
  if (!peer_hashes) {
    return make_without_rfc7427(key, rules, octets);
  }
  for (const SignatureScheme& scheme : schemes_for(public_key_of(key))) {
    if (allows(rules, scheme) && peer_hashes->contains(scheme.hash)) {
      return encode(scheme, sign(key, scheme, octets));
    }
  }
  return fail(fmt::format("no hash for an {} signature that both the peer and our rules allow",
                          to_string(key.type())));
}

Expected<SignatureScheme> verify_signature_auth(const PublicKey& key, const SignatureRules& rules,
                                                const AuthPayload& auth, ByteView octets) {
  if (const auto allowed = check_key(key, rules); !allowed) {
    return std::unexpected(allowed.error());
  }
  if (auth.method == AuthMethod::digital_signature) {
    Reader reader(auth.data);
    const ByteView identifier = reader.take(reader.u8());
    const ByteView signature = reader.take_rest();
    const auto scheme = reader.ok() ? find_scheme(identifier) : std::nullopt;
    if (!scheme) {
      return fail("the signature names no algorithm that is supported (RFC 7427 appendix A, SHA-2 only)");
    }
    if (scheme->key != key.type()) {
      return fail(fmt::format("the signature claims to be {}, and the peer's key is {}", to_string(*scheme),
                              to_string(key.type())));
    }
    return checked(key, rules, *scheme, octets, signature, EcdsaForm::der);
  }
  if (auth.method == AuthMethod::rsa_signature && key.type() == KeyType::rsa) {
    // The hash is named inside of the signature.
    for (const SignatureHash hash :
         {SignatureHash::sha2_256, SignatureHash::sha2_384, SignatureHash::sha2_512}) {
      if (auto good = checked(key, rules, {KeyType::rsa, hash, false}, octets, auth.data, EcdsaForm::der)) {
        return good;
      }
    }
    return fail("the RSA signature (method 1) is wrong, or made with a hash that is not allowed, as SHA-1");
  }
  const auto* const method = std::ranges::find(ecdsa_methods, auth.method, &EcdsaMethod::method);
  if (method != ecdsa_methods.end() && key.type() == KeyType::ecdsa && key.bits() == method->bits) {
    return checked(key, rules, {KeyType::ecdsa, method->hash, false}, octets, auth.data,
                   EcdsaForm::concatenated);
  }
  return fail(fmt::format("authentication method {} does not go with an {} key of {} bits",
                          std::to_underlying(auth.method), to_string(key.type()), key.bits()));
}

}  // namespace espgate::ike
