// The RTL, under Verilator, against the software engine: the same verdicts, bytes, counters and events for
// random packets. The packets of seeds 1 to differential_seeds are those whose coverage traffic_test.cpp
// asserts. In the environment:
//   ESPGATE_SEED=7          this seed alone
//   ESPGATE_SEEDS=1-400     these instead (6,000 packets each): the long mode
//   ESPGATE_TRACE=FILE      a waveform of it (FST)
#include "support/differential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

#include "card/card_engine.h"
#include "card/simulated_card.h"

namespace espgate::driver::test {
namespace {

// After a reset in mid-traffic, the engine is compared again, on other packets.
constexpr std::uint64_t seed_after_reset = 1'000'000;
constexpr std::size_t batches_after_reset = 2;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

std::vector<std::uint64_t> seeds() {
  std::uint64_t first = 1;
  std::uint64_t last = differential_seeds;
  if (const std::string one = environment("ESPGATE_SEED"); !one.empty()) {
    first = last = std::stoull(one);
  } else if (const std::string range = environment("ESPGATE_SEEDS"); !range.empty()) {
    first = std::stoull(range);
    last = std::stoull(range.substr(range.find('-') + 1));
  }
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    all.push_back(seed);
  }
  return all;
}

std::string command_for(std::uint64_t seed) {
  return "ESPGATE_SEED=" + std::to_string(seed) +
         " ESPGATE_TRACE=seed.fst build/release/bin/driver_rtl_tests --gtest_filter='*Differential*'";
}

std::unique_ptr<Engine> software_like(const Engine& engine) {
  const Capabilities& capabilities = engine.capabilities();
  auto made = make_software_engine({.outbound_sas = capabilities.outbound_sas,
                                    .inbound_sas = capabilities.inbound_sas,
                                    .spd_cache_entries = capabilities.spd_cache_entries});
  EXPECT_TRUE(made);
  return std::move(*made);
}

// Packets of both directions on their way, for a reset to meet.
class InFlight {
 public:
  void start(Engine& engine, Traffic& traffic) {
    m_packets = {traffic.outbound_batch(100), traffic.inbound_batch(100).packets};
    for (std::size_t side = 0; side < 2; ++side) {
      for (const Packet& packet : m_packets.at(side)) {
        Bytes& output =
            m_outputs.emplace_back(std::max(packet.bytes.size(), packet.tfc_bytes) + max_expansion);
        const PacketRequest request{.cookie = 0,
                                    .sa = {packet.sa},
                                    .kind = packet.kind,
                                    .spd = packet.spd,
                                    .input = packet.bytes,
                                    .output = output};
        EXPECT_EQ(engine.submit(static_cast<Direction>(side), std::span(&request, 1)), 1U);
      }
    }
    // A few are through, some are within, the others wait.
    std::array<Completion, 8> some{};
    EXPECT_GT(engine.poll(Direction::outbound, some), 0U);
    EXPECT_GT(engine.in_flight(Direction::outbound), 0U);
    EXPECT_GT(engine.in_flight(Direction::inbound), 0U);
  }

 private:
  std::array<std::vector<Packet>, 2> m_packets;
  std::deque<Bytes> m_outputs;  // they do not move
};

class Differential : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Differential, RtlAnswersAsTheSoftwareEngine) {
  auto made = card::SimulatedCard::create(environment("ESPGATE_TRACE"));
  ASSERT_TRUE(made) << made.error().message;
  sim::Memory& memory = (*made)->memory();
  auto rtl = card::CardEngine::create(std::move(*made), {.name = "simulated"});
  ASSERT_TRUE(rtl) << rtl.error().message;
  DifferentialOptions options = options_of(GetParam());
  options.reproduce = command_for(GetParam());
  // A quick memory in every other batch; else one that is slow, stalls, answers out of order, or all of it. A
  // stream of its own, so that the packets stay those of traffic_test.cpp.
  Random hesitation(GetParam());
  options.before_batch = [&](std::size_t batch) {
    memory.timing = {.seed = hesitation.u32() | 1, .latency = 8};
    if (batch % 2 == 1) {
      memory.timing.latency = 1 + static_cast<std::uint32_t>(hesitation.below(400));
      memory.timing.jitter = static_cast<std::uint32_t>(hesitation.below(200));
      memory.timing.outstanding = 1 + static_cast<std::uint32_t>(hesitation.below(100));
      memory.timing.stall =
          hesitation.one_in(3) ? std::uint8_t{0} : static_cast<std::uint8_t>(hesitation.below(120));
      memory.timing.reorder = hesitation.one_in(2);
    }
  };
  InFlight in_flight;
  options.at_end = [&](Traffic& traffic) { in_flight.start(**rtl, traffic); };
  const auto reference = software_like(**rtl);
  const DifferentialResult result = compare(*reference, **rtl, options);
  RecordProperty("packets", std::to_string(result.packets));
  const auto counters = (*rtl)->counters();
  ASSERT_TRUE(counters);
  RecordProperty("cycles", std::to_string(counters->cycles));
  if (HasFailure()) {
    return;
  }

  auto reset = card::CardEngine::reset(std::move(*rtl));
  ASSERT_TRUE(reset) << reset.error().message;
  rtl = card::CardEngine::create(std::move(*reset), {.name = "simulated"});
  ASSERT_TRUE(rtl) << rtl.error().message;
  EXPECT_EQ((*rtl)->counters()->outbound, DirectionCounters{}) << "a reset forgets everything";
  options.seed += seed_after_reset;
  options.batches = batches_after_reset;
  options.at_end = {};
  const auto anew = software_like(**rtl);
  compare(*anew, **rtl, options);
  for (const std::string& violation : memory.violations) {
    ADD_FAILURE() << violation;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Differential, ::testing::ValuesIn(seeds()),
                         [](const auto& parameter) { return "seed" + std::to_string(parameter.param); });

}  // namespace
}  // namespace espgate::driver::test
