// The AUTH payload of an end that signs: RFC 7427 with peers that announce it, RFC 7296 section 2.15 and RFC
// 4754 with the others.
#pragma once

#include <optional>

#include "auth/signature.h"
#include "wire/message.h"

namespace espgate::ike {

// SIGNATURE_HASH_ALGORITHMS with all that we verify (RFC 7427 section 4).
wire::NotifyPayload announce_hashes();
// What the peer announces; nullopt when it does not know RFC 7427. Hashes that we do not use are left out.
std::optional<SignatureHashes> announced_hashes(const wire::Payloads& payloads);

// Signs with the best scheme that the key, our rules and the peer allow; the error says which of them does
// not.
Expected<wire::AuthPayload> make_signature_auth(const PrivateKey& key, const SignatureRules& rules,
                                                const std::optional<SignatureHashes>& peer_hashes,
                                                ByteView octets);
// The scheme that the signature was made with, when it is good and the rules allow key and scheme.
Expected<SignatureScheme> verify_signature_auth(const PublicKey& key, const SignatureRules& rules,
                                                const wire::AuthPayload& auth, ByteView octets);

// Whether the rules allow a key, whatever is done with it.
Expected<> check_key(const PublicKey& key, const SignatureRules& rules);

}  // namespace espgate::ike
