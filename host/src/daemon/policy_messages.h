// Which SPD entry a packet hits, and why: the request and the answer of policy-lookup.
#pragma once

#include "base/error.h"
#include "offload/spd.h"
#include "vici/message.h"

namespace espgate::host::daemon {

struct PolicyQuestion {
  bool inbound = false;
  offload::PacketFields packet;

  // Keys: src, dst (addresses); proto (number, 0 to 255); sport and dport, or icmp-type and icmp-code for
  // ICMP; dir (out or in, out by default). Without ports the packet is one that shows none: a later fragment,
  // or of a protocol without.
  static Expected<PolicyQuestion> parse(const vici::Message& request);
};

// Keys: verdict (protect, bypass, discard), reason, explanation; entry, position (from 1), selector when
// there is one.
vici::Message to_message(const offload::SpdMatch& match, bool inbound);

}  // namespace espgate::host::daemon
