// What stands in a datagram of UDP port 4500 (RFC 3948 section 2), and the IPv4 and UDP headers that the
// socket took off it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace espgate::host::dataplane {

enum class NatTKind : std::uint8_t { ike, esp, keep_alive, malformed };
// `payload` is what follows the UDP header.
NatTKind classify_nat_t(ByteView payload);

// Before an IKE message on port 4500 (RFC 3948 section 2.2).
inline constexpr std::size_t non_esp_marker_bytes = 4;

inline constexpr std::size_t ipv4_udp_header_bytes = 28;
// An IPv4 packet holds 65535 bytes in all.
inline constexpr std::size_t max_udp_payload_bytes = 65535 - ipv4_udp_header_bytes;

struct UdpFlow {
  IpAddress source;  // IPv4, both
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;
};

// Fills `header` (ipv4_udp_header_bytes) for a payload of at most max_udp_payload_bytes. What a socket does
// not tell is zero: identification, DF, options, and the UDP checksum, which the kernel has checked already.
void write_ipv4_udp_header(ByteSpan header, const UdpFlow& flow, std::size_t payload_bytes);

}  // namespace espgate::host::dataplane
