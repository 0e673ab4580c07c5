// Lifetimes, liveness and what follows an end, of connections and children.
#pragma once

#include "config/setting_reader.h"
#include "ike/config.h"

namespace espgate::host::config {

void read_connection_timing(SettingReader& in, ike::ConnectionConfig& config);
void read_child_timing(SettingReader& in, ike::ChildConfig& config);

}  // namespace espgate::host::config
