#include "card/spi_table.h"

#include <fmt/format.h>

namespace espgate::driver::card {
namespace {

namespace entry = registers::spi_entry;

Shadow entry_of(std::uint32_t spi, std::uint32_t row) {
  Shadow shadow;
  shadow.set(entry::valid, 1);
  shadow.set(entry::sa, row);
  shadow.set(entry::spi, spi);
  return shadow;
}

}  // namespace

Expected<> SpiTable::insert(Commands& commands, std::uint32_t spi, std::uint32_t row) {
  const auto writes = m_table.set(spi, row);
  if (!writes) {
    return fail(fmt::format("the SPI table has no room for SPI {:#010x}, with {} SPIs in it; choose another",
                            spi, m_table.size()));
  }
  for (const auto& write : *writes) {
    if (auto written =
            commands.write_table(registers::table_spi, write.place, entry_of(write.key, write.value));
        !written) {
      m_table.erase(spi);
      return written;
    }
  }
  return {};
}

Expected<> SpiTable::write_all(Commands& commands) const {
  Expected<> written;
  m_table.for_each_place([&](const TablePlace& place, std::uint32_t spi, std::uint32_t row) {
    if (written) {
      written = commands.write_table(registers::table_spi, place, entry_of(spi, row));
    }
  });
  return written;
}

Expected<> SpiTable::erase(Commands& commands, std::uint32_t spi) {
  const auto place = m_table.erase(spi);
  return place ? commands.clear_table(registers::table_spi, *place) : Expected<>{};
}

}  // namespace espgate::driver::card
