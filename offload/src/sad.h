// The SAD as the host keeps it (RFC 4301 section 4.4.2): which Child SA serves which SPD entry, and where in
// the engine its two halves are. Keys are kept for the case that another engine takes over.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "driver/engine.h"
#include "offload/spd.h"

namespace espgate::offload {

// What an SA has carried, in one direction.
struct Volume {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

struct Sa {
  std::uint32_t id = 0;
  std::string name;  // of the SPD entry
  bool esn = false;
  std::uint32_t inbound_spi = 0;
  driver::SaIndex inbound;
  driver::SaIndex outbound;
  std::vector<Selector> selectors;
  bool receive_only = false;
  std::uint64_t lease_limit = 0;
  // What another engine would go on from: the SAs as they were given to this one, with their keys; a limit
  // that it may have been given, also when its answer was lost; and the highest number that it delivered.
  driver::InboundSa inbound_sa;
  driver::OutboundSa outbound_sa;
  std::uint64_t highest_limit = 0;
  std::uint64_t highest_delivered = 0;
  // The engine asked for more numbers and has not got them yet.
  bool renewal_due = false;
  // An engine that recovers counts anew: what the SA had carried before, as far as it was known.
  struct {
    Volume before;
    Volume seen;  // when last looked at
  } outbound_volume{}, inbound_volume{};
};

class Sad {
 public:
  // The id must be new.
  Sa& insert(Sa sa);
  void erase(std::uint32_t id);
  // A receive_only SA sends from now on, before the others of its SPD entry.
  void use_outbound(std::uint32_t id);
  void stop_outbound(std::uint32_t id);

  // nullptr when there is none.
  Sa* find(std::uint32_t id);
  Sa* find_by_outbound(driver::SaIndex index);
  Sa* find_by_inbound(driver::SaIndex index);
  // All are in other rows now.
  void rows_changed();
  // Of those that may send, the newest SA of the SPD entry whose selectors cover the packet: a peer may have
  // narrowed the entry.
  const Sa* choose_outbound(const std::string& entry, const PacketFields& fields) const;

  // By ascending id.
  std::map<std::uint32_t, Sa>& all() { return m_sas; }

 private:
  std::map<std::uint32_t, Sa> m_sas;                             // its nodes do not move
  std::unordered_map<std::string, std::vector<Sa*>> m_by_entry;  // newest last
  std::unordered_map<std::uint32_t, Sa*> m_by_outbound;
  std::unordered_map<std::uint32_t, Sa*> m_by_inbound;
};

}  // namespace espgate::offload
