// The SAs of a replay: which one a packet needs. An engine gets an SA with the first packet that needs it, so
// that a long list does not need a large table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "driver/engine.h"
#include "replay/sa_description.h"

namespace espgate::host::replay {

// Where an ESP packet comes from and which SA it names.
struct EspLabel {
  std::uint32_t spi = 0;
  IpAddress destination;
  bool encapsulated = false;
};
// nullopt when the packet is no ESP, with or without UDP encapsulation (port 4500), that starts right behind
// an IP header without IPv6 extensions.
std::optional<EspLabel> esp_label(ByteView packet);

class SaSet {
 public:
  // Leaves out what goes the other way only.
  SaSet(driver::Engine& engine, driver::Direction direction, std::vector<SaDescription> sas);

  // The row of the first SA whose selectors the packet fits; nullopt when there is none. Fails when the
  // engine refuses the SA.
  Expected<std::optional<driver::SaIndex>> for_outbound(ByteView packet);
  // Makes sure that the engine has the SA of an inbound packet, when the list has it. What the list does not
  // say of it (a wildcard as destination, encapsulation) is taken from this packet.
  Expected<> for_inbound(ByteView packet);

  struct Programmed {
    std::uint32_t spi = 0;
    driver::SaIndex row;
  };
  // In the order of their first packets.
  const std::vector<Programmed>& programmed() const { return m_programmed; }

 private:
  struct Entry {
    SaDescription sa;
    std::optional<driver::SaIndex> row;
  };

  Expected<driver::SaIndex> program(const SaDescription& sa);

  driver::Engine& m_engine;
  driver::Direction m_direction;
  std::vector<Entry> m_entries;
  // Inbound SAs that the engine does not have yet.
  std::multimap<std::uint32_t, std::size_t> m_waiting;
  std::vector<Programmed> m_programmed;
};

}  // namespace espgate::host::replay
