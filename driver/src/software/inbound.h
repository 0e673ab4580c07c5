// Inbound processing of one packet (RFC 4303 section 3.4, tunnel mode IPv4 in IPv4), in three steps: what the
// outer headers say, the SA that the SPI names (the engine looks it up), and the rest under that SA.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "driver/engine.h"
#include "software/ecn.h"
#include "software/esp.h"
#include "software/replay_window.h"
#include "software/selectors.h"

namespace espgate::driver::software {

// The outer headers of a frame. The hardware sees its first 64 bytes only, and so does this.
struct OuterPacket {
  Verdict verdict = Verdict::ok;  // anything else: the rest means nothing
  std::uint8_t tos = 0;
  std::uint32_t destination = 0;  // host order
  bool encapsulated = false;
  std::uint32_t spi = 0;
  ByteView esp;  // from the SPI to the ICV
};
OuterPacket parse_outer(ByteView frame, std::size_t max_packet_bytes);

// One row of the inbound SA table.
class InboundRow {
 public:
  struct Result {
    Verdict verdict = Verdict::ok;
    std::uint32_t length = 0;
  };

  // nullopt when OpenSSL refuses the key. The SA has passed check().
  static std::optional<InboundRow> create(const InboundSa& sa);

  // `packet` has verdict ok and this SA's SPI. `output` holds the inner packet when the verdict is ok;
  // otherwise nothing that was decrypted is left in it.
  Result unprotect(const OuterPacket& packet, ByteSpan output);

  std::uint32_t spi() const { return m_spi; }
  InboundSaCounters counters() const;

 private:
  Verdict decrypt(const OuterPacket& packet, ByteSpan plaintext);
  Result deliver(const OuterPacket& packet, ByteSpan plaintext);
  void count(const Result& result);

  EspCipher m_cipher;
  ReplayWindow m_window;
  SelectorMatch m_selectors;
  InboundSaCounters m_counters;  // replay_top is the window's
  std::uint32_t m_spi = 0;
  std::uint32_t m_outer_destination = 0;
  bool m_encapsulated = false;
};

}  // namespace espgate::driver::software
