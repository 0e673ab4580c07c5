#pragma once

#include <vector>

#include "config/conf_tree.h"
#include "config/credential_files.h"
#include "config/schema.h"
#include "ike/config.h"

namespace espgate::host::config {

// The section `secrets`; passphrases of private keys go to `files`. Also checks that files that hold secrets
// are not open to everybody.
std::vector<ike::SharedSecret> translate_secrets(const Section& secrets, CredentialFiles& files,
                                                 Diagnostics& errors);

}  // namespace espgate::host::config
