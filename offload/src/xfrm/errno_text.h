#pragma once

#include <string>
#include <system_error>

namespace espgate::offload::xfrm {

inline std::string errno_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace espgate::offload::xfrm
