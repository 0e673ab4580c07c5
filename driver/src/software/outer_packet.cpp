#include "software/outer_packet.h"

#include "software/esp.h"

namespace espgate::driver::software {
namespace {

constexpr std::size_t marker_bytes = 4;
constexpr std::uint16_t ike_port = 500;
constexpr std::uint16_t nat_t_port = 4500;

enum class Udp : std::uint8_t { esp, not_esp, cleartext, malformed, beyond_window };

// ESP in UDP (RFC 3948). `packet` ends with the IP packet; the UDP header stands at `at`.
Udp classify_udp(ByteView packet, std::size_t at) {
  const std::size_t payload_at = at + udp_header_bytes;
  if (packet.size() < payload_at) {
    return Udp::malformed;
  }
  if (at + 4 > window_bytes) {
    return Udp::beyond_window;
  }
  const std::uint16_t destination_port = load_be16(packet, at + 2);
  if (destination_port != nat_t_port) {
    return destination_port == ike_port ? Udp::not_esp : Udp::cleartext;
  }
  if (at + 6 > window_bytes) {
    return Udp::beyond_window;
  }
  if (load_be16(packet, at + 4) != packet.size() - at) {
    return Udp::malformed;
  }
  // Shorter than the marker: a NAT keep-alive (RFC 3948 section 2.3), or nothing that anybody knows.
  if (packet.size() < payload_at + marker_bytes) {
    return Udp::not_esp;
  }
  if (payload_at + marker_bytes > window_bytes) {
    return Udp::beyond_window;
  }
  // Four zero bytes mark IKE (RFC 3948 section 2.2).
  return load_be32(packet, payload_at) == 0 ? Udp::not_esp : Udp::esp;
}

// Where the ESP packet begins, in packet.esp; ok also for cleartext.
Verdict find_esp(OuterPacket& packet) {
  if (packet.ip.protocol == protocol_esp) {
    packet.esp = packet.bytes.subspan(packet.ip.upper_at);
    return Verdict::ok;
  }
  if (packet.ip.protocol != protocol_udp) {
    packet.cleartext = true;
    return Verdict::ok;
  }
  switch (classify_udp(packet.bytes, packet.ip.upper_at)) {
    case Udp::esp:
      packet.encapsulated = true;
      packet.esp = packet.bytes.subspan(packet.ip.upper_at + udp_header_bytes);
      return Verdict::ok;
    case Udp::cleartext:
      packet.cleartext = true;
      return Verdict::ok;
    case Udp::not_esp:
      return Verdict::not_esp;
    case Udp::malformed:
      return Verdict::header_malformed;
    case Udp::beyond_window:
      break;
  }
  return Verdict::header_window;
}

Verdict check_esp(const OuterPacket& packet) {
  const std::size_t esp_at = packet.bytes.size() - packet.esp.size();
  if (packet.ip.extensions || esp_at + esp_header_bytes + esp_iv_bytes > window_bytes) {
    return Verdict::header_window;
  }
  if (packet.esp.size() < esp_overhead + esp_alignment ||
      (packet.esp.size() - esp_overhead) % esp_alignment != 0) {
    return Verdict::esp_malformed;
  }
  return Verdict::ok;
}

}  // namespace

OuterPacket parse_outer(ByteView frame) {
  OuterPacket packet;
  packet.ip = parse_ip(frame);
  const auto drop = [&](Verdict verdict) {
    packet.verdict = verdict;
    return packet;
  };
  if (packet.ip.malformed) {
    return drop(Verdict::header_malformed);
  }
  if (packet.ip.fragment) {
    return drop(Verdict::outer_fragment);
  }
  if (!packet.ip.protocol_known) {
    return drop(Verdict::header_window);
  }
  packet.bytes = frame.first(packet.ip.total);
  if (const Verdict verdict = find_esp(packet); verdict != Verdict::ok || packet.cleartext) {
    return drop(verdict);
  }
  if (const Verdict verdict = check_esp(packet); verdict != Verdict::ok) {
    return drop(verdict);
  }
  packet.spi = load_be32(packet.esp);
  return packet;
}

}  // namespace espgate::driver::software
