// Explicit congestion notification across the tunnel (RFC 6040).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace espgate::driver::software {

// The two low bits of the TOS byte, or of the traffic class.
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

constexpr Ecn ecn_of(std::uint8_t tos) {
  return static_cast<Ecn>(tos & 3U);
}

// What the decapsulated packet carries (RFC 6040 section 4.2, figure 4); nullopt: the packet is dropped,
// because a congestion mark cannot be passed on to a flow that does not understand it.
std::optional<Ecn> decapsulated_ecn(Ecn inner, Ecn outer);

// Sets the ECN field of the IP header at the start of `packet`, and updates the checksum of an IPv4 header
// incrementally (RFC 1624, equation 3), so that a wrong checksum stays wrong. The caller guarantees a whole
// header.
void set_ecn(ByteSpan packet, Ecn ecn);

}  // namespace espgate::driver::software
