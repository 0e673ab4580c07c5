// Numbers, keys and names in the SA files.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/secret.h"
#include "driver/sa.h"

namespace espgate::host::replay {

inline constexpr std::size_t salt_bytes = 4;

// Decimal, or hexadecimal behind "0x"; the whole text, at most `largest`.
std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t largest = UINT64_MAX);
// Hexadecimal digits, behind "0x" or not, an even number of them. nullopt otherwise, or beyond `longest`.
std::optional<Secret> secret_in(std::string_view text, std::size_t longest);
// Key and salt in one, as RFC 4106 keys are given: 20 or 36 bytes. nullopt for anything else.
std::optional<driver::AesGcmKey> key_in(std::string_view text);

// Takes the next word, and the blanks in front of it, from the front of `line`; empty at its end.
std::string_view take_word(std::string_view& line);
// Takes the next line, without its end.
std::string_view take_line(std::string_view& text);
std::string_view without_blanks(std::string_view text);

}  // namespace espgate::host::replay
