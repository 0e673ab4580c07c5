// Byte buffers and byte-order access. Everything on the wire is big-endian (network order).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace espgate {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using ByteSpan = std::span<std::uint8_t>;

// The caller guarantees that `at` plus the width lies within the span: use Reader for outside bytes.
constexpr std::uint16_t load_be16(ByteView b, std::size_t at = 0) {
  return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]);
}
constexpr std::uint32_t load_be32(ByteView b, std::size_t at = 0) {
  return (std::uint32_t{load_be16(b, at)} << 16) | load_be16(b, at + 2);
}
constexpr std::uint64_t load_be64(ByteView b, std::size_t at = 0) {
  return (std::uint64_t{load_be32(b, at)} << 32) | load_be32(b, at + 4);
}
constexpr void store_be16(ByteSpan b, std::size_t at, std::uint16_t v) {
  b[at] = static_cast<std::uint8_t>(v >> 8);
  b[at + 1] = static_cast<std::uint8_t>(v);
}
constexpr void store_be32(ByteSpan b, std::size_t at, std::uint32_t v) {
  store_be16(b, at, static_cast<std::uint16_t>(v >> 16));
  store_be16(b, at + 2, static_cast<std::uint16_t>(v));
}
constexpr void store_be64(ByteSpan b, std::size_t at, std::uint64_t v) {
  store_be32(b, at, static_cast<std::uint32_t>(v >> 32));
  store_be32(b, at + 4, static_cast<std::uint32_t>(v));
}

}  // namespace espgate
