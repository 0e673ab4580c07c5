// The only way to read bytes that came from outside: every access is bounds-checked, and a failed
// access poisons the reader, so that a parser may read a whole structure and check once.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace espgate {

class Reader {
 public:
  explicit Reader(ByteView bytes) : m_rest(bytes) {}

  // Big-endian integers; zero, and ok() false, past the end.
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }

  // A view of the next `count` bytes of the buffer that the reader was made from; empty past the end.
  ByteView take(std::size_t count) {
    if (count > m_rest.size()) {
      poison();
      return {};
    }
    const ByteView head = m_rest.first(count);
    m_rest = m_rest.subspan(count);
    return head;
  }
  ByteView take_rest() { return take(m_rest.size()); }
  void skip(std::size_t count) { take(count); }

  std::size_t remaining() const { return m_rest.size(); }
  bool empty() const { return m_rest.empty(); }
  bool ok() const { return m_ok; }

 private:
  std::uint64_t integer(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(width)) {
      value = (value << 8) | byte;
    }
    return value;
  }
  void poison() {
    m_ok = false;
    m_rest = {};
  }

  ByteView m_rest;
  bool m_ok = true;
};

}  // namespace espgate
