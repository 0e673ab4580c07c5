// The names that may stand in each kind of section: what is supported, and what strongSwan has and this
// version does not.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/conf_tree.h"

namespace espgate::host::config {

struct KnownName {
  std::string_view name;
  // Empty when the name is supported. Else what it stands for and why it is refused.
  std::string_view refused = {};
};

// Collects what is wrong with a configuration.
class Diagnostics {
 public:
  void add(const Location& where, std::string_view path, std::string_view message);
  // What is wrong beside the configuration file; the message says where.
  void add(std::string message) { m_errors.push_back(std::move(message)); }
  // Something that has no effect, and that does not stand in the way.
  void note(const Location& where, std::string_view path, std::string_view message);
  std::vector<std::string> take() { return std::move(m_errors); }
  std::vector<std::string> take_notices() { return std::move(m_notices); }
  bool empty() const { return m_errors.empty(); }

 private:
  std::vector<std::string> m_errors;
  std::vector<std::string> m_notices;
};

namespace schema {
std::span<const KnownName> top_sections();
std::span<const KnownName> connection_keys();
std::span<const KnownName> connection_sections();
std::span<const KnownName> local_keys();
std::span<const KnownName> remote_keys();
std::span<const KnownName> child_keys();
std::span<const KnownName> authority_keys();
std::span<const KnownName> no_names();
}  // namespace schema

// Reports each key that is not in the list, and each that is refused.
void check_keys(const Section& section, const std::string& path, std::span<const KnownName> known,
                Diagnostics& errors);
// The same for sections; an empty section of a refused name says nothing and passes.
void check_sections(const Section& section, const std::string& path, std::span<const KnownName> known,
                    Diagnostics& errors);

}  // namespace espgate::host::config
