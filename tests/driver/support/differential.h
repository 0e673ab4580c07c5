// Two engines are given the same SAs and the same packets; every answer of the one is compared with the
// other's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "driver/engine.h"
#include "support/traffic.h"

namespace espgate::driver::test {

// The RTL is compared on seeds 1 to this one; with the options below that is more than 20,000 packets.
inline constexpr std::uint64_t differential_seeds = 8;

struct DifferentialOptions {
  std::uint64_t seed = 1;
  std::size_t batches = 12;
  std::size_t packets_per_batch = 250;  // in each direction
  std::size_t sas = 24;                 // in each direction
  // Called before each batch with its number.
  std::function<void(std::size_t)> before_batch = {};
  // The command that runs this seed again, printed with a mismatch.
  std::string reproduce = {};
};

struct DifferentialResult {
  std::size_t packets = 0;  // compared
  std::size_t events = 0;
  // By direction: how often each verdict was seen, and which lengths modulo 64 the delivered inner packets
  // had.
  std::array<std::array<std::size_t, verdict_count>, 2> verdicts{};
  std::array<std::set<std::size_t>, 2> remainders;
};

// Stops at the first batch with a mismatch, which fails the test.
// The options of a seed: every fourth has many SAs.
inline DifferentialOptions options_of(std::uint64_t seed) {
  DifferentialOptions options;
  options.seed = seed;
  options.sas = seed % 4 == 0 ? 120 : 24;
  return options;
}

DifferentialResult compare(Engine& reference, Engine& subject, const DifferentialOptions& options);

}  // namespace espgate::driver::test
