// Key material. Both types wipe themselves, never print, and compare in constant time. A Secret does not
// copy by accident: clone() says that a second copy of the key comes into being.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace espgate {

// Overwrites with zeros in a way that the optimiser keeps.
void wipe(ByteSpan bytes);

// True when equal; the time taken depends on the sizes only.
bool equal_constant_time(ByteView a, ByteView b);

// A key of any length, on the heap.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size) : m_bytes(size) {}
  explicit Secret(ByteView bytes) : m_bytes(bytes.begin(), bytes.end()) {}
  Secret(Secret&& other) noexcept : m_bytes(std::move(other.m_bytes)) { other.m_bytes.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(m_bytes); }

  Secret clone() const { return Secret(view()); }

  ByteView view() const { return m_bytes; }
  ByteSpan span() { return m_bytes; }
  std::size_t size() const { return m_bytes.size(); }
  bool empty() const { return m_bytes.empty(); }

 private:
  Bytes m_bytes;
};

// A key of at most N bytes, held in place (no allocation). Copying is allowed, since SA descriptions are
// values; every copy wipes itself.
template <std::size_t N>
class InlineSecret {
 public:
  InlineSecret() = default;
  // Takes the first N bytes when there are more.
  explicit InlineSecret(ByteView bytes) : m_size(bytes.size() < N ? bytes.size() : N) {
    for (std::size_t i = 0; i < m_size; ++i) {
      m_bytes[i] = bytes[i];
    }
  }
  InlineSecret(const InlineSecret&) = default;
  InlineSecret& operator=(const InlineSecret&) = default;
  ~InlineSecret() { wipe(m_bytes); }

  ByteView view() const { return ByteView(m_bytes).first(m_size); }
  std::size_t size() const { return m_size; }
  bool empty() const { return m_size == 0; }

 private:
  std::array<std::uint8_t, N> m_bytes{};
  std::size_t m_size = 0;
};

}  // namespace espgate
