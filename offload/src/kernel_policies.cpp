#include "kernel_policies.h"

#include <fmt/format.h>

#include <span>

#include "kernel_selectors.h"
#include "offload/xfrm/xfrm.h"

namespace espgate::offload {

namespace {

using xfrm::PolicyDirection;

// Inbound in RFC 4301's words is two directions of the kernel's: to this host, and through it.
std::span<const PolicyDirection> directions_of(driver::Direction direction) {
  static constexpr PolicyDirection outbound[] = {PolicyDirection::out};
  static constexpr PolicyDirection inbound[] = {PolicyDirection::in, PolicyDirection::forward};
  return direction == driver::Direction::outbound ? std::span<const PolicyDirection>(outbound)
                                                  : std::span<const PolicyDirection>(inbound);
}

}  // namespace

void PolicyBuilder::add(const xfrm::PolicySelector& selector, PolicyDirection direction, PolicyRank rank,
                        const xfrm::Policy& like) {
  xfrm::Policy policy = like;
  policy.id = {.direction = direction, .selector = selector, .mark = {}, .if_id = 0};
  policy.priority = xfrm::first_priority + m_position * ranks_per_entry + static_cast<std::uint32_t>(rank);
  if (!m_taken(policy.id)) {
    m_policies.emplace(policy.id, policy);
  }
}

Expected<> PolicyBuilder::add_sa(const std::vector<Selector>& selectors, driver::Direction direction,
                                 const xfrm::Template& wanted) {
  xfrm::Policy like;
  like.templates.push_back(wanted);
  for (const Selector& row : selectors) {
    const auto found = to_kernel_selectors(row, direction);
    if (!found) {
      return std::unexpected(found.error());
    }
    for (const xfrm::PolicySelector& selector : found->selectors) {
      for (const PolicyDirection to : directions_of(direction)) {
        if (m_taken({.direction = to, .selector = selector, .mark = {}, .if_id = 0})) {
          return fail(fmt::format("{}: another child has the same selectors, and the kernel holds them once",
                                  to_string(row)));
        }
        add(selector, to, PolicyRank::sa, like);
      }
    }
  }
  return {};
}

Expected<> PolicyBuilder::add_entry(const SpdEntry& entry, unsigned engine_device, std::uint32_t reqid) {
  xfrm::Policy like;
  like.block = entry.action != Action::bypass;
  xfrm::Policy outbound = like;
  if (entry.action == Action::protect && entry.placement == SaPlacement::kernel_only && entry.on_demand) {
    outbound.block = false;
    outbound.templates.push_back({.source = entry.on_demand->local,
                                  .destination = entry.on_demand->remote,
                                  .protocol = xfrm::Protocol::esp,
                                  .mode = driver::Mode::tunnel,
                                  .reqid = reqid,
                                  .optional = false});
  }
  for (const Selector& row : entry.selectors) {
    for (const driver::Direction direction : {driver::Direction::outbound, driver::Direction::inbound}) {
      auto found = to_kernel_selectors(row, direction);
      if (!found) {
        return std::unexpected(found.error());
      }
      // A fragment that shows no ports is never bypassed because of an entry with ports.
      if (entry.action != Action::bypass) {
        found->selectors.insert(found->selectors.end(), found->fragments.begin(), found->fragments.end());
      }
      for (xfrm::PolicySelector selector : found->selectors) {
        for (const PolicyDirection to : directions_of(direction)) {
          add(selector, to, PolicyRank::entry, direction == driver::Direction::outbound ? outbound : like);
        }
        if (direction == driver::Direction::outbound && engine_device != 0) {
          selector.interface = engine_device;
          add(selector, PolicyDirection::out, PolicyRank::to_engine, {});
        }
      }
    }
  }
  return {};
}

bool same(const xfrm::Policy& a, const xfrm::Policy& b) {
  return a.id == b.id && a.priority == b.priority && a.block == b.block && a.templates == b.templates &&
         a.device == b.device;
}

}  // namespace espgate::offload
