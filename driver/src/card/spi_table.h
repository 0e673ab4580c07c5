// Where each inbound SPI stands in the hardware's table: buckets of four ways, the bucket chosen by a hash.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "card/registers.h"

namespace espgate::driver::card {

struct SpiSlot {
  std::uint32_t bucket = 0;
  std::uint32_t way = 0;

  bool operator==(const SpiSlot&) const = default;
};

class SpiTable {
 public:
  explicit SpiTable(std::uint32_t bucket_log2) : m_ways(std::size_t{1} << bucket_log2) {}

  std::uint32_t bucket_of(std::uint32_t spi) const {
    std::uint32_t hash = spi ^ (spi >> 16);
    hash ^= hash >> 8;
    return hash & (static_cast<std::uint32_t>(m_ways.size()) - 1);
  }
  bool contains(std::uint32_t spi) const { return m_slots.contains(spi); }
  // The caller guarantees that the SPI is not there; nullopt when its bucket is full.
  std::optional<SpiSlot> insert(std::uint32_t spi);
  // The slot that is free again; the caller guarantees that the SPI is there.
  SpiSlot erase(std::uint32_t spi);

 private:
  std::vector<std::array<bool, registers::engine_spi_ways>> m_ways;  // taken or not
  std::unordered_map<std::uint32_t, SpiSlot> m_slots;
};

}  // namespace espgate::driver::card
