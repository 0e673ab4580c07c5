// What a configuration file says, before anybody asks what it means: sections, keys and values in the order
// of the file, each with the place where it stands. Every value is held as a Secret, since some are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"

namespace espgate::host::config {

struct SourceFile {
  std::string path;
  unsigned mode = 0;  // permission bits, as of the moment when it was read
};

struct Location {
  std::shared_ptr<const SourceFile> file;
  unsigned line = 0;

  // "path:line"
  std::string to_string() const;
};

struct Setting {
  std::string key;
  Secret value;
  Location where;

  // Valid as long as the setting.
  std::string_view text() const;
};

class Section {
 public:
  Section() = default;
  Section(std::string name, Location where) : m_name(std::move(name)), m_where(std::move(where)) {}

  const std::string& name() const { return m_name; }
  const Location& where() const { return m_where; }
  const std::vector<Setting>& settings() const { return m_settings; }
  const std::vector<Section>& sections() const { return m_sections; }
  bool empty() const { return m_settings.empty() && m_sections.empty(); }

  // nullptr when there is none.
  const Setting* find(const std::string& key) const;
  const Section* find_section(const std::string& name) const;

  // A key set again takes the later value, a section opened again is continued, as in strongSwan. References
  // that open() gave become invalid with the next open() on the same section.
  void set(Setting setting);
  Section& open(const std::string& name, const Location& where);

 private:
  std::string m_name;
  Location m_where;
  std::vector<Setting> m_settings;
  std::vector<Section> m_sections;
  std::unordered_map<std::string, std::size_t> m_setting_index;
  std::unordered_map<std::string, std::size_t> m_section_index;
};

}  // namespace espgate::host::config
