// The outer headers of an inbound frame, up to the ESP packet: what can be said before an SA is known.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "driver/verdict.h"
#include "software/ip_packet.h"

namespace espgate::driver::software {

struct OuterPacket {
  // ok: an ESP packet, or cleartext. Anything else: the rest means nothing.
  Verdict verdict = Verdict::ok;
  // Neither ESP nor IKE: the inbound SPD cache decides, and of the rest only ip and bytes mean anything.
  bool cleartext = false;
  bool encapsulated = false;
  std::uint32_t spi = 0;
  IpPacket ip;
  ByteView bytes;  // the whole IP packet, without padding of the link
  ByteView esp;    // from the SPI to the ICV
};
OuterPacket parse_outer(ByteView frame);

}  // namespace espgate::driver::software
