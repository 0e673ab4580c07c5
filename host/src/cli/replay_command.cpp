#include "cli/replay_command.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <system_error>

#include "replay/replay.h"

namespace espgate::host::cli {
namespace {

constexpr const char* software = "software";
constexpr const char* simulated = "simulated";
constexpr const char* xrt = "xrt";

// Where a file is, or would be: also behind a symbolic link that leads to nothing yet.
std::filesystem::path place_of(const std::string& name) {
  constexpr int most_links = 40;  // as many as Linux follows
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(name, error);
  for (int links = 0; links <= most_links && !error; ++links) {
    place = std::filesystem::weakly_canonical(place, error);
    std::error_code none;
    const std::filesystem::path target = std::filesystem::read_symlink(place, none);
    if (none) {
      break;
    }
    place = place.parent_path() / target;
  }
  return place;
}

bool same_file(const std::string& one, const std::string& other) {
  std::error_code missing;
  return std::filesystem::equivalent(one, other, missing) || place_of(one) == place_of(other);
}

// Nothing that is read may be written over, least of all the keys, and no file may be written twice.
Expected<> check_files(const ReplayOptions& options) {
  struct File {
    const char* option;
    const std::string& name;
  };
  const std::array<File, 5> files = {{{"--sas", options.sas},
                                      {"--in", options.in},
                                      {"--xclbin", options.xclbin},
                                      {"--out", options.out},
                                      {"--trace", options.trace}}};
  constexpr std::size_t first_written = 3;
  for (std::size_t written = first_written; written < files.size(); ++written) {
    for (std::size_t other = 0; other < written; ++other) {
      const File& to = files.at(written);
      const File& from = files.at(other);
      if (!to.name.empty() && !from.name.empty() && same_file(to.name, from.name)) {
        return fail(
            fmt::format("{} {} and {} {} are the same file, which {} would write over; name another one",
                        from.option, from.name, to.option, to.name, to.option));
      }
    }
  }
  return {};
}

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
  if (auto files = check_files(options); !files) {
    return std::unexpected(files.error());
  }
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
