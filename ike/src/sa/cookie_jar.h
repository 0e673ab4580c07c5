// Stateless cookies (RFC 7296 section 2.6).
#pragma once

#include <optional>

#include "base/secret.h"
#include "ike/stack.h"

namespace espgate::ike {

// Cookie = version of the secret | HMAC-SHA-256(secret, Ni | IPi | SPIi). The secret changes every
// Limits::cookie_secret_lifetime while cookies are in use; the one before it still counts.
class CookieJar {
 public:
  CookieJar(Random& random, const Limits& limits) : m_random(random), m_limits(limits) {}

  Bytes make(ByteView nonce, const IpAddress& address, std::uint64_t initiator_spi, Instant now);
  bool is_ours(ByteView cookie, ByteView nonce, const IpAddress& address, std::uint64_t initiator_spi,
               Instant now);

 private:
  struct Key {
    std::uint32_t version = 0;
    Secret secret;
  };
  void rotate(Instant now);
  static Bytes compute(const Key& key, ByteView nonce, const IpAddress& address, std::uint64_t initiator_spi);

  Random& m_random;
  const Limits& m_limits;
  std::optional<Key> m_current;
  std::optional<Key> m_previous;
  Instant m_made{};
};

}  // namespace espgate::ike
