#include "software/ecn.h"

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
  const std::uint16_t before = load_be16(packet, 0);  // version, header length and TOS
  const auto after = static_cast<std::uint16_t>((before & ~3U) | static_cast<unsigned>(ecn));
  store_be16(packet, 0, after);
  // HC' = ~(~HC + ~m + m')
  std::uint32_t sum = static_cast<std::uint16_t>(~load_be16(packet, 10));
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store_be16(packet, 10, static_cast<std::uint16_t>(~sum));
}

}  // namespace espgate::driver::software
