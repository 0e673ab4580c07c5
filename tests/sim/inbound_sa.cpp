#include "inbound_sa.h"

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::sim::test {
namespace {

std::size_t header_bytes(ByteView ip) {
  return ip[0] >> 4 == 6 ? 40 : 4U * (ip[0] & 15U);
}

}  // namespace

Esp InboundSa::esp(std::uint64_t sequence) const {
  return {.spi = spi,
          .key = key,
          .salt = salt,
          .gmac = gmac,
          .esn = esn,
          .sequence = sequence,
          .padding = {},
          .pad_length = {}};
}

Bytes InboundSa::packet(std::uint64_t sequence, ByteView ip, std::uint8_t outer_tos) const {
  Esp made = esp(sequence);
  const bool v6 = !ip.empty() && ip[0] >> 4 == 6;
  if (transport) {
    made.next_header = v6 ? ip[6] : ip[9];
    return behind_own_header(ip, made.build(ip.subspan(header_bytes(ip))));
  }
  made.next_header = v6 ? 41 : 4;
  return outer(made.build(ip), outer_tos);
}

Bytes InboundSa::in_udp(Bytes esp) const {
  if (!encapsulated) {
    return esp;
  }
  Writer udp;
  udp.u16(33333);
  udp.u16(4500);
  udp.u16(static_cast<std::uint16_t>(8 + esp.size()));
  udp.u16(0);
  udp.bytes(esp);
  return std::move(udp).finish();
}

Bytes InboundSa::outer(Bytes esp, std::uint8_t tos, std::size_t option_words) const {
  const std::uint8_t carrier = encapsulated ? 17 : 50;
  if (ipv6) {
    Ipv6 ip{.tos = tos, .flow_label = 0x12345, .next_header = carrier, .payload = {}};
    ip.destination = outer_destination6;
    ip.payload = in_udp(std::move(esp));
    return ip.build();
  }
  return Ipv4{.tos = tos,
              .protocol = carrier,
              .source = 0xc6336401,
              .destination = outer_destination,
              .option_words = option_words,
              .payload = in_udp(std::move(esp))}
      .build();
}

Bytes InboundSa::behind_own_header(ByteView ip, Bytes esp) const {
  const std::uint8_t carrier = encapsulated ? 17 : 50;
  const Bytes body = in_udp(std::move(esp));
  const std::size_t header = header_bytes(ip);
  Writer w;
  w.bytes(ip.first(header));
  w.bytes(body);
  if (ip[0] >> 4 == 6) {
    w.patch_u16(4, static_cast<std::uint16_t>(body.size()));
    w.patch_u16(6, static_cast<std::uint16_t>(carrier << 8 | ip[7]));
  } else {
    w.patch_u16(2, static_cast<std::uint16_t>(header + body.size()));
    w.patch_u16(8, static_cast<std::uint16_t>(ip[8] << 8 | carrier));
    w.patch_u16(10, 0);
    w.patch_u16(10, internet_checksum(w.view().first(header)));
  }
  return std::move(w).finish();
}

}  // namespace espgate::sim::test
