#include "daemon/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "daemon/version.h"
#include "vici/socket_path.h"

namespace espgate::host::daemon {
namespace {

constexpr int exit_usage = 2;
constexpr std::size_t longest_device_name = 15;  // IFNAMSIZ without its NUL

std::string check_device_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= longest_device_name && name != "." && name != ".." &&
                    name.find_first_of("/ \t\n%") == std::string::npos;
  return good ? "" : "'" + name + "' is no name for a network device (1 to 15 bytes, no '/', '%' or space)";
}

void add_options(CLI::App& app, Options& options, std::string& engine) {
  app.set_version_flag("--version", "espgated " + std::string(daemon_version));
  app.add_option("--config", options.config, "configuration file, in the syntax of swanctl.conf")
      ->capture_default_str();
  app.add_option("--socket", options.socket, "control socket")->capture_default_str();
  app.add_option("--engine", engine,
                 "ESP engine: software, simulated (the RTL under Verilator), or xrt (a card)")
      ->capture_default_str()
      ->check(CLI::IsMember({"software", "simulated", "xrt"}));
  app.add_option("--device", options.device,
                 "with --engine xrt: XRT's index of the card, or its PCIe address")
      ->capture_default_str();
  app.add_option("--xclbin", options.xclbin, "with --engine xrt: the card's image");
  app.add_option("--trace", options.trace, "write an FST waveform of the simulated engine");
  app.add_option("--tun", options.tun, "name of the TUN device")
      ->capture_default_str()
      ->check(check_device_name);
  app.add_option("--log-level", options.log_level, "lowest level that is logged")
      ->capture_default_str()
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  app.add_flag("--check", options.check, "check the configuration and end");
  app.add_flag(
      "--release", options.release,
      "remove the IPsec policies that a daemon of this host left, so that protected traffic may pass "
      "in the clear, and end");
  app.add_option("--key-log", options.key_log,
                 "TEST ONLY: write the keys of all ESP SAs to this file, which must not be there");
}

}  // namespace

std::expected<Options, int> parse_options(std::vector<std::string> arguments, std::ostream& out,
                                          std::ostream& err) {
  Options options;
  options.socket = vici::default_socket_path;
  CLI::App app("IPsec gateway: IKEv2, RFC 4301 databases and an ESP engine.", "espgated");
  std::string engine = "software";
  add_options(app, options, engine);
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& wrong) {
    return std::unexpected(app.exit(wrong, out, err) == 0 ? 0 : exit_usage);
  }
  options.engine = engine == "simulated" ? EngineKind::simulated
                   : engine == "xrt"     ? EngineKind::xrt
                                         : EngineKind::software;
  if (!options.trace.empty() && options.engine != EngineKind::simulated) {
    err << "--trace needs --engine simulated: only the RTL has a waveform\n";
    return std::unexpected(exit_usage);
  }
  if (options.xclbin.empty() && options.engine == EngineKind::xrt) {
    err << "--engine xrt needs --xclbin: the image that the card is loaded with (hw/xrt builds it)\n";
    return std::unexpected(exit_usage);
  }
  if (options.engine != EngineKind::xrt && (!options.xclbin.empty() || app.count("--device") > 0)) {
    err << "--device and --xclbin need --engine xrt: no other engine is a card\n";
    return std::unexpected(exit_usage);
  }
  return options;
}

}  // namespace espgate::host::daemon
