#include "software/selectors.h"

namespace espgate::driver::software {
namespace {

// Protocols whose first four bytes are source and destination port.
constexpr bool has_ports(std::uint8_t protocol) {
  switch (protocol) {
    case 6:    // TCP
    case 17:   // UDP
    case 33:   // DCCP
    case 132:  // SCTP
    case 136:  // UDP-Lite
      return true;
    default:
      return false;
  }
}

}  // namespace

SelectorMatch::SelectorMatch(const InboundSelectors& selectors)
    : m_source_first(selectors.source.first.to_v4()),
      m_source_last(selectors.source.last.to_v4()),
      m_destination_first(selectors.destination.first.to_v4()),
      m_destination_last(selectors.destination.last.to_v4()),
      m_protocol(selectors.protocol),
      m_source_ports{selectors.source_port_first, selectors.source_port_last},
      m_destination_ports{selectors.destination_port_first, selectors.destination_port_last} {}

bool SelectorMatch::matches(const Ipv4Header& header, ByteView packet) const {
  if (header.source < m_source_first || header.source > m_source_last ||
      header.destination < m_destination_first || header.destination > m_destination_last ||
      (m_protocol && header.protocol != *m_protocol)) {
    return false;
  }
  if (m_source_ports.any() && m_destination_ports.any()) {
    return true;
  }
  // A later fragment does not hold the ports; RFC 4301 section 7 has it match port ranges of ANY only.
  if (!has_ports(header.protocol) || header.fragment_offset != 0 ||
      header.total_bytes < header.header_bytes + 4) {
    return false;
  }
  return m_source_ports.contains(load_be16(packet, header.header_bytes)) &&
         m_destination_ports.contains(load_be16(packet, header.header_bytes + 2));
}

}  // namespace espgate::driver::software
