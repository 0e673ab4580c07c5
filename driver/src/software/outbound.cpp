#include "software/outbound.h"

#include <algorithm>

#include "software/ip_header.h"

namespace espgate::driver::software {

std::optional<OutboundRow> OutboundRow::create(const OutboundSa& sa, CryptoLibrary library) {
  auto cipher = EspCipher::create(AesGcm::Use::seal, sa.cipher, sa.key, sa.esn, library);
  if (!cipher) {
    return std::nullopt;
  }
  OutboundRow row;
  row.m_sa = sa;
  row.m_sa.key = {};  // the cipher has it
  row.m_outer_source = to_address(sa.outer_source);
  row.m_outer_destination = to_address(sa.outer_destination);
  row.m_ipv6 = !sa.outer_destination.is_v4();
  row.m_cipher = std::move(*cipher);
  row.m_lifetime = LifetimeMeter(sa.lifetime);
  return row;
}

void OutboundRow::renew(std::uint64_t lease_limit, std::uint64_t lease_low) {
  m_sa.lease_limit = lease_limit;
  m_sa.lease_low = lease_low;
  m_lease_low_reported = false;
}

OutboundSaCounters OutboundRow::counters() const {
  return {.packets = m_lifetime.packets(),
          .bytes = m_lifetime.bytes(),
          .expired = m_lifetime.dropped(),
          .next_sequence = m_sa.next_sequence};
}

// Transport mode keeps the packet's own header; a dummy has none.
bool OutboundRow::builds_header(const InnerPacket& packet) const {
  return m_sa.mode == Mode::tunnel || packet.dummy;
}

Verdict OutboundRow::check_transport(const IpPacket& packet) const {
  if (packet.fragment) {
    return Verdict::inner_fragment;
  }
  if (packet.ipv6) {
    // RFC 4303 section 3.1.1 has ESP behind these.
    if (packet.base_protocol == header_hop_by_hop || packet.base_protocol == header_routing ||
        packet.base_protocol == header_fragment) {
      return Verdict::header_window;
    }
  } else if (packet.upper_at + (m_sa.encapsulation ? udp_header_bytes : 0) + esp_header_bytes + esp_iv_bytes >
             window_bytes) {
    return Verdict::header_window;
  }
  return packet.ipv6 == m_ipv6 ? Verdict::ok : Verdict::header_malformed;
}

Verdict OutboundRow::admit(const InnerPacket& packet) const {
  if (!builds_header(packet)) {
    if (const Verdict verdict = check_transport(packet.ip); verdict != Verdict::ok) {
      return verdict;
    }
  }
  if (m_lifetime.expired()) {
    return Verdict::lifetime_expired;
  }
  if (m_sa.next_sequence == 0 || m_sa.next_sequence > last_sequence(m_sa.esn)) {
    return Verdict::sequence_overflow;
  }
  return m_sa.next_sequence >= m_sa.lease_limit ? Verdict::lease_exhausted : Verdict::ok;
}

OutboundRow::Plan OutboundRow::plan(const InnerPacket& packet) const {
  Plan plan;
  if (builds_header(packet)) {
    plan.payload = packet.bytes;
    plan.payload_bytes = std::max<std::size_t>(plan.payload.size(), m_sa.tfc_bytes);
    plan.next_header = packet.dummy ? next_header_dummy : packet.ip.ipv6 ? protocol_ipv6 : protocol_ipv4;
    plan.header_bytes = m_ipv6 ? ipv6_header_bytes : ipv4_header_bytes;
  } else {
    // IPv6 extension headers go behind ESP.
    plan.header_bytes = packet.ip.ipv6 ? ipv6_header_bytes : packet.ip.upper_at;
    plan.payload = packet.bytes.subspan(plan.header_bytes);
    plan.payload_bytes = plan.payload.size();
    plan.next_header = packet.ip.base_protocol;
  }
  plan.udp_bytes = m_sa.encapsulation ? udp_header_bytes : 0;
  plan.esp_bytes = esp_packet_bytes(plan.payload_bytes);
  return plan;
}

// DSCP per RFC 4301 section 5.1.2.1; ECN is copied (RFC 6040 section 4.1, normal mode).
std::uint8_t OutboundRow::outer_tos(std::uint8_t inner_tos) const {
  const unsigned dscp = m_sa.dscp ? static_cast<unsigned>(*m_sa.dscp) << 2 : inner_tos & 0xfcU;
  return static_cast<std::uint8_t>(dscp | (inner_tos & 3U));
}

// RFC 4301 section 8.1.
bool OutboundRow::outer_dont_fragment(const InnerPacket& packet) const {
  switch (m_sa.df) {
    case DfPolicy::set:
      return true;
    case DfPolicy::clear:
      return false;
    case DfPolicy::copy:
      break;
  }
  return packet.ip.ipv6 || packet.ip.dont_fragment;
}

void OutboundRow::write_headers(const InnerPacket& packet, const Plan& plan, std::uint64_t sequence,
                                ByteSpan out) const {
  const std::uint8_t protocol = m_sa.encapsulation ? protocol_udp : protocol_esp;
  if (builds_header(packet)) {
    build_header({.ipv6 = m_ipv6,
                  .tos = outer_tos(packet.ip.tos),
                  .total_bytes = plan.total(),
                  .identification = static_cast<std::uint16_t>(sequence),
                  .dont_fragment = outer_dont_fragment(packet),
                  .hop_limit = m_sa.hop_limit,
                  .protocol = protocol,
                  .source = m_outer_source,
                  .destination = m_outer_destination},
                 out);
  } else {
    std::ranges::copy(packet.bytes.first(plan.header_bytes), out.begin());
    rewrite_header(out, plan.header_bytes, protocol, plan.total());
  }
  if (m_sa.encapsulation) {
    build_udp(m_sa.encapsulation->source_port, m_sa.encapsulation->destination_port,
              plan.udp_bytes + plan.esp_bytes, out.subspan(plan.header_bytes, plan.udp_bytes));
  }
}

EventKinds OutboundRow::events_of(std::uint64_t sequence) {
  const bool lease_low = sequence >= m_sa.lease_low && !m_lease_low_reported;
  m_lease_low_reported = m_lease_low_reported || lease_low;
  return static_cast<EventKinds>(
      kinds_of(Event::Kind::lease_low, lease_low) |
      kinds_of(Event::Kind::sequence_exhausted, sequence == last_sequence(m_sa.esn)));
}

OutboundRow::Result OutboundRow::protect(const InnerPacket& packet, ByteSpan output) {
  if (const Verdict verdict = admit(packet); verdict != Verdict::ok) {
    if (verdict == Verdict::lifetime_expired) {
      m_lifetime.drop();
    }
    return {.verdict = verdict};
  }
  const Plan plan = this->plan(packet);
  if (plan.total() > output.size()) {
    return {.verdict = Verdict::sa_invalid,
            .failure = "a request's output buffer is smaller than PacketRequest::output asks for"};
  }
  // Taken before anything else can fail: a number is never used twice.
  const std::uint64_t sequence = m_sa.next_sequence++;
  write_headers(packet, plan, sequence, output);
  // The IV is the whole sequence number, with ESN or without: unique for the key as long as the number is.
  EspHeader header{.spi = m_sa.spi, .sequence = sequence, .iv = {}};
  store_be64(header.iv, 0, sequence);
  if (!m_cipher.seal(header, plan.payload, plan.payload_bytes, plan.next_header,
                     output.subspan(plan.header_bytes + plan.udp_bytes, plan.esp_bytes))) {
    return {.verdict = Verdict::sa_invalid, .failure = "AES-GCM failed on a packet"};
  }
  const EventKinds lifetime = m_lifetime.carry(packet.bytes.size());
  return {.verdict = Verdict::ok,
          .length = static_cast<std::uint32_t>(plan.total()),
          .events = static_cast<EventKinds>(events_of(sequence) | lifetime)};
}

}  // namespace espgate::driver::software
