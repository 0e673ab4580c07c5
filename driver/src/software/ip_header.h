// The headers around ESP that the engines write: outer IP and UDP, and in transport mode the packet's own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "software/address.h"

namespace espgate::driver::software {

struct OuterHeader {
  bool ipv6 = false;
  std::uint8_t tos = 0;  // or traffic class
  std::size_t total_bytes = 0;
  std::uint16_t identification = 0;  // these two in IPv4 only
  bool dont_fragment = false;
  std::uint8_t hop_limit = 0;
  std::uint8_t protocol = 0;
  Address source;
  Address destination;

  std::size_t bytes() const;  // of the header: 20 or 40
};
// `out` has bytes() bytes at least. IPv4 without options, its checksum right; IPv6 with flow label 0.
void build_header(const OuterHeader& header, ByteSpan out);

// A UDP header without checksum, which RFC 3948 section 2.1 asks for and RFC 6935 permits over IPv6; 8 bytes.
void build_udp(std::uint16_t source_port, std::uint16_t destination_port, std::size_t datagram_bytes,
               ByteSpan out);

// Both take the header at the start of `packet`, IPv4 with its options or IPv6, and give it another protocol
// and total length; `header_bytes` is its length. The first computes the IPv4 checksum anew; the second
// updates it (RFC 1624, equation 3), so that a wrong checksum stays wrong.
void rewrite_header(ByteSpan packet, std::size_t header_bytes, std::uint8_t protocol,
                    std::size_t total_bytes);
void update_header(ByteSpan packet, std::uint8_t protocol, std::size_t total_bytes);

// The IPv4 checksum after one 16-bit word of the header has changed (RFC 1624, equation 3).
std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after);

}  // namespace espgate::driver::software
