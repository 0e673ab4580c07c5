// The RTL, under Verilator, against the software engine: the same verdicts, bytes, counters and events for
// random packets. A seed that fails is run again alone by: ESPGATE_SEED=<seed> driver_rtl_tests
// --gtest_filter='*Differential*'
#include "support/differential.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "simulated_engine.h"

namespace espgate::driver::test {
namespace {

std::vector<std::uint64_t> seeds() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  if (const char* one = std::getenv("ESPGATE_SEED")) {
    return {std::strtoull(one, nullptr, 0)};
  }
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= differential_seeds; ++seed) {
    all.push_back(seed);
  }
  return all;
}

class Differential : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Differential, RtlAnswersAsTheSoftwareEngine) {
  auto rtl = SimulatedEngine::create({});
  ASSERT_TRUE(rtl) << rtl.error().message;
  const Capabilities& capabilities = (*rtl)->capabilities();
  auto software = make_software_engine(
      {.outbound_sas = capabilities.outbound_sas, .inbound_sas = capabilities.inbound_sas});
  ASSERT_TRUE(software) << software.error().message;

  DifferentialOptions options = options_of(GetParam());
  options.reproduce = "ESPGATE_SEED=" + std::to_string(GetParam()) +
                      " build/release/bin/driver_rtl_tests --gtest_filter='*Differential*'";
  // Full speed in every other batch; else bubbles at the inputs, stalls at the outputs, or both. A stream of
  // its own, so that the packets stay those of traffic_test.cpp.
  Random hesitation(GetParam());
  options.before_batch = [&](std::size_t batch) {
    sim::Hesitation next{.seed = hesitation.u32() | 1};
    if (batch % 2 == 1) {
      next.input_bubble =
          hesitation.one_in(3) ? std::uint8_t{0} : static_cast<std::uint8_t>(hesitation.below(200));
      next.output_stall =
          hesitation.one_in(3) ? std::uint8_t{0} : static_cast<std::uint8_t>(hesitation.below(200));
    }
    (*rtl)->hesitate(next);
  };
  const DifferentialResult result = compare(**software, **rtl, options);
  EXPECT_EQ(result.packets, options.batches * options.packets_per_batch * 2);
  RecordProperty("packets", std::to_string(result.packets));
  const auto counters = (*rtl)->counters();
  ASSERT_TRUE(counters);
  RecordProperty("cycles", std::to_string(counters->cycles));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Differential, ::testing::ValuesIn(seeds()),
                         [](const auto& parameter) { return "seed" + std::to_string(parameter.param); });

}  // namespace
}  // namespace espgate::driver::test
