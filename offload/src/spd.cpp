#include "offload/spd.h"

#include <algorithm>
#include <array>

#include "base/reader.h"

namespace espgate::offload {

namespace {

constexpr std::size_t minimum_header = 20;
constexpr std::uint16_t fragment_offset_mask = 0x1fff;

// Every one of these begins with the source and the destination port.
constexpr std::array<std::uint8_t, 5> protocols_with_ports = {
    6,    // TCP
    17,   // UDP
    33,   // DCCP
    132,  // SCTP
    136,  // UDP-Lite
};

bool has_ports(std::uint8_t protocol) {
  return std::ranges::find(protocols_with_ports, protocol) != protocols_with_ports.end();
}

bool any_ports(const Selector& s) {
  return s.local_port_first == 0 && s.local_port_last == 65535 && s.remote_port_first == 0 &&
         s.remote_port_last == 65535;
}

enum class Match : std::uint8_t { no, yes, unknown };

// Unknown: all but the ports agree, and the packet is of a protocol with ports but does not hold them.
Match match_outbound(const Selector& selector, const PacketFields& fields) {
  if (!selector.local.contains(fields.source) || !selector.remote.contains(fields.destination) ||
      (selector.protocol && *selector.protocol != fields.protocol)) {
    return Match::no;
  }
  if (any_ports(selector)) {
    return Match::yes;
  }
  if (!has_ports(fields.protocol)) {
    return Match::no;
  }
  if (!fields.source_port || !fields.destination_port) {
    return Match::unknown;
  }
  const bool within = *fields.source_port >= selector.local_port_first &&
                      *fields.source_port <= selector.local_port_last &&
                      *fields.destination_port >= selector.remote_port_first &&
                      *fields.destination_port <= selector.remote_port_last;
  return within ? Match::yes : Match::no;
}

}  // namespace

std::optional<PacketFields> PacketFields::parse(ByteView packet) {
  Reader reader(packet);
  const std::uint8_t version_and_length = reader.u8();
  reader.skip(1);
  const std::uint16_t total_length = reader.u16();
  reader.skip(2);
  const std::uint16_t fragment = reader.u16();
  reader.skip(1);
  const std::uint8_t protocol = reader.u8();
  reader.skip(2);
  const std::uint32_t source = reader.u32();
  const std::uint32_t destination = reader.u32();
  const std::size_t header_length = std::size_t{version_and_length & 0xfU} * 4;
  if (!reader.ok() || (version_and_length >> 4) != 4 || header_length < minimum_header ||
      total_length < header_length || total_length > packet.size()) {
    return std::nullopt;
  }

  PacketFields fields;
  fields.source = IpAddress::v4(source);
  fields.destination = IpAddress::v4(destination);
  fields.protocol = protocol;
  if (has_ports(protocol) && (fragment & fragment_offset_mask) == 0) {
    Reader payload(packet.first(total_length).subspan(header_length));
    const std::uint16_t source_port = payload.u16();
    const std::uint16_t destination_port = payload.u16();
    if (payload.ok()) {
      fields.source_port = source_port;
      fields.destination_port = destination_port;
    }
  }
  return fields;
}

bool Selector::matches_outbound(const PacketFields& fields) const {
  return match_outbound(*this, fields) == Match::yes;
}

const SpdEntry* Spd::find(const std::string& name) const {
  const auto found = std::ranges::find(m_entries, name, &SpdEntry::name);
  return found == m_entries.end() ? nullptr : &*found;
}

const SpdEntry* Spd::lookup_outbound(const PacketFields& fields) const {
  bool uncertain = false;
  for (const SpdEntry& entry : m_entries) {
    for (const Selector& selector : entry.selectors) {
      const Match match = match_outbound(selector, fields);
      if (match == Match::yes) {
        return uncertain && entry.action == Action::bypass ? nullptr : &entry;
      }
      uncertain = uncertain || (match == Match::unknown && entry.action != Action::bypass);
    }
  }
  return nullptr;
}

}  // namespace espgate::offload
