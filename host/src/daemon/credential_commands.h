// The commands of the control socket that load, list and unload certificates, keys and secrets.
#pragma once

#include "daemon/credential_store.h"
#include "vici/server.h"

namespace espgate::host::daemon {

// Adds the commands and their events; both must outlive the server's clients.
void add_credential_commands(vici::Server& server, CredentialStore& store);

}  // namespace espgate::host::daemon
