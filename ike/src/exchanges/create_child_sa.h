// CREATE_CHILD_SA (RFC 7296 section 1.3). This version has no second Child SA and no rekeying: it says so.
#pragma once

#include "sa/ike_sa.h"

namespace espgate::ike {

// NO_ADDITIONAL_SAS, the answer of an endpoint that takes no more Child SAs (RFC 7296 section 1.3).
Reply answer_create_child_sa(IkeSa& sa, const Incoming& request);

}  // namespace espgate::ike
