// Address ranges as prefixes, which is what routes are made of.
#pragma once

#include <vector>

#include "base/ip_address.h"

namespace espgate::host::dataplane {

// The fewest prefixes that cover an IPv4 range exactly, ascending; at most 62.
std::vector<IpRange> split_into_prefixes(const IpRange& range);

}  // namespace espgate::host::dataplane
