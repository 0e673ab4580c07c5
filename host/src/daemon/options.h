// The command line of `espgated`.
#pragma once

#include <expected>
#include <iosfwd>
#include <string>
#include <vector>

namespace espgate::host::daemon {

enum class EngineKind : std::uint8_t { software, simulated, xrt };

struct Options {
  std::string config = "/etc/espgate/swanctl.conf";
  std::string socket;
  EngineKind engine = EngineKind::software;
  std::string trace;         // empty: none
  std::string device = "0";  // of engine xrt, as is the xclbin
  std::string xclbin;
  std::string key_log;  // empty: none
  std::string tun = "espgate0";
  std::string log_level = "info";
  bool check = false;
  bool release = false;
};

// An exit code instead of options: 0 after --help or --version, 2 for wrong usage. `arguments` without the
// program's name.
std::expected<Options, int> parse_options(std::vector<std::string> arguments, std::ostream& out,
                                          std::ostream& err);

}  // namespace espgate::host::daemon
