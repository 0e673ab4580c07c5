// IP addresses as the data path compares them: 128 bits, an IPv4 address in the low 32 of them.
#pragma once

#include <compare>
#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace espgate::driver::software {

struct Address {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Address&) const = default;
};

inline Address to_address(const IpAddress& address) {
  return address.is_v4() ? Address{.high = 0, .low = address.to_v4()}
                         : Address{.high = load_be64(address.bytes()), .low = load_be64(address.bytes(), 8)};
}

}  // namespace espgate::driver::software
