// Two engines are given the same SAs, the same packets and the same changes while packets are on their way;
// every answer of the one is compared with the other's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "driver/engine.h"
#include "support/coverage.h"
#include "support/traffic.h"

namespace espgate::driver::test {

// The RTL is compared on seeds 1 to this one; with the options below that is more than 100,000 packets.
inline constexpr std::uint64_t differential_seeds = 18;

struct DifferentialOptions {
  std::uint64_t seed = 1;
  std::size_t batches = 12;
  std::size_t packets_per_batch = 250;  // in each direction
  std::size_t sas = 24;                 // in each direction
  // Called before each batch with its number.
  std::function<void(std::size_t)> before_batch = {};
  // Called at the end, while the SAs are still there.
  std::function<void(Traffic&)> at_end = {};
  // The command that runs this seed again, printed with a mismatch.
  std::string reproduce = {};
};

// The options of a seed: every sixth has many SAs.
inline DifferentialOptions options_of(std::uint64_t seed) {
  DifferentialOptions options;
  options.seed = seed;
  options.sas = seed % 6 == 0 ? 120 : 24;
  return options;
}

struct DifferentialResult {
  std::size_t packets = 0;  // compared
  Coverage coverage;        // of the reference's answers
};

// Stops at the first batch with a mismatch, which fails the test.
DifferentialResult compare(Engine& reference, Engine& subject, const DifferentialOptions& options);

}  // namespace espgate::driver::test
