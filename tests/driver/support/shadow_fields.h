// Reads the fields of packed rows and entries back, without the code that packs them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/hex.h"
#include "card/registers.h"

namespace espgate::driver::test {

// At most 64 bits.
inline std::uint64_t field(std::span<const std::uint32_t> words, registers::Field at) {
  std::uint64_t value = 0;
  for (std::uint32_t bit = 0; bit < at.width; ++bit) {
    const std::uint32_t from = at.lsb + bit;
    if (from / 32 < words.size() && (words[from / 32] >> (from % 32) & 1U) != 0) {
      value |= std::uint64_t{1} << bit;
    }
  }
  return value;
}

// A field of whole bytes as big-endian hex.
inline std::string wide(std::span<const std::uint32_t> words, registers::Field at) {
  Bytes bytes;
  for (std::uint32_t top = at.lsb + at.width; top > at.lsb; top -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(field(words, {top - 8, 8})));
  }
  return to_hex(bytes);
}

}  // namespace espgate::driver::test
