// The inner packet of an inbound SA must match the SA's selectors (RFC 4301 section 5.2, step 4).
#pragma once

#include <optional>

#include "driver/sa.h"
#include "driver/verdict.h"
#include "software/ip_packet.h"

namespace espgate::driver::software {

// Selectors with the addresses ready to compare.
class SelectorMatch {
 public:
  SelectorMatch() = default;
  explicit SelectorMatch(const InboundSelectors& selectors);

  // ok, inner_window or selector_mismatch. `packet` is not malformed.
  Verdict check(const IpPacket& packet) const;

 private:
  struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = UINT16_MAX;

    bool any() const { return first == 0 && last == UINT16_MAX; }
    bool opaque() const { return first > last; }
    bool matches(bool known, std::uint16_t port) const {
      return any() || (opaque() ? !known : known && first <= port && port <= last);
    }
  };

  bool m_ipv6 = false;
  Address m_source_first;
  Address m_source_last;
  Address m_destination_first;
  Address m_destination_last;
  std::optional<std::uint8_t> m_protocol;
  PortRange m_source_ports;
  PortRange m_destination_ports;
};

}  // namespace espgate::driver::software
