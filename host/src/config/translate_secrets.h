#pragma once

#include <vector>

#include "config/conf_tree.h"
#include "config/schema.h"
#include "ike/config.h"

namespace espgate::host::config {

// The section `secrets`. Also checks that files that hold secrets are not open to everybody.
std::vector<ike::SharedSecret> translate_secrets(const Section& secrets, Diagnostics& errors);

}  // namespace espgate::host::config
