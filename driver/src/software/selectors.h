// The inner packet of an inbound SA must match the SA's selectors (RFC 4301 section 5.2, step 4).
#pragma once

#include "base/bytes.h"
#include "driver/sa.h"
#include "software/ipv4.h"

namespace espgate::driver::software {

// Selectors with the addresses in host order, ready to compare.
class SelectorMatch {
 public:
  SelectorMatch() = default;
  explicit SelectorMatch(const InboundSelectors& selectors);

  // `packet` is the whole inner packet that `header` was parsed from.
  bool matches(const Ipv4Header& header, ByteView packet) const;

 private:
  struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = UINT16_MAX;

    bool any() const { return first == 0 && last == UINT16_MAX; }
    bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  };

  std::uint32_t m_source_first = 0;
  std::uint32_t m_source_last = UINT32_MAX;
  std::uint32_t m_destination_first = 0;
  std::uint32_t m_destination_last = UINT32_MAX;
  std::optional<std::uint8_t> m_protocol;
  PortRange m_source_ports;
  PortRange m_destination_ports;
};

}  // namespace espgate::driver::software
