// An IP packet as the engines see it: what docs/developer/engine-behaviour.md says under "Parsing an IP
// packet", which looks at the first 64 bytes only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "software/address.h"

namespace espgate::driver::software {

// What the hardware has in hand when it decides about headers.
inline constexpr std::size_t window_bytes = 64;

inline constexpr std::size_t ipv4_header_bytes = 20;  // without options
inline constexpr std::size_t ipv6_header_bytes = 40;
inline constexpr std::size_t udp_header_bytes = 8;

inline constexpr std::uint8_t protocol_ipv4 = 4;  // as ESP's next header: a tunnelled IPv4 packet
inline constexpr std::uint8_t protocol_udp = 17;
inline constexpr std::uint8_t protocol_ipv6 = 41;
inline constexpr std::uint8_t protocol_esp = 50;
inline constexpr std::uint8_t next_header_dummy = 59;  // RFC 4303 section 2.6
inline constexpr std::uint8_t header_hop_by_hop = 0;
inline constexpr std::uint8_t header_routing = 43;
inline constexpr std::uint8_t header_fragment = 44;
inline constexpr std::uint8_t header_destination_options = 60;

// What an upper-layer protocol shows for selectors (InboundSelectors).
struct Ports {
  bool known = false;
  // The protocol has them, and they are in the packet, but not in the window.
  bool beyond_window = false;
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
};
// `at` is where the upper layer stands in `packet`, which ends where the packet does.
Ports find_ports(ByteView packet, std::size_t at, std::uint8_t protocol);

struct IpPacket {
  bool malformed = true;  // the rest means nothing
  bool ipv6 = false;
  bool fragment = false;
  bool later_fragment = false;  // not the first one
  bool extensions = false;      // IPv6 extension headers were walked
  bool protocol_known = false;
  // The protocol is not known, or its ports lie beyond the window.
  bool window_exceeded = false;
  bool dont_fragment = false;      // IPv4
  std::uint8_t tos = 0;            // or traffic class
  std::uint8_t base_protocol = 0;  // protocol or next header field of the first header
  std::uint8_t protocol = 0;       // of the upper layer
  Ports ports;
  std::size_t upper_at = 0;  // where the upper layer stands
  std::size_t total = 0;     // header and payload; the rest of the frame is padding of the link
  Address source;
  Address destination;
};
IpPacket parse_ip(ByteView frame);

}  // namespace espgate::driver::software
