#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace espgate {

// Lower-case, two digits a byte.
std::string to_hex(ByteView bytes);
// Either case, an even number of digits and nothing else; nullopt otherwise.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace espgate
