// What every engine checks of an SA or a flow before it programs it, so that all refuse the same with the
// same words.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "driver/engine.h"
#include "driver/sa.h"

namespace espgate::driver {

Expected<> check(const OutboundSa& sa, const Capabilities& capabilities);
Expected<> check(const InboundSa& sa, const Capabilities& capabilities);
Expected<> check(const Flow& flow, Policy policy, const Capabilities& capabilities);

// The lease in force of an SA with or without ESN.
struct Lease {
  std::uint64_t limit = 0;
  bool esn = false;
};
Expected<> check_renewal(const Lease& in_force, std::uint64_t lease_limit);

// The last number of an SA's sequence number space (RFC 4303 sections 2.2 and 2.2.1).
constexpr std::uint64_t last_sequence(bool esn) {
  return esn ? UINT64_MAX : UINT32_MAX;
}
// A lease excludes its limit, and with ESN the limit itself has only 64 bits.
constexpr std::uint64_t largest_lease_limit(bool esn) {
  return esn ? UINT64_MAX : std::uint64_t{UINT32_MAX} + 1;
}

}  // namespace espgate::driver
