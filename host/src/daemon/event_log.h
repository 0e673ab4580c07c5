#pragma once

#include "ike/stack.h"

namespace espgate::host::daemon {

// One line in the log for each event of the IKE stack.
void log_event(const ike::Event& event);

}  // namespace espgate::host::daemon
