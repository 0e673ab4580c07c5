// The engine's SA and SPI tables, SPD caches and counters, through its registers. Knows which rows are taken,
// and nothing of how packets reach the engine. Keeps every SA, key included, as long as it is there: an
// engine that was reset is programmed anew from here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "card/carried.h"
#include "card/commands.h"
#include "card/register_port.h"
#include "card/spd_cache_table.h"
#include "card/spi_table.h"
#include "driver/engine.h"
#include "row_pool.h"
#include "sa_check.h"

namespace espgate::driver::card {

class SaTables {
 public:
  // `name` is the engine's in capabilities and messages. The port must outlive the object.
  static Expected<SaTables> create(RegisterPort& port, std::string name);

  const Capabilities& capabilities() const { return m_capabilities; }
  Expected<> health() { return m_commands.health(); }
  // No packet may be on its way.
  Expected<> self_test(SelfTest how) { return m_commands.self_test(how); }

  // As in Engine.
  Expected<SaIndex> add_outbound(const OutboundSa& sa);
  Expected<SaIndex> add_inbound(const InboundSa& sa);
  // No packet that was submitted before may be on its way to the engine still. Whatever the engine says, the
  // SA is out of the books, and one that does not say it is gone has failed.
  Expected<> remove(Direction direction, SaIndex index);
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low);
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa);
  Expected<> forget_policy(Direction direction, const Flow& flow);

  // Whether every further command fails.
  bool failed() const { return m_commands.failed(); }
  // From now on every command fails with this message, until reprogram().
  void abandon(std::string message) { m_commands.abandon(std::move(message)); }
  // Gives an engine that has been reset every SA, SPI and flow that it had, in their rows. Outbound, an SA
  // goes on at the limit of its lease, which the engine that is gone cannot have reached; inbound, behind the
  // highest number that was delivered. `outbound` and `inbound` have an element for each row.
  Expected<> reprogram(std::span<Carried> outbound, std::span<Carried> inbound);
  // nullptr for a row without an SA.
  const OutboundSa* outbound_sa(std::uint32_t row) const {
    if (!m_outbound.in_use(row)) {
      return nullptr;
    }
    const auto& sa = m_outbound_sas[row];
    return sa ? &*sa : nullptr;
  }
  const InboundSa* inbound_sa(std::uint32_t row) const {
    if (!m_inbound.in_use(row)) {
      return nullptr;
    }
    const auto& sa = m_inbound_sas[row];
    return sa ? &*sa : nullptr;
  }

  Expected<Counters> counters();
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index);
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index);

 private:
  SaTables(RegisterPort& port, const Identity& identity);
  std::unexpected<Error> no_such_sa(const char* direction, SaIndex index) const;
  Expected<> remove_outbound(std::uint32_t row);
  Expected<> remove_inbound(std::uint32_t row);
  Expected<> global_counters(std::uint32_t set, DirectionCounters& counters, std::uint64_t& cycles);

  Commands m_commands;
  Capabilities m_capabilities;
  RowPool m_outbound;
  RowPool m_inbound;
  SpiTable m_spi_table;
  SpdCacheTable m_outbound_cache;
  SpdCacheTable m_inbound_cache;
  std::vector<Lease> m_leases;  // of each outbound row
  std::vector<std::optional<OutboundSa>> m_outbound_sas;
  std::vector<std::optional<InboundSa>> m_inbound_sas;
};

}  // namespace espgate::driver::card
