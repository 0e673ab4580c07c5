// From configuration to SPD, and whether somebody can carry what is configured: the engine or the kernel.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/gateway_config.h"
#include "ike/stack.h"
#include "offload/data_path.h"
#include "offload/kernel_path.h"

namespace espgate::host::daemon {

// Who may carry Child SAs. All must outlive whoever has this.
struct Carriers {
  offload::DataPath& engine;
  // nullptr when there is none, for the reason in no_kernel; or, without a reason, when it was not asked.
  offload::KernelPath* kernel = nullptr;
  std::string no_kernel = {};
};

// Each local with each remote traffic selector. A protocol that only one side names holds for both; pairs
// that contradict each other are left out.
std::vector<offload::Selector> to_selectors(const std::vector<ike::TrafficSelector>& local,
                                            const std::vector<ike::TrafficSelector>& remote);

// The children in the order of the file.
std::vector<offload::SpdEntry> to_spd(const config::GatewayConfig& config);

// One error for each way in which a child's Child SAs could not be carried where its hw_offload wants them.
config::ConfigErrors check_placement(const config::GatewayConfig& config, const Carriers& carriers);

// The suite in the kernel's terms.
offload::xfrm::Suite to_kernel_suite(const ike::EspProposal& proposal);

// The SA that was negotiated, as the data path takes it. Fails on what no engine of ours carries.
Expected<offload::ChildSaSpec> to_spec(const ike::ChildSa& sa);
// The same for the kernel.
Expected<offload::KernelSaSpec> to_kernel_spec(const ike::ChildSa& sa);

}  // namespace espgate::host::daemon
