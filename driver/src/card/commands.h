// The commands of the engine's register port: one at a time, each waited for with a bound.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "card/register_port.h"
#include "card/shadow.h"
#include "card/table_hash.h"
#include "driver/engine.h"

namespace espgate::driver::card {

// What the read-only registers say.
struct Identity {
  Capabilities capabilities;   // name is the driver's to give
  std::uint32_t spi_log2 = 0;  // entries of one way
  std::uint32_t spd_cache_log2 = 0;
};

class Commands {
 public:
  explicit Commands(RegisterPort& port) : m_port(port) {}

  // From now on every command fails with this message.
  void abandon(std::string message) { m_failure = std::move(message); }
  // Whether every further command fails.
  bool failed() const { return !m_failure.empty(); }
  // For an engine that has been reset.
  void restart() { m_failure.clear(); }

  // Checks id and version, waits until the tables are wiped and the self-test has ended, reads the
  // capabilities. Fails when the self-test did.
  Expected<Identity> identify();
  // An error once id reads as anything else, or a command has failed, or while the last self-test is a failed
  // one.
  Expected<> health();
  // Fails when the test does; the engine may be tested again.
  Expected<> self_test(SelfTest how);

  Expected<> add(Direction direction, std::uint32_t row, const Shadow& contents);
  Expected<> remove(Direction direction, std::uint32_t row);
  Expected<> renew_lease(std::uint32_t row, const Shadow& lease);
  // `table` is registers::table_*.
  Expected<> write_table(std::uint32_t table, TablePlace place, const Shadow& entry);
  Expected<> clear_table(std::uint32_t table, TablePlace place) { return write_table(table, place, {}); }
  // Fills `values` with the first counters of a set (registers::snapshot_set_*), all of one moment.
  Expected<> snapshot(std::uint32_t set, std::uint32_t row, std::span<std::uint64_t> values);

 private:
  Expected<> sa_command(Direction direction, std::uint32_t row, std::uint32_t operation, const char* what);
  void write_shadow(const Shadow& shadow);
  // Whether the engine is still the one that answered at first.
  Expected<> alive();
  Expected<> self_test_outcome();
  Expected<> wait_until(std::uint32_t mask, std::uint32_t value, const char* what);
  Expected<> wait_for_command(const char* what);
  std::unexpected<Error> stop(std::string message);

  RegisterPort& m_port;
  std::string m_failure;  // empty while the engine answers as it should
};

}  // namespace espgate::driver::card
