// The Internet checksum (RFC 1071).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace espgate {

// One's complement of the one's complement sum; an odd last byte counts as if a zero followed.
// Over a header whose checksum field is right, the result is zero.
constexpr std::uint16_t internet_checksum(ByteView bytes) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) {
    sum += load_be16(bytes, i);
  }
  if (i < bytes.size()) {
    sum += static_cast<std::uint64_t>(bytes[i]) << 8;
  }
  while ((sum >> 16) != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace espgate
