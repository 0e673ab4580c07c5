#include "replay/sa_text.h"

namespace espgate::host::replay {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<std::uint8_t>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<std::uint8_t>(lower - 'a' + 10);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t largest) {
  constexpr int decimal = 10;
  constexpr int hexadecimal = 16;
  int base = decimal;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = hexadecimal;
  }
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` says where it ends
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stopped != end || value > largest) {
    return std::nullopt;
  }
  return value;
}

std::optional<Secret> secret_in(std::string_view text, std::size_t longest) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
  }
  if (text.size() % 2 != 0 || text.size() / 2 > longest) {
    return std::nullopt;
  }
  Secret secret(text.size() / 2);
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const auto high = digit(text[2 * i]);
    const auto low = digit(text[2 * i + 1]);
    if (!high || !low) {
      return std::nullopt;
    }
    secret.span()[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return secret;
}

std::optional<driver::AesGcmKey> key_in(std::string_view text) {
  constexpr std::size_t aes_128 = 16;
  constexpr std::size_t aes_256 = 32;
  const auto both = secret_in(text, aes_256 + salt_bytes);
  if (!both || (both->size() != aes_128 + salt_bytes && both->size() != aes_256 + salt_bytes)) {
    return std::nullopt;
  }
  const std::size_t key_bytes = both->size() - salt_bytes;
  return driver::AesGcmKey{.key = InlineSecret<aes_256>(both->view().first(key_bytes)),
                           .salt = InlineSecret<salt_bytes>(both->view().subspan(key_bytes))};
}

std::string_view take_word(std::string_view& line) {
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(first);
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace espgate::host::replay
