// The hash of SPI table and SPD caches as docs/developer/engine-behaviour.md, "Tables", has it.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace espgate::test {

inline constexpr std::uint32_t table_ways = 4;

// {B, A} of a key.
inline std::uint64_t table_hash(std::span<const std::uint32_t> key) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto n = static_cast<int>(i);
    a ^= std::rotl(key[i], 5 * n) ^ std::rotl(key[i], 11 * n + 13);
    b ^= std::rotl(key[i], 7 * n + 3) ^ std::rotl(key[i], 13 * n + 20);
  }
  const auto mixed = [](std::uint32_t x) { return (std::rotl(x, 1) & std::rotl(x, 8)) ^ std::rotl(x, 2); };
  for (int round = 0; round < 4; ++round) {
    a ^= mixed(b);
    b ^= mixed(a);
  }
  return std::uint64_t{b} << 32 | a;
}

// The key's place in a way of 2^log2 entries.
inline std::uint32_t table_index(std::span<const std::uint32_t> key, std::uint32_t way, std::uint32_t log2) {
  return static_cast<std::uint32_t>(table_hash(key) >> 16 * way) & ((1U << log2) - 1);
}

}  // namespace espgate::test
