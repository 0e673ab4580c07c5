// One direction's SPD cache: what the SPD says of each flow that the host has told the engine of.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "driver/flow.h"
#include "software/ip_packet.h"

namespace espgate::driver::software {

class SpdCache {
 public:
  struct Decision {
    Policy policy = Policy::discard;
    std::uint32_t sa = 0;  // outbound protect
  };

  explicit SpdCache(std::uint32_t entries) : m_limit(entries) { m_decisions.reserve(entries); }

  // False when the flow is a new one and the cache is full.
  bool set(const Flow& flow, const Decision& decision);
  void forget(const Flow& flow) { m_decisions.erase(Key::of(flow)); }
  // Forgets the flows that lead to this SA.
  void forget_sa(std::uint32_t sa);

  // Null when the packet's flow is not there. Allocates nothing.
  const Decision* find(const IpPacket& packet, std::uint8_t spd) const;

  std::uint32_t limit() const { return m_limit; }

 private:
  struct Key {
    Address source;
    Address destination;
    std::uint64_t rest = 0;  // ports, protocol, whether the ports are known, family, SPD

    static Key of(const Flow& flow);
    static Key of(const IpPacket& packet, std::uint8_t spd);
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  std::uint32_t m_limit;
  std::unordered_map<Key, Decision, Hash> m_decisions;
};

}  // namespace espgate::driver::software
