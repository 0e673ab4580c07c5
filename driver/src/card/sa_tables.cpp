#include "card/sa_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "card/sa_row.h"

namespace espgate::driver::card {

namespace {

constexpr const char* no_aes = "OpenSSL refuses the AES key; does its configuration leave AES available?";

}  // namespace

static_assert(registers::verdict_count == verdict_count,
              "registers.h and verdicts.def are of one description");

Expected<SaTables> SaTables::create(RegisterPort& port, std::string name) {
  auto identity = Commands(port).identify();
  if (!identity) {
    return std::unexpected(identity.error());
  }
  identity->capabilities.name = std::move(name);
  return SaTables(port, *identity);
}

SaTables::SaTables(RegisterPort& port, const Identity& identity)
    : m_commands(port),
      m_capabilities(identity.capabilities),
      m_outbound(identity.capabilities.outbound_sas),
      m_inbound(identity.capabilities.inbound_sas),
      m_spi_table(identity.spi_log2),
      m_outbound_cache(registers::table_outbound_spd_cache, identity.spd_cache_log2),
      m_inbound_cache(registers::table_inbound_spd_cache, identity.spd_cache_log2),
      m_leases(identity.capabilities.outbound_sas),
      m_outbound_sas(identity.capabilities.outbound_sas),
      m_inbound_sas(identity.capabilities.inbound_sas) {}

std::unexpected<Error> SaTables::no_such_sa(const char* direction, SaIndex index) const {
  return fail(fmt::format("there is no {} SA {} in engine {}", direction, index.value, m_capabilities.name));
}

Expected<SaIndex> SaTables::add_outbound(const OutboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  const auto contents = row_of(sa);
  if (!contents) {
    return fail(no_aes);
  }
  const auto row = m_outbound.take();
  if (!row) {
    return fail(fmt::format("the outbound SA table of engine {} is full ({} SAs)", m_capabilities.name,
                            m_outbound.rows()));
  }
  if (auto added = m_commands.add(Direction::outbound, *row, *contents); !added) {
    m_outbound.give_back(*row);
    return std::unexpected(added.error());
  }
  m_leases[*row] = {.limit = sa.lease_limit, .esn = sa.esn};
  m_outbound_sas[*row] = sa;
  return SaIndex{*row};
}

Expected<SaIndex> SaTables::add_inbound(const InboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  if (m_spi_table.contains(sa.spi)) {
    return fail(fmt::format("an inbound SA with SPI {:#010x} is there already", sa.spi));
  }
  const auto contents = row_of(sa);
  if (!contents) {
    return fail(no_aes);
  }
  const auto row = m_inbound.take();
  if (!row) {
    return fail(fmt::format("the inbound SA table of engine {} is full ({} SAs)", m_capabilities.name,
                            m_inbound.rows()));
  }
  // The row before the SPI that leads to it.
  auto added = m_commands.add(Direction::inbound, *row, *contents);
  if (added) {
    added = m_spi_table.insert(m_commands, sa.spi, *row);
    if (!added) {
      // Without an SPI, the row must not keep its keys. An engine that does not answer is the greater
      // failure.
      if (auto wiped = m_commands.remove(Direction::inbound, *row); !wiped) {
        added = std::move(wiped);
      }
    }
  }
  if (!added) {
    m_inbound.give_back(*row);
    return std::unexpected(added.error());
  }
  m_inbound_sas[*row] = sa;
  return SaIndex{*row};
}

Expected<> SaTables::remove(Direction direction, SaIndex index) {
  if (direction == Direction::outbound) {
    return m_outbound.in_use(index.value) ? remove_outbound(index.value) : no_such_sa("outbound", index);
  }
  return m_inbound.in_use(index.value) ? remove_inbound(index.value) : no_such_sa("inbound", index);
}

// Whatever leads to the row goes before it.
Expected<> SaTables::remove_outbound(std::uint32_t row) {
  auto forgotten = m_outbound_cache.forget_sa(m_commands, row);
  auto removed = m_commands.remove(Direction::outbound, row);
  m_outbound_sas[row].reset();
  m_outbound.give_back(row);
  return forgotten ? removed : forgotten;
}

Expected<> SaTables::remove_inbound(std::uint32_t row) {
  const auto& sa = m_inbound_sas[row];
  auto cleared = sa ? m_spi_table.erase(m_commands, sa->spi) : Expected<>{};
  auto removed = m_commands.remove(Direction::inbound, row);
  m_inbound_sas[row].reset();
  m_inbound.give_back(row);
  return cleared ? removed : cleared;
}

namespace {

// Once only: a recovery that fails behind it is tried again.
Lifetime take_from(const Lifetime& lifetime, Carried& carried) {
  const Lifetime left = left_of(lifetime, carried);
  carried.packets = carried.bytes = 0;
  return left;
}

}  // namespace

Expected<> SaTables::reprogram(std::span<Carried> outbound, std::span<Carried> inbound) {
  m_commands.restart();
  const auto identity = m_commands.identify();
  if (!identity) {
    return std::unexpected(identity.error());
  }
  if (identity->capabilities.outbound_sas != m_capabilities.outbound_sas ||
      identity->capabilities.inbound_sas != m_capabilities.inbound_sas) {
    return fail("the engine that came back has other tables than the one that went");
  }
  for (std::uint32_t row = 0; row < m_outbound.rows(); ++row) {
    auto& kept = m_outbound_sas[row];
    if (!kept) {
      continue;
    }
    OutboundSa& sa = *kept;
    sa.next_sequence = sa.lease_limit = sa.lease_low = m_leases[row].limit;
    sa.lifetime = take_from(sa.lifetime, outbound[row]);
    const auto contents = row_of(sa);
    if (Expected<> added =
            contents ? m_commands.add(Direction::outbound, row, *contents) : Expected<>(fail(no_aes));
        !added) {
      return added;
    }
  }
  for (std::uint32_t row = 0; row < m_inbound.rows(); ++row) {
    auto& kept = m_inbound_sas[row];
    if (!kept) {
      continue;
    }
    InboundSa& sa = *kept;
    sa.replay_top = std::max(sa.replay_top, inbound[row].highest);
    sa.lifetime = take_from(sa.lifetime, inbound[row]);
    const auto contents = row_of(sa);
    if (Expected<> added =
            contents ? m_commands.add(Direction::inbound, row, *contents) : Expected<>(fail(no_aes));
        !added) {
      return added;
    }
  }
  for (const auto& written : {m_spi_table.write_all(m_commands), m_outbound_cache.write_all(m_commands),
                              m_inbound_cache.write_all(m_commands)}) {
    if (!written) {
      return written;
    }
  }
  return {};
}

Expected<> SaTables::cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) {
  if (auto checked = check(flow, policy, m_capabilities); !checked) {
    return checked;
  }
  if (direction == Direction::inbound) {
    return m_inbound_cache.set(m_commands, flow, {.policy = policy, .sa = 0});
  }
  if (policy == Policy::protect && !m_outbound.in_use(sa.value)) {
    return no_such_sa("outbound", sa);
  }
  return m_outbound_cache.set(m_commands, flow,
                              {.policy = policy, .sa = policy == Policy::protect ? sa.value : 0});
}

Expected<> SaTables::forget_policy(Direction direction, const Flow& flow) {
  return (direction == Direction::outbound ? m_outbound_cache : m_inbound_cache).forget(m_commands, flow);
}

Expected<> SaTables::renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) {
  if (!m_outbound.in_use(outbound.value)) {
    return no_such_sa("outbound", outbound);
  }
  Lease& lease = m_leases[outbound.value];
  if (auto checked = check_renewal(lease, lease_limit); !checked) {
    return checked;
  }
  // Written down before the engine hears of it: should it fail now, nobody knows which limit is in force.
  lease.limit = lease_limit;
  return m_commands.renew_lease(outbound.value, row_of_lease(lease_limit, lease_low));
}

Expected<> SaTables::global_counters(std::uint32_t set, DirectionCounters& counters, std::uint64_t& cycles) {
  namespace r = registers;
  std::array<std::uint64_t, r::counter_global_count + verdict_count> values{};
  if (auto taken = m_commands.snapshot(set, 0, values); !taken) {
    return taken;
  }
  cycles = values[r::counter_global_cycles];
  counters.packets_in = values[r::counter_global_packets_in];
  counters.bytes_in = values[r::counter_global_bytes_in];
  counters.packets_out = values[r::counter_global_packets_out];
  counters.bytes_out = values[r::counter_global_bytes_out];
  counters.events_lost = values[r::counter_global_events_lost];
  std::ranges::copy(std::span(values).subspan<r::counter_global_count>(), counters.verdicts.begin());
  return {};
}

Expected<Counters> SaTables::counters() {
  Counters counters;
  if (auto taken =
          global_counters(registers::snapshot_set_global_outbound, counters.outbound, counters.cycles);
      !taken) {
    return std::unexpected(taken.error());
  }
  if (auto taken = global_counters(registers::snapshot_set_global_inbound, counters.inbound, counters.cycles);
      !taken) {
    return std::unexpected(taken.error());
  }
  return counters;
}

Expected<OutboundSaCounters> SaTables::outbound_sa_counters(SaIndex index) {
  namespace r = registers;
  if (!m_outbound.in_use(index.value)) {
    return no_such_sa("outbound", index);
  }
  std::array<std::uint64_t, r::counter_sa_outbound_count> values{};
  if (auto taken = m_commands.snapshot(r::snapshot_set_sa_outbound, index.value, values); !taken) {
    return std::unexpected(taken.error());
  }
  return OutboundSaCounters{.packets = values[r::counter_sa_outbound_packets],
                            .bytes = values[r::counter_sa_outbound_bytes],
                            .expired = values[r::counter_sa_outbound_expired],
                            .next_sequence = values[r::counter_sa_outbound_next_sequence]};
}

Expected<InboundSaCounters> SaTables::inbound_sa_counters(SaIndex index) {
  namespace r = registers;
  if (!m_inbound.in_use(index.value)) {
    return no_such_sa("inbound", index);
  }
  std::array<std::uint64_t, r::counter_sa_inbound_count> values{};
  if (auto taken = m_commands.snapshot(r::snapshot_set_sa_inbound, index.value, values); !taken) {
    return std::unexpected(taken.error());
  }
  return InboundSaCounters{.packets = values[r::counter_sa_inbound_packets],
                           .bytes = values[r::counter_sa_inbound_bytes],
                           .expired = values[r::counter_sa_inbound_expired],
                           .replay_too_old = values[r::counter_sa_inbound_replay_too_old],
                           .replay_duplicate = values[r::counter_sa_inbound_replay_duplicate],
                           .icv_failed = values[r::counter_sa_inbound_icv_failed],
                           .selector_mismatch = values[r::counter_sa_inbound_selector_mismatch],
                           .replay_top = values[r::counter_sa_inbound_replay_top]};
}

}  // namespace espgate::driver::card
