// Thousands of scenarios, each from its seed. ESPGATE_SEED=n runs one and prints what happened in it;
// ESPGATE_SCENARIOS=n runs so many instead.
#include "simulation.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace espgate::ike::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t default_scenarios = 500;
#else
constexpr std::uint64_t default_scenarios = 10000;
#endif

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) {
    return std::nullopt;
  }
  const std::string_view view(text);
  std::uint64_t value = 0;
  std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

void print_ladder(std::uint64_t seed) {
  Simulation again(seed, true);
  again.run();
  for (const std::string& line : again.ladder()) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

TEST(Simulation, PeersAgreeInTheEndWhateverHappens) {
  if (const auto seed = number_from("ESPGATE_SEED")) {
    Simulation one(*seed, false);
    one.run();
    print_ladder(*seed);
    EXPECT_EQ(one.failure(), "");
    return;
  }
  const std::uint64_t scenarios = number_from("ESPGATE_SCENARIOS").value_or(default_scenarios);
  unsigned established = 0;
  unsigned rekeyed = 0;
  unsigned crashes = 0;
  for (std::uint64_t seed = 0; seed < scenarios; ++seed) {
    Simulation simulation(seed, false);
    simulation.run();
    established += simulation.established();
    rekeyed += simulation.rekeyed();
    crashes += simulation.crashes();
    if (!simulation.failure().empty()) {
      print_ladder(seed);
      FAIL() << "seed " << seed << ": " << simulation.failure() << "\nagain: ESPGATE_SEED=" << seed
             << " ike_tests --gtest_filter=Simulation.*";
    }
  }
  // Scenarios in which nothing happens would prove nothing.
  EXPECT_GT(established, scenarios);
  EXPECT_GT(rekeyed, scenarios);
  EXPECT_GT(crashes, scenarios / 10);
}

}  // namespace
}  // namespace espgate::ike::test
