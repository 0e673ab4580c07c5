#include "negotiation/narrowing.h"

#include <algorithm>

namespace espgate::ike {
namespace {

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

bool contains(const TrafficSelector& outer, const TrafficSelector& inner) {
  return outer.addresses.contains(inner.addresses) &&
         (outer.protocol == 0 || outer.protocol == inner.protocol) && outer.intersect(inner) == inner;
}

}  // namespace

wire::TsPayload to_wire(wire::PayloadType type, std::span<const TrafficSelector> selectors) {
  wire::TsPayload payload{type, {}};
  for (const TrafficSelector& selector : selectors) {
    payload.selectors.push_back(
        {selector.addresses.first.is_v4() ? wire::SelectorType::ipv4_range : wire::SelectorType::ipv6_range,
         selector.protocol, selector.first_port, selector.last_port,
         to_bytes(selector.addresses.first.bytes()), to_bytes(selector.addresses.last.bytes())});
  }
  return payload;
}

std::vector<TrafficSelector> from_wire(const wire::TsPayload& payload) {
  std::vector<TrafficSelector> selectors;
  for (const wire::Selector& selector : payload.selectors) {
    const auto first = IpAddress::from_bytes(selector.first_address);
    const auto last = IpAddress::from_bytes(selector.last_address);
    const bool opaque = selector.first_port == 65535 && selector.last_port == 0;
    if (first && last && first->family() == last->family() && *first <= *last &&
        (opaque || selector.first_port <= selector.last_port)) {
      selectors.push_back({{*first, *last}, selector.protocol, selector.first_port, selector.last_port});
    }
  }
  return selectors;
}

std::vector<TrafficSelector> resolve(std::span<const TrafficSelector> configured, const IpAddress& address) {
  if (configured.empty()) {
    return {TrafficSelector{{address, address}, 0, 0, 65535}};
  }
  return {configured.begin(), configured.end()};
}

std::vector<TrafficSelector> narrow(std::span<const TrafficSelector> configured,
                                    std::span<const TrafficSelector> offered, std::size_t max_selectors) {
  // RFC 7296 section 2.9: the initiator's first selector may be that of the packet at hand; in its order,
  // what is left of it comes first.
  std::vector<TrafficSelector> common;
  for (const TrafficSelector& theirs : offered) {
    for (const TrafficSelector& ours : configured) {
      const auto part = ours.intersect(theirs);
      if (!part || std::ranges::any_of(common, [&](const auto& c) { return contains(c, *part); })) {
        continue;
      }
      std::erase_if(common, [&](const auto& c) { return contains(*part, c); });
      common.push_back(*part);
    }
  }
  if (common.size() > max_selectors) {
    common.clear();
  }
  return common;
}

bool within(std::span<const TrafficSelector> inner, std::span<const TrafficSelector> outer) {
  return std::ranges::all_of(inner, [&](const TrafficSelector& i) {
    return std::ranges::any_of(outer, [&](const TrafficSelector& o) { return contains(o, i); });
  });
}

}  // namespace espgate::ike
