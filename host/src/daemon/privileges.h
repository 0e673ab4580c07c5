#pragma once

#include "base/error.h"

namespace espgate::host::daemon {

// Fails when the process may not open TUN devices, change routes and open raw sockets.
Expected<> check_privileges();

}  // namespace espgate::host::daemon
