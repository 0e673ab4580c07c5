#include "outbound_sa.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::sim::test {
namespace {

namespace regs = espgate::driver::registers;

constexpr std::size_t ipv6_header = 40;

bool is_ipv6(ByteView packet) {
  return packet[0] >> 4 == 6;
}

std::size_t header_bytes(ByteView packet) {
  return is_ipv6(packet) ? ipv6_header : 4U * (packet[0] & 15U);
}

ByteView without_link_padding(ByteView frame) {
  return frame.first(is_ipv6(frame) ? ipv6_header + load_be16(frame, 4) : load_be16(frame, 2));
}

}  // namespace

// UDP header, if any, and ESP; the payload with zeros behind it up to `size`.
Bytes OutboundSa::esp(const Payload& payload, std::size_t size, std::uint64_t sequence) const {
  const Esp esp{.spi = spi,
                .key = key,
                .salt = salt,
                .gmac = gmac,
                .esn = esn,
                .sequence = sequence,
                .padding = {},
                .pad_length = {},
                .next_header = payload.next_header};
  Bytes padded(payload.bytes.begin(), payload.bytes.end());
  padded.resize(size);
  const Bytes body = esp.build(padded);
  Writer w;
  if (encapsulation) {
    w.u16(encapsulation->source_port);
    w.u16(encapsulation->destination_port);
    w.u16(static_cast<std::uint16_t>(8 + body.size()));
    w.u16(0);
  }
  w.bytes(body);
  return std::move(w).finish();
}

Bytes OutboundSa::behind_new_header(const Payload& payload, std::uint64_t sequence) const {
  const auto tos = static_cast<std::uint8_t>((dscp ? *dscp << 2 : payload.tos & 0xfc) | (payload.tos & 3));
  Bytes body = esp(payload, std::max<std::size_t>(payload.bytes.size(), tfc_bytes), sequence);
  const std::uint8_t protocol = encapsulation ? 17 : 50;
  if (ipv6) {
    return Ipv6{.tos = tos,
                .next_header = protocol,
                .hop_limit = hop_limit,
                .source = outer_source6,
                .destination = outer_destination6,
                .payload = std::move(body)}
        .build();
  }
  const bool df =
      df_policy == regs::df_policy_copy ? payload.dont_fragment : df_policy == regs::df_policy_set;
  return Ipv4{.tos = tos,
              .id = static_cast<std::uint16_t>(sequence),
              .fragment = static_cast<std::uint16_t>(df ? 0x4000 : 0),
              .ttl = hop_limit,
              .protocol = protocol,
              .source = outer_source,
              .destination = outer_destination,
              .payload = std::move(body)}
      .build();
}

Bytes OutboundSa::behind_own_header(ByteView packet, std::uint64_t sequence) const {
  const std::size_t header = header_bytes(packet);
  const bool v6 = is_ipv6(packet);
  const ByteView rest = packet.subspan(header);
  Writer w;
  w.bytes(packet.first(header));
  w.bytes(esp({.bytes = rest, .next_header = packet[v6 ? 6 : 9]}, rest.size(), sequence));
  w.patch_u8(v6 ? 6 : 9, encapsulation ? 17 : 50);
  if (v6) {
    w.patch_u16(4, static_cast<std::uint16_t>(w.size() - ipv6_header));
  } else {
    w.patch_u16(2, static_cast<std::uint16_t>(w.size()));
    w.patch_u16(10, 0);
    w.patch_u16(10, internet_checksum(w.view().first(header)));
  }
  return std::move(w).finish();
}

Bytes OutboundSa::expect(ByteView frame, std::uint64_t sequence) const {
  const ByteView packet = without_link_padding(frame);
  if (transport) {
    return behind_own_header(packet, sequence);
  }
  const bool v6 = is_ipv6(packet);
  return behind_new_header(
      {.bytes = packet,
       .next_header = static_cast<std::uint8_t>(v6 ? 41 : 4),
       .tos = static_cast<std::uint8_t>(v6 ? (packet[0] & 15) << 4 | packet[1] >> 4 : packet[1]),
       .dont_fragment = v6 || (packet[6] & 0x40) != 0},
      sequence);
}

Bytes OutboundSa::expect_dummy(ByteView payload, std::uint64_t sequence) const {
  return behind_new_header({.bytes = payload, .next_header = 59}, sequence);
}

}  // namespace espgate::sim::test
