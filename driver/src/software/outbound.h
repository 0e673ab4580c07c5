// Outbound processing of one packet under one SA (RFC 4303 section 3.3, tunnel mode IPv4 in IPv4).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "driver/engine.h"
#include "sa_check.h"
#include "software/esp.h"
#include "software/ipv4.h"

namespace espgate::driver::software {

// The inner packet at the start of a frame, as far as outbound processing looks at it.
struct InnerPacket {
  Verdict verdict = Verdict::ok;  // too_long or header_malformed: the rest means nothing
  Ipv4Header header;
  ByteView bytes;  // without padding of the link
};
InnerPacket parse_inner(ByteView frame, std::size_t max_packet_bytes);

// One row of the outbound SA table.
class OutboundRow {
 public:
  struct Result {
    Verdict verdict = Verdict::ok;
    std::uint32_t length = 0;
    bool lease_low = false;  // this packet's number is lease_low or higher
    bool failed = false;     // OpenSSL refused; the engine can no longer be trusted
  };

  // nullopt when OpenSSL refuses the key. The SA has passed check().
  static std::optional<OutboundRow> create(const OutboundSa& sa);

  // `packet` has verdict ok. A packet that is dropped takes no sequence number.
  Result protect(const InnerPacket& packet, ByteSpan output);

  Lease lease() const { return {.limit = m_lease_limit, .low = m_lease_low, .esn = m_esn}; }
  void renew(std::uint64_t lease_limit, std::uint64_t lease_low) {
    m_lease_limit = lease_limit;
    m_lease_low = lease_low;
  }
  OutboundSaCounters counters() const {
    return {.packets = m_packets, .bytes = m_bytes, .next_sequence = m_next_sequence};
  }

 private:
  std::uint8_t outer_tos(std::uint8_t inner_tos) const;
  bool outer_dont_fragment(bool inner) const;

  EspCipher m_cipher;
  std::uint32_t m_spi = 0;
  std::uint32_t m_outer_source = 0;
  std::uint32_t m_outer_destination = 0;
  std::optional<UdpEncapsulation> m_encapsulation;
  DfPolicy m_df = DfPolicy::copy;
  std::optional<std::uint8_t> m_dscp;
  std::uint8_t m_hop_limit = 0;
  bool m_esn = false;
  // 0 once every number of 64 bits is used up.
  std::uint64_t m_next_sequence = 0;
  std::uint64_t m_lease_limit = 0;
  std::uint64_t m_lease_low = 0;
  std::uint64_t m_packets = 0;
  std::uint64_t m_bytes = 0;
};

}  // namespace espgate::driver::software
