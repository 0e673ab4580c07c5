#include "dataplane/prefixes.h"

#include <bit>
#include <cstdint>

namespace espgate::host::dataplane {

std::vector<IpRange> split_into_prefixes(const IpRange& range) {
  std::vector<IpRange> prefixes;
  std::uint64_t first = range.first.to_v4();
  const std::uint64_t end = std::uint64_t{range.last.to_v4()} + 1;
  while (first < end) {
    // The largest block that begins on its own boundary and does not go past the end.
    const std::uint64_t aligned =
        first == 0 ? std::uint64_t{1} << 32 : std::uint64_t{1} << std::countr_zero(first);
    const std::uint64_t fitting = std::bit_floor(end - first);
    const std::uint64_t size = aligned < fitting ? aligned : fitting;
    prefixes.push_back({IpAddress::v4(static_cast<std::uint32_t>(first)),
                        IpAddress::v4(static_cast<std::uint32_t>(first + size - 1))});
    first += size;
  }
  return prefixes;
}

}  // namespace espgate::host::dataplane
