// What the models of a coverage build counted.
#pragma once

#include <verilated.h>
#ifdef ESPGATE_RTL_COVERAGE
#include <unistd.h>
#include <verilated_cov.h>

#include <atomic>
#include <cstdlib>
#include <string>
#endif

namespace espgate::sim {

/// Writes what was counted in a context into a file of its own in the folder that scripts/coverage names,
/// once the models in it are at their end. Does nothing in other builds.
inline void write_coverage([[maybe_unused]] VerilatedContext& context) {
#ifdef ESPGATE_RTL_COVERAGE
  static std::atomic<unsigned> written = 0;
  if (const char* folder = std::getenv("ESPGATE_RTL_COVERAGE_FOLDER")) {
    const std::string name = std::to_string(getpid()) + "-" + std::to_string(written++) + ".dat";
    context.coveragep()->write((std::string(folder) + "/" + name).c_str());
  }
#endif
}

}  // namespace espgate::sim
