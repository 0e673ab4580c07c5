#include "dataplane/nat_t.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/reader.h"

namespace espgate::host::dataplane {

namespace {

constexpr std::uint8_t keep_alive_byte = 0xff;
constexpr std::size_t ipv4_header_bytes = 20;
constexpr std::uint8_t protocol_udp = 17;

}  // namespace

NatTKind classify_nat_t(ByteView payload) {
  if (payload.size() == 1 && payload[0] == keep_alive_byte) {
    return NatTKind::keep_alive;
  }
  Reader reader(payload);
  const std::uint32_t first = reader.u32();
  if (!reader.ok()) {
    return NatTKind::malformed;
  }
  // An SPI is never zero.
  return first == 0 ? NatTKind::ike : NatTKind::esp;
}

void write_ipv4_udp_header(ByteSpan header, const UdpFlow& flow, std::size_t payload_bytes) {
  std::ranges::fill(header, std::uint8_t{0});
  header[0] = 0x45;
  header[1] = flow.tos;
  store_be16(header, 2, static_cast<std::uint16_t>(ipv4_udp_header_bytes + payload_bytes));
  header[8] = flow.ttl;
  header[9] = protocol_udp;
  store_be32(header, 12, flow.source.to_v4());
  store_be32(header, 16, flow.destination.to_v4());
  store_be16(header, 10, internet_checksum(header.first(ipv4_header_bytes)));
  store_be16(header, 20, flow.source_port);
  store_be16(header, 22, flow.destination_port);
  store_be16(header, 24,
             static_cast<std::uint16_t>(ipv4_udp_header_bytes - ipv4_header_bytes + payload_bytes));
}

}  // namespace espgate::host::dataplane
