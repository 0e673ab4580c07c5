// Reads the syntax of swanctl.conf: sections in braces, key = value, quoted values, # comments and include.
// Total: any bytes give a tree or errors, in bounded time and memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/conf_tree.h"

namespace espgate::host::config {

struct ReaderLimits {
  std::size_t max_total_bytes = std::size_t{64} << 20;  // of all files together
  std::size_t max_files = 4096;
  unsigned max_include_depth = 10;
  unsigned max_section_depth = 16;
  std::size_t max_name_bytes = 255;  // longer names do not fit vici
  std::size_t max_value_bytes = 65535;
  std::size_t max_errors = 100;
  bool follow_includes = true;
};

struct Conf {
  Section root;
  // "file:line: what is wrong", in the order found; the tree is usable only when there are none.
  std::vector<std::string> errors;
};

// The file and all that it includes. An include is relative to the file that it stands in and may hold the
// wildcards of glob(7); without wildcards the file must exist.
Conf read_conf_file(const std::string& path, const ReaderLimits& limits = {});
// Text that is in memory; `name` stands for the file in errors.
Conf read_conf_text(std::string_view text, const std::string& name, const ReaderLimits& limits = {});

}  // namespace espgate::host::config
