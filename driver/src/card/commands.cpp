#include "card/commands.h"

#include <fmt/format.h>

namespace espgate::driver::card {
namespace {

using registers::Field;

// Reads of the status register before a command counts as lost; the longest, a command that waits for packets
// in flight, takes a few thousand cycles.
constexpr int status_polls = 100'000;
constexpr std::uint32_t no_answer = UINT32_MAX;
// The hash has 16 bits for each way.
constexpr std::uint32_t largest_way_log2 = 16;

constexpr std::uint32_t get(Field field, std::uint32_t word) {
  return (word >> field.lsb) & ((std::uint32_t{1} << field.width) - 1);
}

constexpr std::uint32_t put(Field field, std::uint32_t value) {
  return value << field.lsb;
}

}  // namespace

std::unexpected<Error> Commands::stop(std::string message) {
  m_failure = std::move(message);
  return fail(m_failure);
}

Expected<Identity> Commands::identify() {
  namespace r = registers;
  if (auto answers = alive(); !answers) {
    return std::unexpected(answers.error());
  }
  const std::uint32_t version = m_port.read(r::reg_version);
  const std::uint32_t major = get(r::version_major, version);
  const std::uint32_t minor = get(r::version_minor, version);
  if (major != r::engine_version_major || minor < r::engine_version_minor) {
    return stop(fmt::format(
        "the engine's register map is version {}.{}, this driver needs {}.{} or a later one of {}; "
        "load the hardware image that belongs to this release",
        major, minor, r::engine_version_major, r::engine_version_minor, r::engine_version_major));
  }
  if (auto ready = wait_until(put(r::status_ready, 1), put(r::status_ready, 1), "reset"); !ready) {
    return std::unexpected(ready.error());
  }
  if (auto passed = self_test_outcome(); !passed) {
    return std::unexpected(passed.error());
  }
  const std::uint32_t carried = m_port.read(r::reg_capabilities);
  const std::uint32_t sizes = m_port.read(r::reg_table_sizes);
  const std::uint32_t outbound_log2 = get(r::table_sizes_outbound_sa_log2, sizes);
  const std::uint32_t inbound_log2 = get(r::table_sizes_inbound_sa_log2, sizes);
  Identity identity;
  identity.spi_log2 = get(r::table_sizes_spi_log2, sizes);
  identity.spd_cache_log2 = get(r::table_sizes_spd_cache_log2, sizes);
  if (outbound_log2 >= r::sa_command_index.width || inbound_log2 >= r::sa_command_index.width ||
      identity.spi_log2 > largest_way_log2 || identity.spd_cache_log2 > largest_way_log2) {
    return stop(fmt::format("the engine names impossible table sizes ({:#010x})", sizes));
  }
  const auto has = [carried](Field field) { return get(field, carried) != 0; };
  const bool spd_cache = has(r::capabilities_spd_cache);
  identity.capabilities = {
      .name = {},
      .version = fmt::format("{}.{}", major, minor),
      .aes_gcm_128 = has(r::capabilities_aes_gcm_128),
      .aes_gcm_256 = has(r::capabilities_aes_gcm_256),
      .gmac_128 = has(r::capabilities_gmac_128),
      .gmac_256 = has(r::capabilities_gmac_256),
      .esn = has(r::capabilities_esn),
      .tunnel = has(r::capabilities_tunnel),
      .ipv6 = has(r::capabilities_ipv6),
      .transport = has(r::capabilities_transport),
      .udp_encapsulation = has(r::capabilities_udp_encapsulation),
      .tfc = has(r::capabilities_tfc),
      .lifetimes = has(r::capabilities_lifetimes),
      .spd_cache = spd_cache,
      .replay_window = m_port.read(r::reg_replay_window),
      .max_packet_bytes = m_port.read(r::reg_max_packet_bytes),
      .outbound_sas = std::uint32_t{1} << outbound_log2,
      .inbound_sas = std::uint32_t{1} << inbound_log2,
      .spd_cache_entries = spd_cache ? r::engine_table_ways << identity.spd_cache_log2 : 0};
  return identity;
}

Expected<> Commands::alive() {
  if (!m_failure.empty()) {
    return fail(m_failure);
  }
  if (const std::uint32_t id = m_port.read(registers::reg_id); id != registers::engine_id) {
    return stop(id == no_answer ? "the engine does not answer (its id reads as all ones)"
                                : fmt::format("the engine's id is {:#010x} and should be {:#010x}", id,
                                              registers::engine_id));
  }
  return {};
}

Expected<> Commands::self_test_outcome() {
  const std::uint32_t status = m_port.read(registers::reg_status);
  if (get(registers::status_self_test_failed, status) != 0) {
    return fail(
        "the engine failed its self-test and carries nothing; reload the hardware image, and replace "
        "the card should that not help");
  }
  if (get(registers::status_self_test_passed, status) == 0) {
    return fail("the engine says neither that its self-test passed nor that it failed");
  }
  return {};
}

Expected<> Commands::health() {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  return self_test_outcome();
}

Expected<> Commands::self_test(SelfTest how) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  m_port.write(
      registers::reg_self_test,
      put(registers::self_test_run, 1) | put(registers::self_test_corrupt, how == SelfTest::fail ? 1 : 0));
  if (auto done = wait_for_command("self-test"); !done) {
    return done;
  }
  return self_test_outcome();
}

Expected<> Commands::wait_until(std::uint32_t mask, std::uint32_t value, const char* what) {
  for (int poll = 0; poll < status_polls; ++poll) {
    const std::uint32_t status = m_port.read(registers::reg_status);
    if (status == no_answer) {
      return stop(fmt::format("the engine does not answer (status reads as all ones, {})", what));
    }
    if ((status & mask) == value) {
      return {};
    }
  }
  return stop(fmt::format("the engine did not finish {} within {} reads of its status", what, status_polls));
}

Expected<> Commands::wait_for_command(const char* what) {
  if (auto done = wait_until(put(registers::status_busy, 1), 0, what); !done) {
    return done;
  }
  // The tables' sizes come from the engine, so a rejection means that driver and engine disagree.
  if (get(registers::status_rejected, m_port.read(registers::reg_status)) != 0) {
    return stop(fmt::format("the engine rejected a command ({})", what));
  }
  return {};
}

void Commands::write_shadow(const Shadow& shadow) {
  std::uint32_t offset = registers::reg_sa_data;
  for (const std::uint32_t word : shadow.words()) {
    m_port.write(offset, word);
    offset += 4;
  }
}

Expected<> Commands::sa_command(Direction direction, std::uint32_t row, std::uint32_t operation,
                                const char* what) {
  m_port.write(registers::reg_sa_command,
               put(registers::sa_command_index, row) |
                   put(registers::sa_command_inbound, direction == Direction::inbound ? 1 : 0) |
                   put(registers::sa_command_operation, operation));
  return wait_for_command(what);
}

Expected<> Commands::add(Direction direction, std::uint32_t row, const Shadow& contents) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  write_shadow(contents);
  return sa_command(direction, row, registers::sa_operation_add, "add SA");
}

Expected<> Commands::remove(Direction direction, std::uint32_t row) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  return sa_command(direction, row, registers::sa_operation_remove, "remove SA");
}

Expected<> Commands::renew_lease(std::uint32_t row, const Shadow& lease) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  write_shadow(lease);
  return sa_command(Direction::outbound, row, registers::sa_operation_renew_lease, "renew lease");
}

Expected<> Commands::write_table(std::uint32_t table, TablePlace place, const Shadow& entry) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  write_shadow(entry);
  m_port.write(registers::reg_table_command, put(registers::table_command_index, place.index) |
                                                 put(registers::table_command_way, place.way) |
                                                 put(registers::table_command_table, table));
  return wait_for_command("write table entry");
}

Expected<> Commands::snapshot(std::uint32_t set, std::uint32_t row, std::span<std::uint64_t> values) {
  if (auto answers = alive(); !answers) {
    return answers;
  }
  m_port.write(registers::reg_snapshot_command,
               put(registers::snapshot_command_index, row) | put(registers::snapshot_command_set, set));
  if (auto done = wait_for_command("snapshot"); !done) {
    return done;
  }
  std::uint32_t offset = registers::reg_snapshot_data;
  for (std::uint64_t& value : values) {
    const std::uint32_t low = m_port.read(offset);
    value = (std::uint64_t{m_port.read(offset + 4)} << 32) | low;
    offset += 8;
  }
  return {};
}

}  // namespace espgate::driver::card
