// Sequence numbers of packets that an engine has delivered: what another engine must go on from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/reader.h"

namespace espgate::driver {

// The low half of the sequence number of an ESP packet that an engine has delivered, with or without UDP
// encapsulation; nullopt for anything else.
inline std::optional<std::uint32_t> esp_sequence(ByteView packet) {
  constexpr std::uint8_t udp = 17;
  constexpr std::size_t ipv4_protocol = 9;
  constexpr std::size_t ipv6_next_header = 6;
  constexpr std::size_t ipv6_bytes = 40;
  constexpr std::size_t udp_bytes = 8;
  Reader reader(packet);
  const std::uint8_t first = reader.u8();
  const bool v4 = first >> 4U == 4;
  const std::size_t protocol_at = v4 ? ipv4_protocol : ipv6_next_header;
  reader.skip(protocol_at - 1);
  const std::uint8_t protocol = reader.u8();
  const std::size_t header_bytes = v4 ? std::size_t{4} * (first & 0xfU) : ipv6_bytes;
  if (header_bytes <= protocol_at) {
    return std::nullopt;
  }
  reader.skip(header_bytes - protocol_at - 1 + (protocol == udp ? udp_bytes : 0) + 4);  // and the SPI
  const std::uint32_t sequence = reader.u32();
  return reader.ok() ? std::optional(sequence) : std::nullopt;
}

// The highest number after one more packet. With ESN its high half is the one that brings it nearest to
// `highest`: the engine has found it to be within the window of it, or above it by less than half the low
// half's range.
constexpr std::uint64_t highest_after(std::uint64_t highest, std::uint32_t low, bool esn) {
  if (!esn) {
    return std::max<std::uint64_t>(highest, low);
  }
  constexpr std::uint64_t range = std::uint64_t{1} << 32U;
  std::uint64_t number = (highest & ~(range - 1)) | low;
  if (number + range / 2 < highest) {
    number += range;
  } else if (number > highest + range / 2 && number >= range) {
    number -= range;
  }
  return std::max(highest, number);
}

}  // namespace espgate::driver
