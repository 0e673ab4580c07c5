// The hash of the SPI table and the SPD caches (docs/developer/engine-behaviour.md, "Tables").
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "card/registers.h"

namespace espgate::driver::card {

// Where an entry stands in a table.
struct TablePlace {
  std::uint32_t way = 0;
  std::uint32_t index = 0;

  bool operator==(const TablePlace&) const = default;
};

// A in the low half, B in the high half.
std::uint64_t table_hash(std::span<const std::uint32_t> key);

// The four places of a key of this hash, by way, in a table of 2^log2 entries a way.
std::array<TablePlace, registers::engine_table_ways> places_of(std::uint64_t hash, std::uint32_t log2);

}  // namespace espgate::driver::card
