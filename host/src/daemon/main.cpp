#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <exception>
#include <iostream>

#include "daemon/gateway.h"
#include "daemon/options.h"

namespace {

using namespace espgate::host;

constexpr int exit_failed = 1;

int report(const config::ConfigErrors& errors) {
  for (const std::string& error : errors) {
    std::cerr << "espgated: " << error << "\n";
  }
  return exit_failed;
}

int release() {
  const auto released = espgate::offload::KernelPath::release();
  if (!released) {
    return report({released.error().message});
  }
  std::cout << "espgated: " << released->policies << " policies and " << released->states
            << " SAs of an earlier run are removed\n";
  return 0;
}

int serve(const daemon::Options& options) {
  if (options.check) {
    if (const config::ConfigErrors errors = daemon::check_only(options); !errors.empty()) {
      return report(errors);
    }
    std::cout << "espgated: '" << options.config << "' is good\n";
    return 0;
  }
  if (options.release) {
    return release();
  }
  auto logger =
      std::make_shared<spdlog::logger>("espgated", std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_level(spdlog::level::from_str(options.log_level));
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
  spdlog::set_default_logger(std::move(logger));

  asio::io_context io(1);
  auto gateway = daemon::Gateway::open(io, options);
  if (!gateway) {
    return report(gateway.error());
  }
  (*gateway)->run();
  gateway->reset();
  spdlog::info("espgated has ended");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options =
        daemon::parse_options(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
    return options ? serve(*options) : options.error();
  } catch (const std::exception& error) {
    // Out of memory, or a mistake of ours; nothing that a user or a peer does comes here.
    std::cerr << "espgated: " << error.what() << "\n";
    return exit_failed;
  }
}
