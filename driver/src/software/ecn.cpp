#include "software/ecn.h"

#include "software/ip_header.h"

namespace espgate::driver::software {

std::optional<Ecn> decapsulated_ecn(Ecn inner, Ecn outer) {
  if (outer == Ecn::ce) {
    return inner == Ecn::not_ect ? std::nullopt : std::optional(Ecn::ce);
  }
  if (outer == Ecn::ect1 && inner == Ecn::ect0) {
    return Ecn::ect1;
  }
  return inner;
}

void set_ecn(ByteSpan packet, Ecn ecn) {
  const std::uint16_t before = load_be16(packet, 0);
  if (packet[0] >> 4U == 6) {  // version, traffic class, flow label
    store_be16(packet, 0, static_cast<std::uint16_t>((before & ~0x30U) | static_cast<unsigned>(ecn) << 4U));
    return;
  }
  const auto after = static_cast<std::uint16_t>((before & ~3U) | static_cast<unsigned>(ecn));
  store_be16(packet, 0, after);  // version, header length and TOS
  store_be16(packet, 10, updated_checksum(load_be16(packet, 10), before, after));
}

}  // namespace espgate::driver::software
