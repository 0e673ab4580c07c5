// Addresses as numbers, and ranges of them as prefixes.
#pragma once

#include <optional>
#include <vector>

#include "base/ip_address.h"

namespace espgate {

// With every bit from bit `prefix` on cleared, or set; `prefix` from 0 to the family's width.
IpAddress first_of_prefix(const IpAddress& a, int prefix);
IpAddress last_of_prefix(const IpAddress& a, int prefix);

// The neighbours in the order of the family's addresses; nullopt at its ends.
std::optional<IpAddress> next(const IpAddress& a);
std::optional<IpAddress> previous(const IpAddress& a);

// The fewest prefixes that cover the range exactly, ascending; at most 62 of IPv4 and 254 of IPv6.
std::vector<IpRange> to_prefixes(const IpRange& range);

}  // namespace espgate
