// The kernel's policies that one entry of the SPD amounts to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "offload/spd.h"
#include "offload/xfrm/policy.h"

namespace espgate::offload {

using KernelPolicies = std::map<xfrm::PolicyId, xfrm::Policy>;

// Within an entry the kernel looks first at those of its SAs.
enum class PolicyRank : std::uint8_t { sa = 0, to_engine = 1, entry = 2 };
inline constexpr std::uint32_t ranks_per_entry = 3;
inline constexpr std::uint32_t most_entries = (1U << 24) / ranks_per_entry;

class PolicyBuilder {
 public:
  using IsTaken = std::function<bool(const xfrm::PolicyId& id)>;

  // `position` in the SPD, from 0. `taken` tells which ids belong to other entries.
  PolicyBuilder(std::uint32_t position, IsTaken taken) : m_position(position), m_taken(std::move(taken)) {}

  // Traffic of the selectors goes through what the template wants, in this direction only. The first one that
  // is added for an id stays. Fails when another entry has the id.
  Expected<> add_sa(const std::vector<Selector>& selectors, driver::Direction direction,
                    const xfrm::Template& wanted);
  // What is left of the entry. With `engine_device` outbound packets may go to that device. Another entry
  // that has the id comes before this one, and then this one is never hit.
  // The kernel asks for an SA of a kernel_only entry on demand, with this reqid.
  Expected<> add_entry(const SpdEntry& entry, unsigned engine_device, std::uint32_t reqid);

  KernelPolicies take() { return std::move(m_policies); }

 private:
  void add(const xfrm::PolicySelector& selector, xfrm::PolicyDirection direction, PolicyRank rank,
           const xfrm::Policy& like);

  std::uint32_t m_position;
  IsTaken m_taken;
  KernelPolicies m_policies;
};

bool same(const xfrm::Policy& a, const xfrm::Policy& b);

}  // namespace espgate::offload
