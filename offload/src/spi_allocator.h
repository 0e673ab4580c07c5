// The SPIs that this gateway gives out for its inbound SAs.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "base/error.h"

namespace espgate::offload {

// 0 is for local use, 1 to 255 are reserved (RFC 4303 section 2.1).
inline constexpr std::uint32_t lowest_spi = 256;

class SpiAllocator {
 public:
  // Random, so that a peer or an observer can neither guess it nor count SAs.
  Expected<std::uint32_t> allocate();
  // Marks a number as taken; false when it is already.
  bool claim(std::uint32_t spi) { return m_taken.insert(spi).second; }
  bool taken(std::uint32_t spi) const { return m_taken.contains(spi); }
  void release(std::uint32_t spi) { m_taken.erase(spi); }

 private:
  std::unordered_set<std::uint32_t> m_taken;
};

}  // namespace espgate::offload
