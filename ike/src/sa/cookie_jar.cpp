#include "sa/cookie_jar.h"

#include <array>
#include <utility>

#include "base/writer.h"
#include "crypto/prf.h"

namespace espgate::ike {

Bytes CookieJar::make(ByteView nonce, const IpAddress& address, std::uint64_t initiator_spi, Instant now) {
  rotate(now);
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): rotate() leaves a current secret.
  return compute(*m_current, nonce, address, initiator_spi);
}

bool CookieJar::is_ours(ByteView cookie, ByteView nonce, const IpAddress& address,
                        std::uint64_t initiator_spi, Instant now) {
  rotate(now);
  const auto fits = [&](const std::optional<Key>& key) {
    return key && equal_constant_time(cookie, compute(*key, nonce, address, initiator_spi));
  };
  return fits(m_current) || fits(m_previous);
}

void CookieJar::rotate(Instant now) {
  if (m_current && now - m_made < m_limits.cookie_secret_lifetime) {
    return;
  }
  // After a pause of more than one lifetime the old secret is too old to be the previous one.
  const bool previous_counts = m_current && now - m_made < 2 * m_limits.cookie_secret_lifetime;
  const std::uint32_t version = m_current ? m_current->version + 1 : 1;
  m_previous = previous_counts ? std::move(m_current) : std::nullopt;
  constexpr std::size_t secret_size = 32;
  Secret secret(secret_size);
  m_random.fill(secret.span());
  m_current = Key{version, std::move(secret)};
  m_made = now;
}

Bytes CookieJar::compute(const Key& key, ByteView nonce, const IpAddress& address,
                         std::uint64_t initiator_spi) {
  std::array<std::uint8_t, 8> spi{};
  store_be64(spi, 0, initiator_spi);
  const Secret mac = prf(Prf::hmac_sha2_256, key.secret.view(), {nonce, address.bytes(), spi});
  Writer writer;
  writer.u32(key.version);
  writer.bytes(mac.view());
  return std::move(writer).finish();
}

}  // namespace espgate::ike
