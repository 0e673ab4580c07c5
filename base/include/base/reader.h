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
  std::uint8_t u8() {
    const ByteView bytes = take(1);
    return bytes.empty() ? std::uint8_t{0} : bytes.front();
  }
  std::uint16_t u16() {
    const ByteView bytes = take(2);
    return bytes.empty() ? std::uint16_t{0} : load_be16(bytes);
  }
  std::uint32_t u32() {
    const ByteView bytes = take(4);
    return bytes.empty() ? 0 : load_be32(bytes);
  }
  std::uint64_t u64() {
    const ByteView bytes = take(8);
    return bytes.empty() ? 0 : load_be64(bytes);
  }

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
  void poison() {
    m_ok = false;
    m_rest = {};
  }

  ByteView m_rest;
  bool m_ok = true;
};

}  // namespace espgate
