#include "software/inbound.h"

namespace espgate::driver::software {
namespace {

// What the hardware has in hand when it decides about the headers.
constexpr std::size_t window_bytes = 64;
constexpr std::size_t udp_header_bytes = 8;
constexpr std::size_t marker_bytes = 4;
constexpr std::uint16_t nat_t_port = 4500;

// ESP in UDP (RFC 3948): ok when what follows the UDP header is an ESP packet. `packet` ends with the IP
// packet.
Verdict check_udp(ByteView packet, std::size_t ip_header_bytes) {
  if (packet.size() < ip_header_bytes + udp_header_bytes) {
    return Verdict::header_malformed;
  }
  if (load_be16(packet, ip_header_bytes + 2) != nat_t_port) {
    return Verdict::not_esp;
  }
  if (ip_header_bytes + udp_header_bytes > window_bytes) {
    return Verdict::header_window;
  }
  if (load_be16(packet, ip_header_bytes + 4) != packet.size() - ip_header_bytes) {
    return Verdict::header_malformed;
  }
  const std::size_t payload_at = ip_header_bytes + udp_header_bytes;
  // Shorter than the marker: a NAT keep-alive (RFC 3948 section 2.3), or nothing that anybody knows.
  if (packet.size() < payload_at + marker_bytes) {
    return Verdict::not_esp;
  }
  if (payload_at + marker_bytes > window_bytes) {
    return Verdict::header_window;
  }
  // Four zero bytes mark IKE (RFC 3948 section 2.2).
  return load_be32(packet, payload_at) == 0 ? Verdict::not_esp : Verdict::ok;
}

// True when the bytes count 1, 2, 3, ... (RFC 4303 section 2.4).
bool is_default_padding(ByteView padding) {
  for (std::size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != i + 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

OuterPacket parse_outer(ByteView frame, std::size_t max_packet_bytes) {
  OuterPacket packet;
  const auto drop = [&](Verdict verdict) {
    packet.verdict = verdict;
    return packet;
  };
  if (frame.size() > max_packet_bytes) {
    return drop(Verdict::too_long);
  }
  const auto header = parse_ipv4(frame);
  if (!header) {
    return drop(Verdict::header_malformed);
  }
  if (header->protocol != protocol_esp && header->protocol != protocol_udp) {
    return drop(Verdict::not_esp);
  }
  if (header->is_fragment()) {
    return drop(Verdict::outer_fragment);
  }
  const ByteView ip_packet = frame.first(header->total_bytes);
  std::size_t esp_at = header->header_bytes;
  if (header->protocol == protocol_udp) {
    if (const Verdict verdict = check_udp(ip_packet, header->header_bytes); verdict != Verdict::ok) {
      return drop(verdict);
    }
    esp_at += udp_header_bytes;
    packet.encapsulated = true;
  }
  if (esp_at + esp_header_bytes + esp_iv_bytes > window_bytes) {
    return drop(Verdict::header_window);
  }
  packet.esp = ip_packet.subspan(esp_at);
  if (packet.esp.size() < esp_overhead + esp_alignment ||
      (packet.esp.size() - esp_overhead) % esp_alignment != 0) {
    return drop(Verdict::esp_malformed);
  }
  packet.tos = header->tos;
  packet.destination = header->destination;
  packet.spi = load_be32(packet.esp);
  return packet;
}

std::optional<InboundRow> InboundRow::create(const InboundSa& sa) {
  auto cipher = EspCipher::create(AesGcm::Use::open, sa.key, sa.esn);
  if (!cipher) {
    return std::nullopt;
  }
  InboundRow row;
  row.m_cipher = std::move(*cipher);
  row.m_window = ReplayWindow(sa.replay_check, sa.esn, sa.replay_top);
  row.m_selectors = SelectorMatch(sa.selectors);
  row.m_spi = sa.spi;
  row.m_outer_destination = sa.outer_destination.to_v4();
  row.m_encapsulated = sa.encapsulated;
  return row;
}

// From the replay check to the replay commit; ok leaves authenticated plaintext behind.
Verdict InboundRow::decrypt(const OuterPacket& packet, ByteSpan plaintext) {
  if (packet.destination != m_outer_destination) {
    return Verdict::destination_mismatch;
  }
  if (packet.encapsulated != m_encapsulated) {
    return Verdict::encapsulation_mismatch;
  }
  const auto sequence = m_window.recover(load_be32(packet.esp, 4));
  if (!sequence) {
    return Verdict::replay_too_old;
  }
  switch (m_window.test(*sequence)) {
    case ReplayWindow::Answer::too_old:
      return Verdict::replay_too_old;
    case ReplayWindow::Answer::duplicate:
      return Verdict::replay_duplicate;
    case ReplayWindow::Answer::fresh:
      break;
  }
  if (!m_cipher.open(packet.esp, static_cast<std::uint32_t>(*sequence >> 32), plaintext)) {
    return Verdict::icv_failed;
  }
  m_window.commit(*sequence);
  return Verdict::ok;
}

// From the padding to the inner packet.
InboundRow::Result InboundRow::deliver(const OuterPacket& packet, ByteSpan plaintext) {
  const std::size_t padding = plaintext[plaintext.size() - 2];
  if (padding + esp_trailer_bytes > plaintext.size()) {
    return {.verdict = Verdict::padding_malformed};
  }
  const ByteSpan payload = plaintext.first(plaintext.size() - esp_trailer_bytes - padding);
  if (!is_default_padding(plaintext.subspan(payload.size(), padding))) {
    return {.verdict = Verdict::padding_malformed};
  }
  const std::uint8_t next_header = plaintext.back();
  if (next_header == next_header_dummy) {
    return {.verdict = Verdict::dummy};
  }
  if (next_header != protocol_ipv4) {
    return {.verdict = Verdict::next_header_unsupported};
  }
  const auto header = parse_ipv4(payload);
  if (!header) {
    return {.verdict = Verdict::inner_malformed};
  }
  // What follows the inner packet is traffic flow confidentiality padding (RFC 4303 section 2.7).
  const ByteSpan inner = payload.first(header->total_bytes);
  if (!m_selectors.matches(*header, inner)) {
    return {.verdict = Verdict::selector_mismatch};
  }
  const auto ecn = decapsulated_ecn(ecn_of(header->tos), ecn_of(packet.tos));
  if (!ecn) {
    return {.verdict = Verdict::ecn_dropped};
  }
  if (*ecn != ecn_of(header->tos)) {
    set_ecn(inner, *ecn);
  }
  return {.verdict = Verdict::ok, .length = static_cast<std::uint32_t>(inner.size())};
}

InboundRow::Result InboundRow::unprotect(const OuterPacket& packet, ByteSpan output) {
  const ByteSpan plaintext = output.first(packet.esp.size() - esp_overhead);
  Result result{.verdict = decrypt(packet, plaintext)};
  if (result.verdict == Verdict::ok) {
    result = deliver(packet, plaintext);
  }
  // Neither unauthenticated text nor what the SA does not deliver (padding, or all of it) is for the caller.
  if (result.verdict >= Verdict::icv_failed || result.verdict == Verdict::ok) {
    wipe(plaintext.subspan(result.length));
  }
  count(result);
  return result;
}

void InboundRow::count(const Result& result) {
  switch (result.verdict) {
    case Verdict::ok:
      ++m_counters.packets;
      m_counters.bytes += result.length;
      break;
    case Verdict::replay_too_old:
      ++m_counters.replay_too_old;
      break;
    case Verdict::replay_duplicate:
      ++m_counters.replay_duplicate;
      break;
    case Verdict::icv_failed:
      ++m_counters.icv_failed;
      break;
    case Verdict::selector_mismatch:
      ++m_counters.selector_mismatch;
      break;
    default:
      break;
  }
}

InboundSaCounters InboundRow::counters() const {
  InboundSaCounters counters = m_counters;
  counters.replay_top = m_window.top();
  return counters;
}

}  // namespace espgate::driver::software
