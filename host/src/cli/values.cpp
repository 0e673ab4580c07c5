#include "cli/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdint>

namespace espgate::host::cli {

const vici::Message& section_of(const vici::Message& message, std::string_view name) {
  static const vici::Message none;
  const vici::Message* found = message.find_section(name);
  return found == nullptr ? none : *found;
}

Json number(const vici::Message& message, std::string_view key) {
  const std::string* value = message.find(key);
  if (value == nullptr) {
    return nullptr;
  }
  std::uint64_t parsed = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), parsed);
  if (error != std::errc() || end != value->data() + value->size()) {
    return *value;
  }
  return parsed;
}

Json text(const vici::Message& message, std::string_view key) {
  const std::string* value = message.find(key);
  return value == nullptr ? Json(nullptr) : Json(*value);
}

bool flag(const vici::Message& message, std::string_view key) {
  return message.value(key) == "yes";
}

Json list(const vici::Message& message, std::string_view key) {
  const auto* items = message.find_list(key);
  return items == nullptr ? Json::array() : Json(*items);
}

Json counters(const vici::Message& section) {
  Json all = Json::object();
  for (const vici::Element& element : section.elements()) {
    all[element.name] = number(section, element.name);
  }
  return all;
}

std::string joined(const vici::Message& message, std::string_view key) {
  const auto* items = message.find_list(key);
  return items == nullptr ? std::string() : fmt::format("{}", fmt::join(*items, " "));
}

}  // namespace espgate::host::cli
