// Rows of selectors in the words of the kernel's policies.
#pragma once

#include <vector>

#include "base/error.h"
#include "offload/selector.h"
#include "offload/xfrm/policy.h"

namespace espgate::offload {

struct KernelSelectors {
  std::vector<xfrm::PolicySelector> selectors;
  // What fragments look like of packets that a row with ports is about: the kernel takes their ports for 0.
  std::vector<xfrm::PolicySelector> fragments;
};

// Of packets in this direction; outbound their source is the row's local side. Fails on what the kernel
// cannot tell apart: OPAQUE ports, ranges of ICMP types, and rows that would take more than 1024 policies.
Expected<KernelSelectors> to_kernel_selectors(const Selector& row, driver::Direction direction);

}  // namespace espgate::offload
