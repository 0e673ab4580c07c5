// Diffie-Hellman key exchange as the Key Exchange payload carries it: X25519 (RFC 8031), ECP groups (RFC
// 5903).
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
  // 32 bytes for X25519, x and y of equal size for ECP.
  virtual const Bytes& public_value() const = 0;
  // g^ir. Refuses values of the wrong size, points off the curve (RFC 6989 section 2.3) and a result of zero
  // (RFC 8031 section 2).
  virtual Result<Secret> shared_secret(ByteView peer_value) const = 0;

 protected:
  KeyExchange() = default;
};

}  // namespace espgate::ike
