// What the host was given of each SA: what a card that is programmed anew must go on from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/reader.h"
#include "driver/sa.h"

namespace espgate::driver::card {

struct Carried {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;    // outbound: of the inputs, which is no less than what the SA counts
  std::uint64_t highest = 0;  // inbound: the highest sequence number of a packet that was delivered
};

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

// What is left of a lifetime. A hard limit that is used up leaves one packet or byte, since no limit may be
// 0; a soft one that was reached has been reported.
inline Lifetime left_of(const Lifetime& lifetime, const Carried& carried) {
  const auto hard = [](std::uint64_t limit, std::uint64_t used) {
    return limit == Lifetime::none ? limit : limit > used ? limit - used : 1;
  };
  const auto soft = [](std::uint64_t limit, std::uint64_t used) {
    return limit != Lifetime::none && limit > used ? limit - used : Lifetime::none;
  };
  return {.soft_packets = soft(lifetime.soft_packets, carried.packets),
          .soft_bytes = soft(lifetime.soft_bytes, carried.bytes),
          .hard_packets = hard(lifetime.hard_packets, carried.packets),
          .hard_bytes = hard(lifetime.hard_bytes, carried.bytes)};
}

}  // namespace espgate::driver::card
