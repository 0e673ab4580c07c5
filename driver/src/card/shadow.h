// The words of SA_DATA: an SA row, or an entry of a table, packed as registers.h describes it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "card/registers.h"

namespace espgate::driver::card {

// Bit b is bit b mod 32 of word b / 32. May hold a key, and wipes itself.
class Shadow {
 public:
  Shadow() = default;
  Shadow(const Shadow&) = default;
  Shadow& operator=(const Shadow&) = default;
  ~Shadow();

  void set(registers::Field field, std::uint64_t value);
  void set_flag(registers::Field field, bool value) { set(field, value ? 1 : 0); }
  // Big-endian; fewer bytes than the field has stand in its upper part.
  void set_bytes(registers::Field field, ByteView bytes);
  // An IPv4 address stands in the low 32 bits.
  void set_address(registers::Field field, const IpAddress& address);

  // Up to the last word that a field was written to.
  std::span<const std::uint32_t> words() const { return std::span(m_words).first(m_used); }

 private:
  void set_bits(std::uint32_t lsb, std::uint32_t width, std::uint64_t value);

  std::array<std::uint32_t, registers::engine_shadow_words> m_words{};
  std::size_t m_used = 0;
};

}  // namespace espgate::driver::card
