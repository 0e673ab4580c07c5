// Seeded randomness that is the same everywhere (the standard's distributions are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "base/bytes.h"

namespace espgate::driver::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : m_engine(seed) {}

  std::uint64_t u64() { return m_engine(); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(m_engine()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(m_engine()); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(m_engine()); }
  // 0 to bound - 1.
  std::size_t below(std::size_t bound) { return m_engine() % bound; }
  // Both ends included.
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  Bytes bytes(std::size_t count) {
    Bytes out(count);
    for (std::uint8_t& byte : out) {
      byte = u8();
    }
    return out;
  }

 private:
  std::mt19937_64 m_engine;
};

}  // namespace espgate::driver::test
