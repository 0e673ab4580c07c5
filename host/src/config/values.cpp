#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace espgate::host::config {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The decoders write into one buffer of the right size, so that no copy of the secret stays behind.
Expected<Secret> decode_hex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) {
    return fail("after 0x an even number of hex digits must stand");
  }
  Secret out(digits.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(digits[2 * i]);
    const int low = hex_digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) {
      return fail("after 0x only hex digits may stand");
    }
    out.span()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

// RFC 4648 section 4; padding may be left out, as strongSwan allows.
Expected<Secret> decode_base64(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.empty() || text.size() % 4 == 1 || (padding != 0 && (text.size() + padding) % 4 != 0)) {
    return fail("what stands after 0s is not base64: its length is wrong");
  }
  Secret out(text.size() * 6 / 8);
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) {
      return fail("what stands after 0s is not base64: a character is wrong");
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.span()[at++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return out;
}

}  // namespace

Expected<bool> parse_bool(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (constexpr std::array yes = {"yes", "true", "1", "enabled"};
      std::ranges::find(yes, lower) != yes.end()) {
    return true;
  }
  if (constexpr std::array no = {"no", "false", "0", "disabled"}; std::ranges::find(no, lower) != no.end()) {
    return false;
  }
  return fail(fmt::format("'{}' is neither yes nor no", text));
}

Expected<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range || (error == std::errc() && value > max)) {
    return fail(fmt::format("'{}' is more than {}", text, max));
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(fmt::format("'{}' is not a number", text));
  }
  return value;
}

Expected<std::chrono::seconds> parse_time(std::string_view text) {
  struct Unit {
    char letter;
    std::uint64_t seconds;
  };
  constexpr std::array units{Unit{'s', 1}, Unit{'m', 60}, Unit{'h', 3600}, Unit{'d', 86400}};
  constexpr std::uint64_t ten_years = std::uint64_t{3650} * 86400;
  std::uint64_t factor = 1;
  std::string_view number = text;
  for (const Unit& unit : units) {
    if (text.ends_with(unit.letter)) {
      factor = unit.seconds;
      number.remove_suffix(1);
    }
  }
  const auto value = parse_number(number, ten_years / factor);
  if (!value) {
    return fail(fmt::format("'{}' is no time of up to ten years: a number with s, m, h or d", text));
  }
  return std::chrono::seconds(*value * factor);
}

Expected<std::uint64_t> parse_amount(std::string_view text) {
  unsigned shift = 0;
  std::string_view number = text;
  constexpr std::string_view units = "kmg";
  if (!text.empty()) {
    if (const std::size_t unit = units.find(text.back()); unit != std::string_view::npos) {
      shift = static_cast<unsigned>(10 * (unit + 1));
      number.remove_suffix(1);
    }
  }
  constexpr std::uint64_t most = std::uint64_t{1} << 60U;
  const auto value = parse_number(number, most >> shift);
  if (!value) {
    return fail(fmt::format("'{}' is no amount of up to 2^60: a number, also with k, m or g", text));
  }
  return *value << shift;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = item.find_first_not_of(space);
    if (first == std::string_view::npos) {
      continue;
    }
    items.push_back(item.substr(first, item.find_last_not_of(space) - first + 1));
  }
  return items;
}

Expected<Secret> parse_secret(std::string_view text) {
  if (text.starts_with("0x")) {
    return decode_hex(text.substr(2));
  }
  if (text.starts_with("0s")) {
    return decode_base64(text.substr(2));
  }
  if (text.empty()) {
    return fail("the secret is empty");
  }
  return Secret(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace espgate::host::config
