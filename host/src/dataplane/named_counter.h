// A counter with its name, as the daemon shows it.
#pragma once

#include <cstdint>
#include <string_view>

namespace espgate::host::dataplane {

struct NamedCounter {
  std::string_view name;
  std::uint64_t value = 0;
};

}  // namespace espgate::host::dataplane
