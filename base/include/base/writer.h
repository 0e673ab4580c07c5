// Builds wire bytes: big-endian integers, raw bytes, and length fields filled in afterwards.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace espgate {

class Writer {
 public:
  void u8(std::uint8_t v) { m_bytes.push_back(v); }
  void u16(std::uint16_t v) { integer(v, 2); }
  void u32(std::uint32_t v) { integer(v, 4); }
  void u64(std::uint64_t v) { integer(v, 8); }
  void bytes(ByteView b) { m_bytes.insert(m_bytes.end(), b.begin(), b.end()); }
  void zeros(std::size_t count) { m_bytes.resize(m_bytes.size() + count); }

  // Overwrites bytes written before; `at` must lie within them.
  void patch_u8(std::size_t at, std::uint8_t v) { m_bytes[at] = v; }
  void patch_u16(std::size_t at, std::uint16_t v) { store_be16(m_bytes, at, v); }
  void patch_u32(std::size_t at, std::uint32_t v) { store_be32(m_bytes, at, v); }

  std::size_t size() const { return m_bytes.size(); }
  ByteView view() const { return m_bytes; }
  Bytes finish() && { return std::move(m_bytes); }

 private:
  void integer(std::uint64_t v, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
      m_bytes.push_back(static_cast<std::uint8_t>(v >> shift));
    }
  }

  Bytes m_bytes;
};

}  // namespace espgate
