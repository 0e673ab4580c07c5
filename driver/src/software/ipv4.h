// IPv4 headers (RFC 791) as the ESP transforms see them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace espgate::driver::software {

inline constexpr std::size_t ipv4_header_bytes = 20;  // without options
inline constexpr std::uint8_t protocol_ipv4 = 4;      // as ESP's next header: a tunnelled IPv4 packet
inline constexpr std::uint8_t protocol_udp = 17;
inline constexpr std::uint8_t protocol_esp = 50;
inline constexpr std::uint8_t next_header_dummy = 59;  // RFC 4303 section 2.6

struct Ipv4Header {
  std::size_t header_bytes = 0;  // 20..60
  std::size_t total_bytes = 0;   // header and payload; the rest of the frame is padding of the link
  std::uint8_t tos = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;  // host order
  std::uint32_t destination = 0;

  bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

// The header at the start of `frame`; nullopt unless the version is 4 and both lengths fit the frame. The
// checksum is not looked at.
std::optional<Ipv4Header> parse_ipv4(ByteView frame);

// The outer header that outbound processing builds. `out` has ipv4_header_bytes at least; the header is one
// without options, and its checksum is right.
struct OuterHeader {
  std::uint8_t tos = 0;
  std::uint16_t total_bytes = 0;
  std::uint16_t identification = 0;
  bool dont_fragment = false;
  std::uint8_t hop_limit = 0;
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;  // host order
  std::uint32_t destination = 0;
};
void build_ipv4(const OuterHeader& header, ByteSpan out);

}  // namespace espgate::driver::software
