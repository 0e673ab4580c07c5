// The kinds of key exchange groups behind KeyExchange. Private keys are in the group's own byte order.
#pragma once

#include "crypto/key_exchange.h"
#include "crypto/openssl.h"

namespace espgate::ike {

// X25519 and X448 (RFC 7748, RFC 8031).
Result<std::unique_ptr<KeyExchange>> make_montgomery(Group group, ByteView private_key);
// ECP groups (RFC 5903); refuses a number that is not between 1 and the group's order.
Result<std::unique_ptr<KeyExchange>> make_ecp(Group group, ByteView private_key);
// MODP groups (RFC 3526); refuses a number that is not between 1 and the group's order.
Result<std::unique_ptr<KeyExchange>> make_modp(Group group, ByteView private_key);

// Bytes that we draw for a private key of the group.
std::size_t private_key_size(Group group);

enum class PeerCheck : std::uint8_t { by_library, done };
Result<Secret> derive_secret(EVP_PKEY* own, EVP_PKEY* peer, PeerCheck check);

}  // namespace espgate::ike
