// What the kernel tells on its own.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "offload/xfrm/policy.h"

namespace espgate::offload::xfrm {

// A packet hit a policy whose template no state meets. The kernel holds further packets of this kind back
// until a state comes or its patience ends (net.core.xfrm_acq_expires).
struct Acquire {
  Template wanted;
  PolicySelector packet;  // the one that asked, with host prefixes
  std::uint32_t policy_index = 0;
  std::uint32_t sequence = 0;  // of the kernel's request; a state made for it may name it
  Mark mark;
  std::uint32_t if_id = 0;
};

struct Expire {
  StateId id;
  IpAddress source;
  std::uint32_t reqid = 0;
  bool hard = false;  // the kernel has removed the state
};

// An encapsulated packet with a good ICV came from a new address or port: the peer's NAT moved.
struct Mapping {
  StateId id;
  std::uint32_t reqid = 0;
  IpAddress old_address;
  IpAddress new_address;
  std::uint16_t old_port = 0;
  std::uint16_t new_port = 0;
};

// Somebody else changed a state or policy of this namespace.
struct ForeignChange {
  enum class What : std::uint8_t { state_added, state_removed, policy_added, policy_removed, flushed };
  What what = What::flushed;
  std::optional<StateId> state;
  std::optional<PolicyId> policy;
};

// The kernel had more to tell than the socket took: call Xfrm::resync().
struct EventsLost {};

using Event = std::variant<Acquire, Expire, Mapping, ForeignChange, EventsLost>;

}  // namespace espgate::offload::xfrm
