// The text of an errno value.
#pragma once

#include <string>
#include <system_error>

namespace espgate::host::dataplane {

inline std::string errno_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace espgate::host::dataplane
