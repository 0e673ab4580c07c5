// Requests to the kernel. The states and policies have passed check().
#pragma once

#include "offload/xfrm/policy.h"
#include "offload/xfrm/state.h"
#include "offload/xfrm/xfrm.h"
#include "xfrm/message.h"

namespace espgate::offload::xfrm {

Message encode_new_state(const State& state);
Message encode_delete_state(const StateId& id);
Message encode_get_state(const StateId& id);
Message encode_dump_states();
Message encode_allocate_spi(const SpiRequest& request, std::uint32_t lowest, std::uint32_t highest);

// Fails on the kernel's side when it is there, unless `replace`. `index` asks for that number; 0 for any.
Message encode_new_policy(const Policy& policy, bool replace, std::uint32_t index);
Message encode_delete_policy(const PolicyId& id);
Message encode_dump_policies();

}  // namespace espgate::offload::xfrm
