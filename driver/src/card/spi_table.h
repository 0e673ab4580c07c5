// The SPI table of the hardware: which inbound row each SPI leads to.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.h"
#include "card/commands.h"
#include "card/way_table.h"

namespace espgate::driver::card {

class SpiTable {
 public:
  explicit SpiTable(std::uint32_t log2) : m_table(log2) {}

  bool contains(std::uint32_t spi) const { return m_table.find(spi) != nullptr; }
  // Fails when there is no room for the SPI, or the engine does not answer. The caller guarantees that the
  // SPI is not there.
  Expected<> insert(Commands& commands, std::uint32_t spi, std::uint32_t row);
  Expected<> erase(Commands& commands, std::uint32_t spi);
  // Writes every entry to a table that has been wiped.
  Expected<> write_all(Commands& commands) const;

 private:
  struct Traits {
    static std::array<std::uint32_t, 1> words(std::uint32_t spi) { return {spi}; }
  };

  WayTable<std::uint32_t, std::uint32_t, Traits> m_table;  // SPI to row
};

}  // namespace espgate::driver::card
