// Ethernet frames.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace espgate::sim::test {

// What stands in front of a packet.
struct Ethernet {
  std::uint64_t destination = 0;  // first octet on top
  std::uint64_t source = 0;
  std::vector<std::uint32_t> tags;  // TPID and TCI
  std::uint16_t type = 0x0800;

  Bytes frame(ByteView payload) const;
};

}  // namespace espgate::sim::test
