#pragma once

#include <optional>

#include "config/conf_tree.h"
#include "config/credential_files.h"
#include "config/gateway_config.h"
#include "config/schema.h"

namespace espgate::host::config {

// One section of `connections`. What is returned is usable only when no error was added.
ConnectionSettings translate_connection(const Section& section, const CredentialFiles& files,
                                        Diagnostics& errors);

// The sections `local` and `remote`: who both ends are, and how they prove it.
void translate_local(const Section& section, const std::string& path, const CredentialFiles& files,
                     ike::ConnectionConfig& config, Diagnostics& errors);
void translate_remote(const Section& section, const std::string& path, const CredentialFiles& files,
                      ike::ConnectionConfig& config, Diagnostics& errors);

// One section of `children`; `path` is "connections.NAME.children.NAME".
struct ChildSettings {
  ike::ChildConfig ike;
  ChildPlacement placement;
};
ChildSettings translate_child(const Section& section, const std::string& path, Diagnostics& errors);
// The same for mode = pass and mode = drop; nullopt when the section has another mode.
std::optional<PolicyChild> translate_policy(const Section& section, const std::string& path,
                                            Diagnostics& errors);

}  // namespace espgate::host::config
