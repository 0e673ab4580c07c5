// The commands of the engine's register port: one at a time, each waited for with a bound.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"
#include "card/register_port.h"
#include "card/sa_row.h"
#include "card/spi_table.h"
#include "driver/engine.h"

namespace espgate::driver::card {

// What the read-only registers say.
struct Identity {
  Capabilities capabilities;  // name is the driver's to give
  std::uint32_t spi_bucket_log2 = 0;
};

class Commands {
 public:
  explicit Commands(RegisterPort& port) : m_port(port) {}

  // Checks id and version, waits until the tables are wiped, reads the capabilities.
  Expected<Identity> identify();
  // An error once id reads as anything else, or a command has failed.
  Expected<> health();

  Expected<> add(Direction direction, std::uint32_t row, const SaRow& contents);
  Expected<> remove(Direction direction, std::uint32_t row);
  Expected<> renew_lease(std::uint32_t row, std::uint64_t lease_limit, std::uint64_t lease_low);
  Expected<> set_spi(SpiSlot slot, std::uint32_t spi, std::uint32_t row);
  Expected<> clear_spi(SpiSlot slot);
  // Fills `values` with the first counters of a set (registers::snapshot_set_*), all of one moment.
  Expected<> snapshot(std::uint32_t set, std::uint32_t row, std::span<std::uint64_t> values);

 private:
  Expected<> sa_command(Direction direction, std::uint32_t row, std::uint32_t operation, const char* what);
  void write_row(const SaRow& row);
  Expected<> wait_until(std::uint32_t mask, std::uint32_t value, const char* what);
  Expected<> wait_for_command(const char* what);
  std::unexpected<Error> stop(std::string message);

  RegisterPort& m_port;
  std::string m_failure;  // empty while the engine answers as it should
};

}  // namespace espgate::driver::card
