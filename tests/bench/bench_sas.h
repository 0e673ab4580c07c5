// SAs and packets that the benches share: SA n has a key, an SPI and a pair of addresses of its own.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "driver/engine.h"

namespace espgate::bench {

driver::OutboundSa outbound_sa(std::uint32_t n);
// The other end of outbound_sa(n).
driver::InboundSa inbound_sa(std::uint32_t n);
// A UDP packet of `bytes` bytes, IP header included; 28 at least.
Bytes inner_packet(std::size_t bytes);

}  // namespace espgate::bench
