// What the host was given of each SA: what a card that is programmed anew must go on from.
#pragma once

#include <cstdint>

#include "driver/sa.h"
#include "driver/sequence.h"

namespace espgate::driver::card {

struct Carried {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;    // outbound: of the inputs, which is no less than what the SA counts
  std::uint64_t highest = 0;  // inbound: the highest sequence number of a packet that was delivered
};

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
