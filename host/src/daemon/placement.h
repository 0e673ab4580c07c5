// From configuration to SPD, and whether the engine can carry what is configured.
#pragma once

#include <vector>

#include "base/error.h"
#include "config/gateway_config.h"
#include "ike/stack.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

// Each local with each remote traffic selector. A protocol that only one side names holds for both; pairs
// that contradict each other are left out.
std::vector<offload::Selector> to_selectors(const std::vector<ike::TrafficSelector>& local,
                                            const std::vector<ike::TrafficSelector>& remote);

// The children in the order of the file, all PROTECT.
std::vector<offload::SpdEntry> to_spd(const config::GatewayConfig& config);

// One error for each child whose Child SAs the engine could not carry.
config::ConfigErrors check_placement(const config::GatewayConfig& config, const offload::DataPath& data_path);

// The SA that was negotiated, as the data path takes it. Fails on what no engine of ours carries.
Expected<offload::ChildSaSpec> to_spec(const ike::ChildSa& sa);

}  // namespace espgate::host::daemon
