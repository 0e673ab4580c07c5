#include "software/ip_packet.h"

#include "base/reader.h"

namespace espgate::driver::software {
namespace {

constexpr std::uint16_t flag_dont_fragment = 0x4000;
constexpr std::uint16_t flag_more_fragments = 0x2000;
constexpr std::uint16_t fragment_offset_mask = 0x1fff;
constexpr std::size_t extension_unit = 8;

enum class PortKind : std::uint8_t { none, pair, icmp, mobility };

constexpr PortKind port_kind(std::uint8_t protocol) {
  switch (protocol) {
    case 6:    // TCP
    case 17:   // UDP
    case 33:   // DCCP
    case 132:  // SCTP
    case 136:  // UDP-Lite
      return PortKind::pair;
    case 1:   // ICMP
    case 58:  // ICMPv6
      return PortKind::icmp;
    case 135:  // mobility header
      return PortKind::mobility;
    default:
      return PortKind::none;
  }
}

constexpr std::size_t port_bytes(PortKind kind) {
  switch (kind) {
    case PortKind::pair:
      return 4;
    case PortKind::icmp:
      return 2;
    case PortKind::mobility:
      return 3;
    case PortKind::none:
      break;
  }
  return 0;
}

constexpr bool is_walked(std::uint8_t header) {
  return header == header_hop_by_hop || header == header_routing || header == header_fragment ||
         header == header_destination_options;
}

IpPacket parse_ipv4(ByteView frame) {
  Reader reader(frame);
  IpPacket packet;
  packet.upper_at = std::size_t{reader.u8() & 0x0fU} * 4;
  packet.tos = reader.u8();
  packet.total = reader.u16();
  reader.skip(2);  // identification
  const std::uint16_t fragment = reader.u16();
  packet.dont_fragment = (fragment & flag_dont_fragment) != 0;
  packet.later_fragment = (fragment & fragment_offset_mask) != 0;
  packet.fragment = packet.later_fragment || (fragment & flag_more_fragments) != 0;
  reader.skip(1);  // time to live
  packet.base_protocol = reader.u8();
  packet.protocol = packet.base_protocol;
  packet.protocol_known = true;
  reader.skip(2);  // checksum
  packet.source.low = reader.u32();
  packet.destination.low = reader.u32();
  packet.malformed = !reader.ok() || packet.upper_at < ipv4_header_bytes || packet.total < packet.upper_at ||
                     packet.total > frame.size();
  return packet;
}

// RFC 8200 section 4: the chain of extension headers, as far as the window shows it. `next` is the type of
// what stands at packet.upper_at.
void walk_extensions(IpPacket& packet, ByteView bytes, std::uint8_t next) {
  while (is_walked(next)) {
    const std::size_t at = packet.upper_at;
    packet.extensions = true;
    if (at + extension_unit > packet.total) {
      packet.malformed = true;
      return;
    }
    if (at + extension_unit > window_bytes) {
      return;
    }
    Reader reader(bytes.subspan(at));
    const std::uint8_t header = next;
    next = reader.u8();
    const std::size_t length = reader.u8();
    if (header == header_fragment) {
      const std::uint16_t fragment = reader.u16();
      packet.later_fragment = (fragment >> 3) != 0;
      packet.fragment = packet.fragment || packet.later_fragment || (fragment & 1U) != 0;
      packet.upper_at += extension_unit;
    } else {
      packet.upper_at += extension_unit * (1 + length);
    }
    if (packet.upper_at > packet.total) {
      packet.malformed = true;
      return;
    }
    if (packet.later_fragment) {
      break;
    }
  }
  packet.protocol = next;
  packet.protocol_known = true;
}

IpPacket parse_ipv6(ByteView frame) {
  Reader reader(frame);
  IpPacket packet;
  packet.ipv6 = true;
  packet.tos = static_cast<std::uint8_t>(reader.u32() >> 20);
  const std::size_t payload = reader.u16();
  packet.base_protocol = reader.u8();
  reader.skip(1);  // hop limit
  packet.source.high = reader.u64();
  packet.source.low = reader.u64();
  packet.destination.high = reader.u64();
  packet.destination.low = reader.u64();
  packet.total = ipv6_header_bytes + payload;
  packet.upper_at = ipv6_header_bytes;
  // Payload length 0 with a hop-by-hop header announces a jumbogram (RFC 2675).
  packet.malformed = !reader.ok() || packet.total > frame.size() ||
                     (payload == 0 && packet.base_protocol == header_hop_by_hop);
  if (!packet.malformed) {
    walk_extensions(packet, frame, packet.base_protocol);
  }
  return packet;
}

}  // namespace

Ports find_ports(ByteView packet, std::size_t at, std::uint8_t protocol) {
  const PortKind kind = port_kind(protocol);
  const std::size_t bytes = port_bytes(kind);
  if (bytes == 0 || at + bytes > packet.size()) {
    return {};
  }
  if (at + bytes > window_bytes) {
    return {.known = false, .beyond_window = true};
  }
  Reader reader(packet.subspan(at));
  if (kind == PortKind::mobility) {
    reader.skip(2);
    const auto type = static_cast<std::uint16_t>(reader.u8() << 8);
    return {.known = true, .beyond_window = false, .source = type, .destination = type};
  }
  const std::uint16_t first = reader.u16();
  const std::uint16_t second = kind == PortKind::pair ? reader.u16() : first;
  return {.known = true, .beyond_window = false, .source = first, .destination = second};
}

IpPacket parse_ip(ByteView frame) {
  const unsigned version = frame.empty() ? 0U : frame.front() >> 4U;
  if (version != 4 && version != 6) {
    return {};
  }
  IpPacket packet = version == 4 ? parse_ipv4(frame) : parse_ipv6(frame);
  if (packet.malformed) {
    return packet;
  }
  if (packet.protocol_known && !packet.later_fragment) {
    packet.ports = find_ports(frame.first(packet.total), packet.upper_at, packet.protocol);
  }
  packet.window_exceeded = !packet.protocol_known || packet.ports.beyond_window;
  return packet;
}

}  // namespace espgate::driver::software
