// Descriptors and completions as they stand in memory: little-endian 64-bit words. No field crosses a word.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "card/lookaside_registers.h"

namespace espgate::driver::card {

static_assert(std::endian::native == std::endian::little, "the card reads its rings little-endian");

inline constexpr std::size_t entry_words = 4;
using EntryWords = std::array<std::uint64_t, entry_words>;
static_assert(sizeof(EntryWords) == registers::lookaside_shell::descriptor_bytes);
static_assert(sizeof(EntryWords) == registers::lookaside_shell::completion_bytes);

constexpr std::uint64_t field_mask(registers::Field field) {
  return field.width == 64 ? UINT64_MAX : (std::uint64_t{1} << field.width) - 1;
}

constexpr void put_field(EntryWords& entry, registers::Field field, std::uint64_t value) {
  entry.at(field.lsb / 64) |= (value & field_mask(field)) << field.lsb % 64;
}

constexpr std::uint64_t get_field(const EntryWords& entry, registers::Field field) {
  return entry.at(field.lsb / 64) >> field.lsb % 64 & field_mask(field);
}

}  // namespace espgate::driver::card
