#include "lease.h"

#include <algorithm>
#include <limits>

namespace espgate::offload {

std::uint64_t number_space_end(bool esn) {
  return esn ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{1} << 32;
}

namespace {

// A lease of `from` up to at most policy.size further numbers. `from` lies below the end of the space.
Lease lease_from(const LeasePolicy& policy, bool esn, std::uint64_t from) {
  const std::uint64_t end = number_space_end(esn);
  const std::uint64_t size = std::min(std::max<std::uint64_t>(policy.size, 1), end - from);
  const std::uint64_t limit = from + size;
  // There is nothing to renew at the end of the space, so nothing to report either.
  const std::uint64_t low = limit == end ? limit : limit - std::min(policy.renew_before, size);
  return {limit, low};
}

}  // namespace

Lease first_lease(const LeasePolicy& policy, bool esn, std::uint64_t next_sequence) {
  return lease_from(policy, esn, std::min(next_sequence, number_space_end(esn)));
}

std::optional<Lease> next_lease(const LeasePolicy& policy, bool esn, std::uint64_t limit) {
  if (limit >= number_space_end(esn)) {
    return std::nullopt;
  }
  return lease_from(policy, esn, limit);
}

}  // namespace espgate::offload
