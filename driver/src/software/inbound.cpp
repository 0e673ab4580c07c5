#include "software/inbound.h"

#include <algorithm>

#include "base/secret.h"
#include "software/ecn.h"
#include "software/ip_header.h"

namespace espgate::driver::software {
namespace {

// An alarm is raised for the first packet of its kind, and again after so many more.
constexpr std::uint64_t alarm_interval = 1024;

// True when the bytes count 1, 2, 3, ... (RFC 4303 section 2.4).
bool is_default_padding(ByteView padding) {
  for (std::size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != i + 1) {
      return false;
    }
  }
  return true;
}

// What transport mode's selectors see: the outer addresses, and what the ESP packet carries. Extension
// headers behind ESP are not walked.
IpPacket carried_packet(const IpPacket& outer, ByteView payload, std::uint8_t protocol) {
  IpPacket packet = outer;
  packet.protocol = protocol;
  packet.ports = find_ports(payload, 0, protocol);
  packet.window_exceeded = packet.ports.beyond_window;
  return packet;
}

}  // namespace

std::optional<InboundRow> InboundRow::create(const InboundSa& sa, CryptoLibrary library) {
  auto cipher = EspCipher::create(AesGcm::Use::open, sa.cipher, sa.key, sa.esn, library);
  if (!cipher) {
    return std::nullopt;
  }
  InboundRow row;
  row.m_cipher = std::move(*cipher);
  row.m_window = ReplayWindow(sa.replay_check, sa.esn, sa.replay_window, sa.replay_top);
  row.m_lifetime = LifetimeMeter(sa.lifetime);
  row.m_selectors = SelectorMatch(sa.selectors);
  row.m_spi = sa.spi;
  row.m_outer_destination = to_address(sa.outer_destination);
  row.m_ipv6 = !sa.outer_destination.is_v4();
  row.m_encapsulated = sa.encapsulated;
  row.m_transport = sa.mode == Mode::transport;
  row.m_next_hop = sa.next_hop;
  return row;
}

// From the destination to the replay commit; ok leaves authenticated plaintext behind.
Verdict InboundRow::decrypt(const OuterPacket& packet, ByteSpan plaintext) {
  if (packet.ip.ipv6 != m_ipv6 || packet.ip.destination != m_outer_destination) {
    return Verdict::destination_mismatch;
  }
  if (packet.encapsulated != m_encapsulated) {
    return Verdict::encapsulation_mismatch;
  }
  if (m_lifetime.expired()) {
    return Verdict::lifetime_expired;
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

// Padding and next header.
InboundRow::Payload InboundRow::take_payload(ByteSpan plaintext) const {
  const std::size_t padding = plaintext[plaintext.size() - 2];
  if (padding + esp_trailer_bytes > plaintext.size()) {
    return {.verdict = Verdict::padding_malformed, .bytes = {}};
  }
  const ByteSpan bytes = plaintext.first(plaintext.size() - esp_trailer_bytes - padding);
  if (!is_default_padding(plaintext.subspan(bytes.size(), padding))) {
    return {.verdict = Verdict::padding_malformed, .bytes = {}};
  }
  const std::uint8_t next_header = plaintext.back();
  if (next_header == next_header_dummy) {
    return {.verdict = Verdict::dummy, .bytes = {}};
  }
  if (!m_transport && next_header != protocol_ipv4 && next_header != protocol_ipv6) {
    return {.verdict = Verdict::next_header_unsupported, .bytes = {}};
  }
  return {.verdict = Verdict::ok, .next_header = next_header, .bytes = bytes};
}

InboundRow::Result InboundRow::deliver_tunnel(const OuterPacket& packet, const Payload& payload) const {
  const IpPacket inner = parse_ip(payload.bytes);
  if (inner.malformed || inner.ipv6 != (payload.next_header == protocol_ipv6)) {
    return {.verdict = Verdict::inner_malformed};
  }
  if (const Verdict verdict = m_selectors.check(inner); verdict != Verdict::ok) {
    return {.verdict = verdict};
  }
  const auto ecn = decapsulated_ecn(ecn_of(inner.tos), ecn_of(packet.ip.tos));
  if (!ecn) {
    return {.verdict = Verdict::ecn_dropped};
  }
  if (*ecn != ecn_of(inner.tos)) {
    set_ecn(payload.bytes, *ecn);
  }
  // What follows the inner packet is traffic flow confidentiality padding (RFC 4303 section 2.7).
  return {.verdict = Verdict::ok, .length = static_cast<std::uint32_t>(inner.total)};
}

// The packet's own header moves up to what it carries. The plaintext stands at the start of `output`.
InboundRow::Result InboundRow::deliver_transport(const OuterPacket& packet, const Payload& payload,
                                                 ByteSpan output) const {
  const IpPacket carried = carried_packet(packet.ip, payload.bytes, payload.next_header);
  if (const Verdict verdict = m_selectors.check(carried); verdict != Verdict::ok) {
    return {.verdict = verdict};
  }
  const std::size_t header = packet.ip.upper_at;
  const std::size_t total = header + payload.bytes.size();
  std::copy_backward(payload.bytes.begin(), payload.bytes.end(),
                     output.begin() + static_cast<std::ptrdiff_t>(total));
  std::ranges::copy(packet.bytes.first(header), output.begin());
  update_header(output, payload.next_header, total);
  return {.verdict = Verdict::ok, .length = static_cast<std::uint32_t>(total)};
}

InboundRow::Result InboundRow::unprotect(const OuterPacket& packet, ByteSpan output) {
  const ByteSpan plaintext = output.first(packet.esp.size() - esp_overhead);
  Result result{.verdict = decrypt(packet, plaintext)};
  // Neither unauthenticated text nor what the SA does not deliver (padding, or all of it) is for the caller.
  const bool decrypted = result.verdict == Verdict::ok || result.verdict == Verdict::icv_failed;
  if (result.verdict == Verdict::ok) {
    const Payload payload = take_payload(plaintext);
    result.verdict = payload.verdict;
    if (payload.verdict == Verdict::ok) {
      result = m_transport ? deliver_transport(packet, payload, output) : deliver_tunnel(packet, payload);
    }
  }
  if (decrypted && result.length < plaintext.size()) {
    wipe(plaintext.subspan(result.length));
  }
  result.events = count(result);
  return result;
}

EventKinds InboundRow::count(const Result& result) {
  switch (result.verdict) {
    case Verdict::ok:
      return m_lifetime.carry(result.length);
    case Verdict::lifetime_expired:
      m_lifetime.drop();
      break;
    case Verdict::replay_too_old:
    case Verdict::replay_duplicate:
      ++(result.verdict == Verdict::replay_too_old ? m_counters.replay_too_old : m_counters.replay_duplicate);
      return kinds_of(Event::Kind::replay_alarm,
                      (m_counters.replay_too_old + m_counters.replay_duplicate) % alarm_interval == 1);
    case Verdict::icv_failed:
      ++m_counters.icv_failed;
      return kinds_of(Event::Kind::icv_alarm, m_counters.icv_failed % alarm_interval == 1);
    case Verdict::selector_mismatch:
      ++m_counters.selector_mismatch;
      break;
    default:
      break;
  }
  return 0;
}

InboundSaCounters InboundRow::counters() const {
  InboundSaCounters counters = m_counters;
  counters.packets = m_lifetime.packets();
  counters.bytes = m_lifetime.bytes();
  counters.expired = m_lifetime.dropped();
  counters.replay_top = m_window.top();
  return counters;
}

}  // namespace espgate::driver::software
