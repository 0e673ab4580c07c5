// The key of the SPD caches: one flow, as the packets of it look, and what the SPD says of it.
#pragma once

#include <cstdint>

#include "base/ip_address.h"

namespace espgate::driver {

// What the SPD says of a flow (RFC 4301 section 4.4.1). Values as in registers.toml.
enum class Policy : std::uint8_t { protect = 0, bypass = 1, discard = 2 };

// All packets of one SPD with these values. Ports as InboundSelectors documents them; a packet without known
// ports belongs to a flow with ports_known false and both ports 0.
struct Flow {
  // Chosen by the host; a PacketRequest names the one to look in.
  std::uint8_t spd = 0;
  std::uint8_t protocol = 0;
  bool ports_known = false;
  std::uint16_t source_port = 0;  // host order
  std::uint16_t destination_port = 0;
  IpAddress source = {};  // both of one family
  IpAddress destination = {};

  bool operator==(const Flow&) const = default;
};

}  // namespace espgate::driver
