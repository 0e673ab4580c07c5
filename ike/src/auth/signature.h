// Signatures over the octets that IKE_AUTH signs, and how the AUTH payload names them (RFC 7427, RFC 8420).
#pragma once

#include <optional>
#include <set>
#include <span>

#include "auth/private_key.h"
#include "auth/public_key.h"

namespace espgate::ike {

using SignatureHashes = std::set<SignatureHash>;
// All that we verify, and therefore announce.
SignatureHashes supported_hashes();

struct SignatureScheme {
  KeyType key = KeyType::rsa;
  SignatureHash hash = SignatureHash::sha2_256;  // identity with Ed25519 and Ed448
  bool pss = false;                              // RSA only; the salt is as long as the hash
  bool operator==(const SignatureScheme&) const = default;
};
// "RSA_EMSA_PSS_SHA2_256" and so on, as strongSwan calls them.
std::string to_string(const SignatureScheme& scheme);

// The DER AlgorithmIdentifier (RFC 7427 appendix A).
Bytes algorithm_identifier(const SignatureScheme& scheme);
// Only the encodings of that appendix: no other parameters, no other way to write them (PSS: the NULL of the
// hash identifiers may be left out, RFC 4055 section 2.1).
std::optional<SignatureScheme> find_scheme(ByteView algorithm_identifier);

// Schemes for a key in order of preference: PSS before PKCS #1 v1.5, the hash that fits the size of the key
// before longer ones, and those before shorter ones.
std::vector<SignatureScheme> schemes_for(const PublicKey& key);

// How an ECDSA signature is written: as DER (RFC 7427), or as r and s of equal size one after the other (RFC
// 4754).
enum class EcdsaForm : std::uint8_t { der, concatenated };

Bytes sign(const PrivateKey& key, const SignatureScheme& scheme, ByteView octets,
           EcdsaForm form = EcdsaForm::der);
bool verify(const PublicKey& key, const SignatureScheme& scheme, ByteView octets, ByteView signature,
            EcdsaForm form = EcdsaForm::der);

}  // namespace espgate::ike
