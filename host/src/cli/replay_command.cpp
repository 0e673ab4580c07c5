#include "cli/replay_command.h"

#include <memory>

#include "replay/replay.h"

namespace espgate::host::cli {
namespace {

constexpr const char* software = "software";
constexpr const char* simulated = "simulated";
constexpr const char* xrt = "xrt";

Expected<std::unique_ptr<driver::Engine>> make_engine(const ReplayOptions& options) {
  if (options.engine == simulated) {
    return driver::make_simulated_engine({.trace_path = options.trace});
  }
  if (!options.trace.empty()) {
    return fail("--trace needs --engine simulated: the other engines have no signals to show");
  }
  if (options.engine == xrt) {
    return driver::make_xrt_engine({.device = options.device, .xclbin = options.xclbin});
  }
  return driver::make_software_engine();
}

}  // namespace

std::vector<std::string> replay_engines() {
  return {software, simulated, xrt};
}

Expected<std::string> replay(const ReplayOptions& options, bool json) {
  const auto engine = make_engine(options);
  if (!engine) {
    return std::unexpected(engine.error());
  }
  const auto report = replay::run(
      **engine, {.direction = options.direction == "outbound" ? driver::Direction::outbound
                                                              : driver::Direction::inbound,
                 .sa_file = options.sas,
                 .sa_defaults = {.esn = options.esn,
                                 .mode = options.transport ? driver::Mode::transport : driver::Mode::tunnel},
                 .input = options.in,
                 .output = options.out});
  if (!report) {
    return fail("replay failed: " + report.error().message);
  }
  return json ? to_json(*report) : to_text(*report);
}

}  // namespace espgate::host::cli
