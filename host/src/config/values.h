// Values as swanctl.conf writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace espgate::host::config {

// yes, true, 1, enabled; no, false, 0, disabled; in either case.
Expected<bool> parse_bool(std::string_view text);
// Decimal, nothing else, at most `max`.
Expected<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);
// Seconds, or a number with s, m, h or d; at most ten years.
Expected<std::chrono::seconds> parse_time(std::string_view text);
// A number, or one with k, m or g behind it: times 1024, 1024² or 1024³.
Expected<std::uint64_t> parse_amount(std::string_view text);
// The items of a comma-separated list without the spaces around them; empty items are left out.
std::vector<std::string_view> split_list(std::string_view text);
// 0x and hex digits, 0s and base64, or else the text itself. Errors do not repeat the text.
Expected<Secret> parse_secret(std::string_view text);

}  // namespace espgate::host::config
