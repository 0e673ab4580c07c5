#include "config/conf_tree.h"

#include <fmt/format.h>

namespace espgate::host::config {

std::string Location::to_string() const {
  return fmt::format("{}:{}", file ? file->path : "?", line);
}

std::string_view Setting::text() const {
  const ByteView bytes = value.view();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const Setting* Section::find(const std::string& key) const {
  const auto found = m_setting_index.find(key);
  return found == m_setting_index.end() ? nullptr : &m_settings[found->second];
}

const Section* Section::find_section(const std::string& name) const {
  const auto found = m_section_index.find(name);
  return found == m_section_index.end() ? nullptr : &m_sections[found->second];
}

void Section::set(Setting setting) {
  const auto [place, added] = m_setting_index.try_emplace(setting.key, m_settings.size());
  if (added) {
    m_settings.push_back(std::move(setting));
  } else {
    m_settings[place->second] = std::move(setting);
  }
}

Section& Section::open(const std::string& name, const Location& where) {
  const auto [place, added] = m_section_index.try_emplace(name, m_sections.size());
  if (added) {
    m_sections.emplace_back(name, where);
  }
  return m_sections[place->second];
}

}  // namespace espgate::host::config
