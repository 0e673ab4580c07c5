// Memory as an AXI4 master sees it: slow, with many accesses under way, sometimes out of order or refusing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace espgate::sim {

// How the memory answers. Chances are in 1/256 for each cycle and channel.
struct MemoryTiming {
  std::uint32_t seed = 1;
  std::uint32_t latency = 300;      // cycles from the request to the first data or the acknowledgement
  std::uint32_t jitter = 0;         // up to so many cycles more
  std::uint32_t outstanding = 256;  // bursts accepted and not answered, reads and writes apart
  std::uint8_t stall = 0;           // chance that a ready is low or an answer waits
  bool reorder = false;             // answers of different IDs overtake each other, read beats interleave
};

// A range of addresses that answers with an error.
struct MemoryFault {
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
  bool reads = false;
  bool writes = false;
};

// Bytes from `base` on; outside of them every access is answered with an error.
class Memory {
 public:
  static constexpr std::uint64_t base = 0x4000000000;

  explicit Memory(std::size_t bytes) : m_bytes(bytes) {}

  ByteSpan bytes() { return m_bytes; }
  // The bytes at an address; the range must be inside.
  ByteSpan at(std::uint64_t address, std::size_t count) {
    return ByteSpan(m_bytes).subspan(static_cast<std::size_t>(address - base), count);
  }
  bool refuses(std::uint64_t address, bool write) const {
    if (address < base || address - base + 64 > m_bytes.size()) {
      return true;
    }
    for (const MemoryFault& fault : faults) {
      if ((write ? fault.writes : fault.reads) && address + 64 > fault.first &&
          address < fault.first + fault.bytes) {
        return true;
      }
    }
    return false;
  }

  MemoryTiming timing;
  std::vector<MemoryFault> faults;
  // What the masters did against AXI4, or against the rules of the shell (docs/hardware/lookaside.md).
  std::vector<std::string> violations;

 private:
  Bytes m_bytes;
};

}  // namespace espgate::sim
