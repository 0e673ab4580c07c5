// SAs and packets that the benches share: SA n has a key, an SPI and a pair of addresses of its own.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "driver/engine.h"

namespace espgate::bench {

enum class SaMode : std::uint8_t { tunnel_v4, tunnel_v6_udp, transport };
inline constexpr std::array all_sa_modes{SaMode::tunnel_v4, SaMode::tunnel_v6_udp, SaMode::transport};
const char* name_of(SaMode mode);

driver::OutboundSa outbound_sa(std::uint32_t n, SaMode mode = SaMode::tunnel_v4);
// The other end of outbound_sa(n).
driver::InboundSa inbound_sa(std::uint32_t n, SaMode mode = SaMode::tunnel_v4);
// A packet of `bytes` bytes, IP header included, as the SAs of that mode take it: UDP in IPv4, 28 bytes at
// least; or in IPv6 a protocol without ports, 40 bytes at least.
Bytes inner_packet(std::size_t bytes, SaMode mode = SaMode::tunnel_v4);

}  // namespace espgate::bench
