// How a row meets a packet.
#pragma once

#include "offload/selector.h"

namespace espgate::offload {

enum class Match : std::uint8_t {
  no,
  yes,
  // All but the ports agree, and the packet is of a protocol with ports but does not hold them: a fragment.
  unknown
};

Match match_outbound(const Selector& selector, const PacketFields& fields);

inline bool is_any(std::uint16_t first, std::uint16_t last) {
  return first == 0 && last == 65535;
}
inline bool is_opaque(std::uint16_t first, std::uint16_t last) {
  return first > last;
}
// A value or range of values, so that a packet without a port cannot match.
inline bool is_value(std::uint16_t first, std::uint16_t last) {
  return !is_any(first, last) && !is_opaque(first, last);
}
inline bool names_ports(const Selector& s) {
  return is_value(s.local_port_first, s.local_port_last) || is_value(s.remote_port_first, s.remote_port_last);
}

}  // namespace espgate::offload
