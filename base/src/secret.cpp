#include "base/secret.h"

#include <openssl/crypto.h>

namespace espgate {

void wipe(ByteSpan bytes) {
  if (!bytes.empty()) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
  }
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(m_bytes);
    m_bytes = std::move(other.m_bytes);
    other.m_bytes.clear();
  }
  return *this;
}

}  // namespace espgate
