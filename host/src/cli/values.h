// Values of vici messages as the renderers need them.
#pragma once

#include <string>
#include <string_view>

#include "cli/render.h"

namespace espgate::host::cli {

// Empty for a section that is not there.
const vici::Message& section_of(const vici::Message& message, std::string_view name);

// A number where the value is one, the text otherwise, null when there is none.
Json number(const vici::Message& message, std::string_view key);
// null when there is none.
Json text(const vici::Message& message, std::string_view key);
// True for "yes". In vici an absent flag is false.
bool flag(const vici::Message& message, std::string_view key);
Json list(const vici::Message& message, std::string_view key);
// All keys of a section of counters.
Json counters(const vici::Message& section);

std::string joined(const vici::Message& message, std::string_view key);

}  // namespace espgate::host::cli
