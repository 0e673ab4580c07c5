// The security policy database (RFC 4301 section 4.4.1): an ordered list; the first entry that matches
// decides, and what no entry matches is discarded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "driver/sa.h"

namespace espgate::offload {

enum class Action : std::uint8_t { protect, bypass, discard };

struct PacketFields;

// One row of selectors, seen from this gateway: local is the protected side. Ports in host order; protocol
// nullopt is ANY.
struct Selector {
  IpRange local;
  IpRange remote;
  std::optional<std::uint8_t> protocol;
  std::uint16_t local_port_first = 0;
  std::uint16_t local_port_last = 65535;
  std::uint16_t remote_port_first = 0;
  std::uint16_t remote_port_last = 65535;

  // Port ranges other than 0..65535 match only packets that hold their ports.
  bool matches_outbound(const PacketFields& fields) const;
  bool operator==(const Selector&) const = default;
};

struct SpdEntry {
  std::string name;  // the child that it came from
  Action action = Action::discard;
  std::vector<Selector> selectors;
  // Of the entry's inbound SAs, in packets; 0 for no replay check.
  std::uint16_t replay_window = driver::default_replay_window;
};

// The selector fields of an outbound packet. Ports are absent on fragments past the first and on protocols
// without ports.
struct PacketFields {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::optional<std::uint16_t> source_port;
  std::optional<std::uint16_t> destination_port;

  // nullopt when the bytes are not a whole IPv4 packet.
  static std::optional<PacketFields> parse(ByteView packet);
};

class Spd {
 public:
  // Replaces all entries at once, in the order given.
  void replace(std::vector<SpdEntry> entries) { m_entries = std::move(entries); }
  const std::vector<SpdEntry>& entries() const { return m_entries; }
  // nullptr when no entry has this name.
  const SpdEntry* find(const std::string& name) const;
  // The entry that an outbound packet hits; nullptr is the implicit final discard. A fragment without ports
  // passes over entries that name ports (RFC 4301 section 7), but it is discarded rather than bypassed when
  // one of those would have protected or discarded it: its whole packet may not go out in clear.
  const SpdEntry* lookup_outbound(const PacketFields& fields) const;

 private:
  std::vector<SpdEntry> m_entries;
};

}  // namespace espgate::offload
