// Inbound processing of one packet under the SA that its SPI names (RFC 4303 section 3.4).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "driver/engine.h"
#include "event_queue.h"
#include "software/esp.h"
#include "software/lifetime_meter.h"
#include "software/outer_packet.h"
#include "software/replay_window.h"
#include "software/selectors.h"

namespace espgate::driver::software {

// One row of the inbound SA table.
class InboundRow {
 public:
  struct Result {
    Verdict verdict = Verdict::ok;
    std::uint32_t length = 0;
    EventKinds events = 0;
  };

  // nullopt when the library refuses the key. The SA has passed check().
  static std::optional<InboundRow> create(const InboundSa& sa, CryptoLibrary library);

  // `packet` is an ESP packet with this SA's SPI. `output` holds what is delivered when the verdict is ok;
  // otherwise nothing that was decrypted is left in it.
  Result unprotect(const OuterPacket& packet, ByteSpan output);

  std::uint32_t spi() const { return m_spi; }
  const MacAddress& next_hop() const { return m_next_hop; }
  InboundSaCounters counters() const;

 private:
  // What an authentic packet carries.
  struct Payload {
    Verdict verdict = Verdict::ok;
    std::uint8_t next_header = 0;
    ByteSpan bytes;
  };

  Verdict decrypt(const OuterPacket& packet, ByteSpan plaintext);
  Payload take_payload(ByteSpan plaintext) const;
  Result deliver_tunnel(const OuterPacket& packet, const Payload& payload) const;
  Result deliver_transport(const OuterPacket& packet, const Payload& payload, ByteSpan output) const;
  EventKinds count(const Result& result);

  EspCipher m_cipher;
  ReplayWindow m_window;
  LifetimeMeter m_lifetime;
  SelectorMatch m_selectors;
  InboundSaCounters m_counters;  // of drops; the others are the window's and the meter's
  std::uint32_t m_spi = 0;
  Address m_outer_destination;
  bool m_ipv6 = false;
  bool m_encapsulated = false;
  bool m_transport = false;
  MacAddress m_next_hop{};
};

}  // namespace espgate::driver::software
