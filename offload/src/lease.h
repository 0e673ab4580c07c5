// The arithmetic of sequence number leases: which numbers an engine may use, and when to extend them.
#pragma once

#include <cstdint>
#include <optional>

#include "offload/data_path.h"

namespace espgate::offload {

// The engine uses numbers below `limit`, and says so once it reaches `low`.
struct Lease {
  std::uint64_t limit = 0;
  std::uint64_t low = 0;

  bool operator==(const Lease&) const = default;
};

// One past the last number of an SA: 2^32 without ESN; with ESN 2^64 - 1, the highest limit there is, so that
// the very last number stays unused (RFC 4303 section 3.3.3).
std::uint64_t number_space_end(bool esn);

// The lease of an SA whose next number is `next_sequence`.
Lease first_lease(const LeasePolicy& policy, bool esn, std::uint64_t next_sequence);
// The lease after the one that ends at `limit`; nullopt when the number space ends there.
std::optional<Lease> next_lease(const LeasePolicy& policy, bool esn, std::uint64_t limit);

}  // namespace espgate::offload
