#include "offload/selector.h"

#include <fmt/format.h>

#include "base/reader.h"
#include "match.h"

namespace espgate::offload {

namespace {

constexpr std::size_t minimum_ipv4_header = 20;
constexpr std::uint16_t fragment_offset_mask = 0x1fff;
constexpr std::size_t ipv6_header = 40;
// Hop-by-hop, destination options twice, routing and fragment are all that RFC 8200 section 4.1 has in mind.
constexpr int most_extension_headers = 8;

enum class PortKind : std::uint8_t { none, pair, icmp, mobility };

PortKind port_kind(std::uint8_t protocol) {
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

void take_ports(PacketFields& fields, ByteView payload) {
  Reader reader(payload);
  const PortKind kind = port_kind(fields.protocol);
  if (kind == PortKind::none) {
    return;
  }
  if (kind == PortKind::mobility) {
    reader.skip(2);
  }
  const auto first = kind == PortKind::mobility ? static_cast<std::uint16_t>(reader.u8() << 8) : reader.u16();
  const std::uint16_t second = kind == PortKind::pair ? reader.u16() : first;
  if (reader.ok()) {
    fields.source_port = first;
    fields.destination_port = second;
  }
}

std::optional<PacketFields> parse_ipv4(ByteView packet) {
  Reader reader(packet);
  const std::size_t header_length = std::size_t{reader.u8() & 0xfU} * 4;
  reader.skip(1);
  const std::uint16_t total_length = reader.u16();
  reader.skip(2);
  const std::uint16_t fragment = reader.u16();
  reader.skip(1);
  PacketFields fields;
  fields.protocol = reader.u8();
  reader.skip(2);
  fields.source = IpAddress::v4(reader.u32());
  fields.destination = IpAddress::v4(reader.u32());
  if (!reader.ok() || header_length < minimum_ipv4_header || total_length < header_length ||
      total_length > packet.size()) {
    return std::nullopt;
  }
  if ((fragment & fragment_offset_mask) == 0) {
    take_ports(fields, packet.first(total_length).subspan(header_length));
  }
  return fields;
}

// RFC 8200 section 4: the chain of extension headers ends at the upper layer, or at a fragment that is not
// the first.
std::optional<PacketFields> parse_ipv6(ByteView packet) {
  Reader reader(packet);
  reader.skip(4);
  const std::size_t payload_length = reader.u16();
  std::uint8_t next = reader.u8();
  reader.skip(1);
  const auto source = IpAddress::from_bytes(reader.take(16));
  const auto destination = IpAddress::from_bytes(reader.take(16));
  // Jumbograms have a length of 0 and a hop-by-hop header; neither does an engine take them.
  if (!reader.ok() || payload_length + ipv6_header > packet.size() || (payload_length == 0 && next == 0)) {
    return std::nullopt;
  }
  PacketFields fields;
  fields.source = source.value_or(IpAddress());
  fields.destination = destination.value_or(IpAddress());
  Reader chain(packet.subspan(ipv6_header, payload_length));
  bool later_fragment = false;
  int headers = 0;
  while (!later_fragment && (next == 0 || next == 43 || next == 44 || next == 60)) {
    if (++headers > most_extension_headers) {
      return std::nullopt;
    }
    const bool fragment = next == 44;
    next = chain.u8();
    const std::size_t units = chain.u8();
    if (fragment) {
      later_fragment = (chain.u16() >> 3) != 0;
      chain.skip(4);
    } else {
      chain.skip(6 + 8 * units);
    }
    if (!chain.ok()) {
      return std::nullopt;
    }
  }
  fields.protocol = next;
  if (!later_fragment) {
    take_ports(fields, chain.take_rest());
  }
  return fields;
}

// One port of a row against one of a packet that holds its ports, or to which ports do not apply.
bool port_matches(std::uint16_t first, std::uint16_t last, const std::optional<std::uint16_t>& port) {
  if (is_any(first, last)) {
    return true;
  }
  return is_opaque(first, last) ? !port : port && first <= *port && *port <= last;
}

std::string port_text(std::string_view side, std::uint16_t first, std::uint16_t last) {
  if (is_any(first, last)) {
    return {};
  }
  if (is_opaque(first, last)) {
    return fmt::format(" {} port opaque", side);
  }
  return first == last ? fmt::format(" {} port {}", side, first)
                       : fmt::format(" {} port {}-{}", side, first, last);
}

void populate(std::uint16_t& first, std::uint16_t& last, const std::optional<std::uint16_t>& port) {
  first = port.value_or(65535);
  last = port.value_or(0);
}

}  // namespace

bool has_ports(std::uint8_t protocol) {
  return port_kind(protocol) != PortKind::none;
}

std::optional<PacketFields> PacketFields::parse(ByteView packet) {
  switch (packet.empty() ? 0 : packet[0] >> 4) {
    case 4:
      return parse_ipv4(packet);
    case 6:
      return parse_ipv6(packet);
    default:
      return std::nullopt;
  }
}

Match match_outbound(const Selector& selector, const PacketFields& fields) {
  if (!selector.local.contains(fields.source) || !selector.remote.contains(fields.destination) ||
      (selector.protocol && *selector.protocol != fields.protocol)) {
    return Match::no;
  }
  if (port_matches(selector.local_port_first, selector.local_port_last, fields.source_port) &&
      port_matches(selector.remote_port_first, selector.remote_port_last, fields.destination_port)) {
    return Match::yes;
  }
  return names_ports(selector) && has_ports(fields.protocol) && !fields.ports_known() ? Match::unknown
                                                                                      : Match::no;
}

bool Selector::matches_outbound(const PacketFields& fields) const {
  return match_outbound(*this, fields) == Match::yes;
}

std::string to_string(const Selector& selector) {
  return fmt::format("{} => {}{}{}{}", selector.local.to_string(), selector.remote.to_string(),
                     selector.protocol ? fmt::format(" protocol {}", *selector.protocol) : "",
                     port_text("local", selector.local_port_first, selector.local_port_last),
                     port_text("remote", selector.remote_port_first, selector.remote_port_last));
}

Selector selectors_for(const Selector& row, const PopulateFromPacket& from_packet,
                       const PacketFields& packet) {
  Selector result = row;
  if (from_packet.local_address) {
    result.local = {packet.source, packet.source};
  }
  if (from_packet.remote_address) {
    result.remote = {packet.destination, packet.destination};
  }
  if (from_packet.protocol) {
    result.protocol = packet.protocol;
  }
  if (from_packet.local_port) {
    populate(result.local_port_first, result.local_port_last, packet.source_port);
  }
  if (from_packet.remote_port) {
    populate(result.remote_port_first, result.remote_port_last, packet.destination_port);
  }
  return result;
}

}  // namespace espgate::offload
