// Reads the settings of one section into typed values, with every error at its place.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/conf_tree.h"
#include "config/schema.h"
#include "config/values.h"

namespace espgate::host::config {

class SettingReader {
 public:
  SettingReader(const Section& section, const std::string& path, Diagnostics& errors)
      : m_section(section), m_path(path), m_errors(errors) {}

  const Setting* find(const std::string& key) const { return m_section.find(key); }
  void error(const Setting& setting, std::string_view message) {
    m_errors.add(setting.where, m_path + "." + setting.key, message);
  }
  void error(std::string_view key, std::string_view message) {
    m_errors.add(m_section.where(), m_path + "." + std::string(key), message);
  }

  void notice(const Setting& setting, std::string_view message) {
    m_errors.note(setting.where, m_path + "." + setting.key, message);
  }

  // What `parse` makes of the value; nullopt when the key is not there or its value is wrong.
  template <typename Parse>
  auto value(const std::string& key, Parse parse)
      -> std::optional<typename std::invoke_result_t<Parse, std::string_view>::value_type> {
    const Setting* setting = find(key);
    if (setting == nullptr) {
      return std::nullopt;
    }
    auto result = parse(setting->text());
    if (!result) {
      error(*setting, result.error().message);
      return std::nullopt;
    }
    return std::move(*result);
  }

  // The same for each item of a comma-separated list.
  template <typename Parse>
  auto list(const std::string& key, Parse parse)
      -> std::vector<typename std::invoke_result_t<Parse, std::string_view>::value_type> {
    std::vector<typename std::invoke_result_t<Parse, std::string_view>::value_type> all;
    const Setting* setting = find(key);
    if (setting == nullptr) {
      return all;
    }
    const std::vector<std::string_view> items = split_list(setting->text());
    if (items.empty()) {
      error(*setting, "the list is empty");
    }
    for (const std::string_view item : items) {
      auto result = parse(item);
      if (result) {
        all.push_back(std::move(*result));
      } else {
        error(*setting, result.error().message);
      }
    }
    return all;
  }

 private:
  const Section& m_section;
  const std::string& m_path;
  Diagnostics& m_errors;
};

}  // namespace espgate::host::config
