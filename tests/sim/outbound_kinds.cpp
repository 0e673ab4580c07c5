#include "outbound_kinds.h"

namespace espgate::sim::test {

Bytes OutboundKind::packet(std::size_t size, std::size_t variety) const {
  if (inner_ipv6) {
    return Ipv6{.tos = static_cast<std::uint8_t>(0xb8 + variety % 4),
                .flow_label = 0x12345,
                .payload = any_bytes(size)}
        .build();
  }
  // 64 bytes hold the header, UDP if encapsulated, ESP and IV.
  const std::size_t most_options = sa.encapsulation ? 5 : 7;
  return Ipv4{.tos = static_cast<std::uint8_t>(0x48 + variety % 4),
              .fragment = static_cast<std::uint16_t>(variety % 2 == 0 ? 0x4000 : 0),
              .option_words = sa.transport ? variety % (most_options + 1) : 0,
              .payload = any_bytes(size)}
      .build();
}

std::vector<OutboundKind> all_outbound_kinds() {
  std::vector<OutboundKind> kinds;
  for (unsigned i = 0; i < 6 * 16; ++i) {
    const unsigned pairing = i / 16;  // four of tunnel mode, two of transport mode
    OutboundKind kind;
    kind.sa.spi = 0x51000000 + i;
    kind.sa.transport = pairing >= 4;
    kind.sa.ipv6 = pairing % 2 == 1;
    kind.inner_ipv6 = kind.sa.transport ? kind.sa.ipv6 : pairing >= 2;
    if ((i & 1) != 0) {
      kind.sa.encapsulation = Encapsulation{4500, static_cast<std::uint16_t>(40000 + i)};
    }
    kind.sa.esn = (i & 2) != 0;
    kind.sa.gmac = (i & 4) != 0;
    kind.sa.key = any_bytes((i & 8) != 0 ? 32 : 16);
    kind.sa.key[0] = static_cast<std::uint8_t>(i);
    kind.sa.salt = {static_cast<std::uint8_t>(i), 2, 3, 4};
    // With ESN both halves of the number count.
    kind.sa.next_sequence = kind.sa.esn ? 0x12345678ffffff80 + i : 1 + i;
    kind.sa.next_hop = 0x020000000100 + i;
    kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace espgate::sim::test
