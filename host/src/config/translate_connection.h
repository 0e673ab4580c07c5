#pragma once

#include "config/conf_tree.h"
#include "config/gateway_config.h"
#include "config/schema.h"

namespace espgate::host::config {

// One section of `connections`. What is returned is usable only when no error was added.
ConnectionSettings translate_connection(const Section& section, Diagnostics& errors);

// One section of `children`; `path` is "connections.NAME.children.NAME".
struct ChildSettings {
  ike::ChildConfig ike;
  ChildPlacement placement;
};
ChildSettings translate_child(const Section& section, const std::string& path, Diagnostics& errors);

}  // namespace espgate::host::config
