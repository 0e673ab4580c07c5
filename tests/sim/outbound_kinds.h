// Every kind of outbound SA, and packets for them.
#pragma once

#include <cstddef>
#include <vector>

#include "outbound_sa.h"

namespace espgate::sim::test {

// What an SA does and what is sent to it.
struct OutboundKind {
  OutboundSa sa;
  bool inner_ipv6 = false;

  // A packet whose payload behind the IP header has `size` bytes. In transport mode IPv4 headers have as many
  // options as `variety` says, within what the engine takes.
  Bytes packet(std::size_t size, std::size_t variety = 0) const;
};

// Tunnel mode in all four pairings of families and transport mode in both, each with and without
// encapsulation, ESN, 256-bit key and GMAC: 96 kinds, each SA with a key of its own.
std::vector<OutboundKind> all_outbound_kinds();

}  // namespace espgate::sim::test
