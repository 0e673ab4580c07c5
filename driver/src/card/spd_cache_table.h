// One direction's SPD cache in the hardware.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.h"
#include "card/commands.h"
#include "card/way_table.h"
#include "driver/flow.h"

namespace espgate::driver::card {

class SpdCacheTable {
 public:
  struct Decision {
    Policy policy = Policy::discard;
    std::uint32_t sa = 0;  // outbound protect

    bool leads_to(std::uint32_t row) const { return policy == Policy::protect && sa == row; }
  };

  // `table` is registers::table_*_spd_cache; 2^log2 entries a way.
  SpdCacheTable(std::uint32_t table, std::uint32_t log2) : m_number(table), m_table(log2) {}

  // The flow has passed check(). Fails when there is no room, or the engine does not answer.
  Expected<> set(Commands& commands, const Flow& flow, const Decision& decision);
  Expected<> forget(Commands& commands, const Flow& flow);
  // Forgets the flows that lead to this row.
  Expected<> forget_sa(Commands& commands, std::uint32_t row);
  // Writes every entry to a cache that has been wiped.
  Expected<> write_all(Commands& commands) const;

 private:
  // k0 to k9 of the page.
  struct Traits {
    static std::array<std::uint32_t, 10> words(const Flow& flow);
  };

  std::uint32_t m_number;
  WayTable<Flow, Decision, Traits> m_table;
};

}  // namespace espgate::driver::card
