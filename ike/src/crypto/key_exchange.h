// Diffie-Hellman key exchange as the Key Exchange payload carries it: X25519 and X448 (RFC 8031), ECP groups
// (RFC 5903), MODP groups (RFC 3526).
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/secret.h"
#include "ike/config.h"
#include "ike/stack.h"
#include "reason.h"

namespace espgate::ike {

class KeyExchange {
 public:
  // A fresh private key drawn from `random`.
  static std::unique_ptr<KeyExchange> generate(Group group, Random& random);
  // With a private key that is given, in the group's own byte order: for tests against published vectors.
  static Result<std::unique_ptr<KeyExchange>> from_private(Group group, ByteView private_key);

  KeyExchange(const KeyExchange&) = delete;
  KeyExchange& operator=(const KeyExchange&) = delete;
  virtual ~KeyExchange() = default;

  virtual Group group() const = 0;
  // u for X25519 and X448 (32 and 56 bytes), x and y of equal size for ECP, a number as long as the prime for
  // MODP.
  virtual const Bytes& public_value() const = 0;
  // g^ir. Refuses values of the wrong size, 0, 1 and p - 1 (RFC 6989 section 2.1), points off the curve
  // (section 2.3) and a result of zero (RFC 8031 section 2).
  virtual Result<Secret> shared_secret(ByteView peer_value) const = 0;

 protected:
  KeyExchange() = default;
};

}  // namespace espgate::ike
