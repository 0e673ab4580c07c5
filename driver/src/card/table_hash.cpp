#include "card/table_hash.h"

#include <bit>

namespace espgate::driver::card {
namespace {

constexpr int rounds = 4;

std::uint32_t mixed(std::uint32_t x) {
  return (std::rotl(x, 1) & std::rotl(x, 8)) ^ std::rotl(x, 2);
}

}  // namespace

std::uint64_t table_hash(std::span<const std::uint32_t> key) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto n = static_cast<unsigned>(i);
    const auto turned = [&](unsigned by) { return std::rotl(key[i], static_cast<int>(by % 32)); };
    a ^= turned(5 * n) ^ turned(11 * n + 13);
    b ^= turned(7 * n + 3) ^ turned(13 * n + 20);
  }
  for (int round = 0; round < rounds; ++round) {
    a ^= mixed(b);
    b ^= mixed(a);
  }
  return std::uint64_t{b} << 32 | a;
}

std::array<TablePlace, registers::engine_table_ways> places_of(std::uint64_t hash, std::uint32_t log2) {
  std::array<TablePlace, registers::engine_table_ways> places;
  const std::uint32_t mask = (std::uint32_t{1} << log2) - 1;
  for (std::uint32_t way = 0; way < places.size(); ++way) {
    places.at(way) = {.way = way, .index = static_cast<std::uint32_t>(hash >> (16 * way)) & mask};
  }
  return places;
}

}  // namespace espgate::driver::card
