// What the kernel says, as values. Every function is total: bytes that make no sense give nullopt.
#pragma once

#include <cstdint>
#include <optional>

#include "offload/xfrm/event.h"
#include "xfrm/message.h"

namespace espgate::offload::xfrm {

// Of XFRM_MSG_NEWSA and UPDSA, and of the answer to ALLOCSPI.
std::optional<KernelState> decode_state(const Received& message);
// Of XFRM_MSG_NEWPOLICY and UPDPOLICY.
std::optional<KernelPolicy> decode_policy(const Received& message);

// Of a message that nobody asked for. `own_port` is that of the socket whose changes are not foreign ones;
// nullopt for those, and for kinds that nobody needs.
std::optional<Event> decode_event(const Received& message, std::uint32_t own_port);

}  // namespace espgate::offload::xfrm
