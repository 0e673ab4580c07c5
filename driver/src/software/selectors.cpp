#include "software/selectors.h"

namespace espgate::driver::software {

SelectorMatch::SelectorMatch(const InboundSelectors& selectors)
    : m_ipv6(!selectors.source.first.is_v4()),
      m_source_first(to_address(selectors.source.first)),
      m_source_last(to_address(selectors.source.last)),
      m_destination_first(to_address(selectors.destination.first)),
      m_destination_last(to_address(selectors.destination.last)),
      m_protocol(selectors.protocol),
      m_source_ports{selectors.source_port_first, selectors.source_port_last},
      m_destination_ports{selectors.destination_port_first, selectors.destination_port_last} {}

Verdict SelectorMatch::check(const IpPacket& packet) const {
  // What cannot be seen can neither match nor mismatch.
  const bool upper_layer_counts = m_protocol || !m_source_ports.any() || !m_destination_ports.any();
  if (upper_layer_counts && packet.window_exceeded) {
    return Verdict::inner_window;
  }
  const bool matches = packet.ipv6 == m_ipv6 && m_source_first <= packet.source &&
                       packet.source <= m_source_last && m_destination_first <= packet.destination &&
                       packet.destination <= m_destination_last &&
                       (!m_protocol || packet.protocol == *m_protocol) &&
                       m_source_ports.matches(packet.ports.known, packet.ports.source) &&
                       m_destination_ports.matches(packet.ports.known, packet.ports.destination);
  return matches ? Verdict::ok : Verdict::selector_mismatch;
}

}  // namespace espgate::driver::software
