#include "card/spi_table.h"

namespace espgate::driver::card {

std::optional<SpiSlot> SpiTable::insert(std::uint32_t spi) {
  const std::uint32_t bucket = bucket_of(spi);
  auto& ways = m_ways[bucket];
  for (std::uint32_t way = 0; way < ways.size(); ++way) {
    if (!ways.at(way)) {
      ways.at(way) = true;
      const SpiSlot slot{.bucket = bucket, .way = way};
      m_slots.emplace(spi, slot);
      return slot;
    }
  }
  return std::nullopt;
}

SpiSlot SpiTable::erase(std::uint32_t spi) {
  const SpiSlot slot = m_slots.at(spi);
  m_slots.erase(spi);
  m_ways[slot.bucket].at(slot.way) = false;
  return slot;
}

}  // namespace espgate::driver::card
