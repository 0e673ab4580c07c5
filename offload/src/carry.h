// From a Child SA as IKE negotiated it to the two SAs that an engine takes.
#pragma once

#include "base/error.h"
#include "driver/engine.h"
#include "lease.h"
#include "offload/data_path.h"

namespace espgate::offload {

// Whether an engine of these capabilities carries this kind of Child SA. SPIs and salts are not looked at.
Expected<> check_kind(const driver::Capabilities& capabilities, const ChildSaSpec& spec);
// Whether the values that check_kind() leaves out make sense.
Expected<> check_values(const ChildSaSpec& spec);

// Both expect a spec that passed both checks.
driver::InboundSa to_inbound(const ChildSaSpec& spec);
driver::OutboundSa to_outbound(const ChildSaSpec& spec, const Lease& lease);

}  // namespace espgate::offload
