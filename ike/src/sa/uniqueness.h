// One IKE SA or several with the same identities (RFC 7296 section 2.4, strongSwan's `unique`).
#pragma once

#include "sa/ike_sa.h"

namespace espgate::ike {

// Whether the responder takes the peer, which has proved who it is, beside what it has with it already.
bool is_welcome(IkeSa& sa, const Identity& local, const Identity& remote, const wire::Payloads& request);
// After it has: ends the older IKE SAs that the peer has lost, or that this one is to replace.
void end_older(IkeSa& sa, const wire::Payloads& request);

}  // namespace espgate::ike
