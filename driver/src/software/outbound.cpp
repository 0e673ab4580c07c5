#include "software/outbound.h"

#include "software/ecn.h"

namespace espgate::driver::software {
namespace {

constexpr std::size_t udp_header_bytes = 8;

}  // namespace

InnerPacket parse_inner(ByteView frame, std::size_t max_packet_bytes) {
  if (frame.size() > max_packet_bytes) {
    return {.verdict = Verdict::too_long, .header = {}, .bytes = {}};
  }
  const auto header = parse_ipv4(frame);
  if (!header) {
    return {.verdict = Verdict::header_malformed, .header = {}, .bytes = {}};
  }
  return {.verdict = Verdict::ok, .header = *header, .bytes = frame.first(header->total_bytes)};
}

std::optional<OutboundRow> OutboundRow::create(const OutboundSa& sa) {
  auto cipher = EspCipher::create(AesGcm::Use::seal, sa.key, sa.esn);
  if (!cipher) {
    return std::nullopt;
  }
  OutboundRow row;
  row.m_cipher = std::move(*cipher);
  row.m_spi = sa.spi;
  row.m_outer_source = sa.outer_source.to_v4();
  row.m_outer_destination = sa.outer_destination.to_v4();
  row.m_encapsulation = sa.encapsulation;
  row.m_df = sa.df;
  row.m_dscp = sa.dscp;
  row.m_hop_limit = sa.hop_limit;
  row.m_esn = sa.esn;
  row.m_next_sequence = sa.next_sequence;
  row.m_lease_limit = sa.lease_limit;
  row.m_lease_low = sa.lease_low;
  return row;
}

// DSCP per RFC 4301 section 5.1.2.1; ECN is copied (RFC 6040 section 4.1, normal mode).
std::uint8_t OutboundRow::outer_tos(std::uint8_t inner_tos) const {
  const unsigned dscp = m_dscp ? static_cast<unsigned>(*m_dscp) << 2 : inner_tos & 0xfcU;
  return static_cast<std::uint8_t>(dscp | (inner_tos & 3U));
}

// RFC 4301 section 8.1.
bool OutboundRow::outer_dont_fragment(bool inner) const {
  switch (m_df) {
    case DfPolicy::copy:
      return inner;
    case DfPolicy::set:
      return true;
    case DfPolicy::clear:
      return false;
  }
  return inner;
}

OutboundRow::Result OutboundRow::protect(const InnerPacket& packet, ByteSpan output) {
  if (m_next_sequence == 0 || m_next_sequence > last_sequence(m_esn)) {
    return {.verdict = Verdict::sequence_overflow};
  }
  if (m_next_sequence >= m_lease_limit) {
    return {.verdict = Verdict::lease_exhausted};
  }
  // Taken before anything else can fail: a number is never used twice.
  const std::uint64_t sequence = m_next_sequence++;

  const std::size_t udp_bytes = m_encapsulation ? udp_header_bytes : 0;
  const std::size_t esp_bytes = esp_packet_bytes(packet.bytes.size());
  const std::size_t total = ipv4_header_bytes + udp_bytes + esp_bytes;
  build_ipv4({.tos = outer_tos(packet.header.tos),
              .total_bytes = static_cast<std::uint16_t>(total),
              .identification = static_cast<std::uint16_t>(sequence),
              .dont_fragment = outer_dont_fragment(packet.header.dont_fragment),
              .hop_limit = m_hop_limit,
              .protocol = m_encapsulation ? protocol_udp : protocol_esp,
              .source = m_outer_source,
              .destination = m_outer_destination},
             output);
  if (m_encapsulation) {
    const ByteSpan udp = output.subspan(ipv4_header_bytes, udp_header_bytes);
    store_be16(udp, 0, m_encapsulation->source_port);
    store_be16(udp, 2, m_encapsulation->destination_port);
    store_be16(udp, 4, static_cast<std::uint16_t>(udp_bytes + esp_bytes));
    store_be16(udp, 6, 0);  // no checksum (RFC 3948 section 2.1)
  }

  // The IV is the whole sequence number, with ESN or without: unique for the key as long as the number is.
  EspHeader header{.spi = m_spi, .sequence = sequence, .iv = {}};
  store_be64(header.iv, 0, sequence);
  if (!m_cipher.seal(header, packet.bytes, protocol_ipv4,
                     output.subspan(ipv4_header_bytes + udp_bytes, esp_bytes))) {
    return {.verdict = Verdict::sa_invalid, .failed = true};
  }
  ++m_packets;
  m_bytes += packet.bytes.size();
  return {.verdict = Verdict::ok,
          .length = static_cast<std::uint32_t>(total),
          .lease_low = sequence >= m_lease_low};
}

}  // namespace espgate::driver::software
