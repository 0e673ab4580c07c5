// Outbound processing of one packet under one SA (RFC 4303 section 3.3).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "driver/engine.h"
#include "event_queue.h"
#include "sa_check.h"
#include "software/esp.h"
#include "software/ip_packet.h"
#include "software/lifetime_meter.h"

namespace espgate::driver::software {

// What is to be protected: a whole IP packet, or the payload of a dummy packet.
struct InnerPacket {
  bool dummy = false;
  IpPacket ip;  // of a dummy: nothing
  ByteView bytes;
};

// One row of the outbound SA table.
class OutboundRow {
 public:
  struct Result {
    Verdict verdict = Verdict::ok;
    std::uint32_t length = 0;
    EventKinds events = 0;
    // Why the engine can no longer be trusted; null while it can.
    const char* failure = nullptr;
  };

  // nullopt when the library refuses the key. The SA has passed check().
  static std::optional<OutboundRow> create(const OutboundSa& sa, CryptoLibrary library);

  // A packet that is dropped takes no sequence number.
  Result protect(const InnerPacket& packet, ByteSpan output);

  const MacAddress& next_hop() const { return m_sa.next_hop; }
  Lease lease() const { return {.limit = m_sa.lease_limit, .esn = m_sa.esn}; }
  void renew(std::uint64_t lease_limit, std::uint64_t lease_low);
  OutboundSaCounters counters() const;

 private:
  // What goes into the ESP packet, and what stands in front of it.
  struct Plan {
    ByteView payload;
    std::size_t payload_bytes = 0;  // with traffic flow confidentiality padding
    std::uint8_t next_header = 0;
    std::size_t header_bytes = 0;  // IP
    std::size_t udp_bytes = 0;
    std::size_t esp_bytes = 0;

    std::size_t total() const { return header_bytes + udp_bytes + esp_bytes; }
  };

  bool builds_header(const InnerPacket& packet) const;
  Verdict check_transport(const IpPacket& packet) const;
  Verdict admit(const InnerPacket& packet) const;
  Plan plan(const InnerPacket& packet) const;
  void write_headers(const InnerPacket& packet, const Plan& plan, std::uint64_t sequence, ByteSpan out) const;
  std::uint8_t outer_tos(std::uint8_t inner_tos) const;
  bool outer_dont_fragment(const InnerPacket& packet) const;
  EventKinds events_of(std::uint64_t sequence);

  OutboundSa m_sa;  // without its key; next_sequence is 0 once every number of 64 bits is used up
  Address m_outer_source;
  Address m_outer_destination;
  bool m_ipv6 = false;
  EspCipher m_cipher;
  LifetimeMeter m_lifetime;
  bool m_lease_low_reported = false;
};

}  // namespace espgate::driver::software
