// Traffic selectors between configuration and wire, and narrowing (RFC 7296 section 2.9).
#pragma once

#include <span>
#include <vector>

#include "ike/config.h"
#include "wire/ts_payload.h"

namespace espgate::ike {

wire::TsPayload to_wire(wire::PayloadType type, std::span<const TrafficSelector> selectors);
// Selectors of types that we do not know and empty ranges are left out.
std::vector<TrafficSelector> from_wire(const wire::TsPayload& payload);

// The configured selectors, or the address itself where there are none.
std::vector<TrafficSelector> resolve(std::span<const TrafficSelector> configured, const IpAddress& address);

// What both sides want, without parts that others contain; empty when there is nothing, or when it would take
// more than `max_selectors`.
std::vector<TrafficSelector> narrow(std::span<const TrafficSelector> configured,
                                    std::span<const TrafficSelector> offered, std::size_t max_selectors);

// Whether each of `inner` lies within one of `outer`.
bool within(std::span<const TrafficSelector> inner, std::span<const TrafficSelector> outer);

}  // namespace espgate::ike
