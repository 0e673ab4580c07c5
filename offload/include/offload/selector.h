// Selectors (RFC 4301 section 4.4.1.1), and the fields of packets that they are about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "driver/sa.h"

namespace espgate::offload {

// The selector fields of a packet. A port is absent on fragments past the first, on protocols without ports,
// and where the packet ends before it. ICMP and ICMPv6 show type * 256 + code, and the mobility header type *
// 256, as both ports, as an engine does.
struct PacketFields {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::optional<std::uint16_t> source_port;
  std::optional<std::uint16_t> destination_port;

  // nullopt when the bytes are not a whole IPv4 or IPv6 packet, or have a chain of more extension headers
  // than any sender needs.
  static std::optional<PacketFields> parse(ByteView packet);

  PacketFields reversed() const {
    return {.source = destination,
            .destination = source,
            .protocol = protocol,
            .source_port = destination_port,
            .destination_port = source_port};
  }
  bool ports_known() const { return source_port && destination_port; }
};

// Whether packets of the protocol show ports (or type and code) at all.
bool has_ports(std::uint8_t protocol);

// One row of selectors, seen from this gateway: local is the protected side. Lists of ranges are several
// rows. Ports in host order, as PacketFields has them; 0..65535 is ANY and matches every packet, 65535..0 is
// OPAQUE and matches only packets without known ports. Protocol nullopt is ANY.
struct Selector {
  IpRange local;
  IpRange remote;
  std::optional<std::uint8_t> protocol;
  std::uint16_t local_port_first = 0;
  std::uint16_t local_port_last = 65535;
  std::uint16_t remote_port_first = 0;
  std::uint16_t remote_port_last = 65535;

  bool matches_outbound(const PacketFields& fields) const;
  bool operator==(const Selector&) const = default;
};

// "10.1.0.0/24 => 10.2.0.0/24 protocol 6 local port 80-81 remote port opaque"
std::string to_string(const Selector& selector);

// Which selectors of an SA come from the packet that asked for it, and not from the entry (PFP).
struct PopulateFromPacket {
  bool local_address = false;
  bool remote_address = false;
  bool protocol = false;
  bool local_port = false;
  bool remote_port = false;

  bool operator==(const PopulateFromPacket&) const = default;
};

// The selectors of the SA that a packet asks for; it matches the row. A port that the packet does not show
// becomes OPAQUE.
Selector selectors_for(const Selector& row, const PopulateFromPacket& from_packet,
                       const PacketFields& packet);

}  // namespace espgate::offload
