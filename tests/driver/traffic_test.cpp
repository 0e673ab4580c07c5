// The traffic of the differential test, on the software engine alone: deterministic, and rich enough to be
// worth it.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/differential.h"

namespace espgate::driver::test {
namespace {

std::unique_ptr<Engine> software() {
  auto engine = make_software_engine({.outbound_sas = 256, .inbound_sas = 256});
  EXPECT_TRUE(engine);
  return std::move(*engine);
}

// The seeds are those of differential_test.cpp, so what holds here holds for the packets that the RTL is
// given.
TEST(Traffic, ReachesEveryVerdictAndEveryLength) {
  DifferentialResult total;
  for (std::uint64_t seed = 1; seed <= differential_seeds; ++seed) {
    const auto first = software();
    const auto second = software();
    const auto result = compare(*first, *second, options_of(seed));
    EXPECT_EQ(result.packets, 6000U);
    total.packets += result.packets;
    total.events += result.events;
    for (std::size_t side = 0; side < 2; ++side) {
      for (std::size_t code = 0; code < verdict_count; ++code) {
        total.verdicts.at(side).at(code) += result.verdicts.at(side).at(code);
      }
      total.remainders.at(side).merge(std::set(result.remainders.at(side)));
    }
  }
  EXPECT_GE(total.packets, 20000U);
  EXPECT_GE(total.events, 50U);
  EXPECT_EQ(total.remainders[0].size(), 64U);
  EXPECT_EQ(total.remainders[1].size(), 64U);
  constexpr std::array outbound_only{Verdict::sa_invalid, Verdict::sequence_overflow,
                                     Verdict::lease_exhausted};
  for (std::size_t code = 0; code < verdict_count; ++code) {
    const auto verdict = static_cast<Verdict>(code);
    const bool out = std::ranges::find(outbound_only, verdict) != outbound_only.end();
    const bool both = verdict <= Verdict::header_malformed;
    RecordProperty(std::string(to_string(verdict)), std::to_string(total.verdicts[0].at(code)) + " out, " +
                                                        std::to_string(total.verdicts[1].at(code)) + " in");
    if (out || both) {
      EXPECT_GE(total.verdicts[0].at(code), 5U) << to_string(verdict) << ", outbound";
    } else {
      EXPECT_EQ(total.verdicts[0].at(code), 0U) << to_string(verdict) << ", outbound";
    }
    if (out) {
      EXPECT_EQ(total.verdicts[1].at(code), 0U) << to_string(verdict) << ", inbound";
    } else {
      EXPECT_GE(total.verdicts[1].at(code), 5U) << to_string(verdict) << ", inbound";
    }
  }
  // Most of the traffic is carried.
  EXPECT_GE(total.verdicts[0][0] + total.verdicts[1][0], total.packets / 3);
}

// The software engine, but for one answer.
class Liar final : public Engine {
 public:
  enum class Lie : std::uint8_t { none, verdict, byte, counter };

  explicit Liar(Lie lie) : m_engine(software()), m_lie(lie) {}

  const Capabilities& capabilities() const override { return m_engine->capabilities(); }
  Expected<SaIndex> add_outbound(const OutboundSa& sa) override { return m_engine->add_outbound(sa); }
  Expected<SaIndex> add_inbound(const InboundSa& sa) override { return m_engine->add_inbound(sa); }
  Expected<> remove(Direction direction, SaIndex index) override {
    return m_engine->remove(direction, index);
  }
  Expected<> renew_lease(SaIndex outbound, std::uint64_t limit, std::uint64_t low) override {
    return m_engine->renew_lease(outbound, limit, low);
  }
  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override {
    for (const PacketRequest& request : requests) {
      m_outputs[{direction, request.cookie}] = request.output;
    }
    return m_engine->submit(direction, requests);
  }
  std::size_t poll(Direction direction, std::span<Completion> completions) override {
    const std::size_t count = m_engine->poll(direction, completions);
    for (Completion& completion : completions.first(count)) {
      if (completion.verdict == Verdict::ok && ++m_delivered == 300) {
        if (m_lie == Lie::verdict) {
          completion.verdict = Verdict::icv_failed;
          completion.length = 0;
        } else if (m_lie == Lie::byte) {
          m_outputs.at({direction, completion.cookie})[completion.length - 1] ^= 1;
        }
      }
    }
    return count;
  }
  std::size_t poll_events(std::span<Event> events) override { return m_engine->poll_events(events); }
  std::size_t in_flight(Direction direction) const override { return m_engine->in_flight(direction); }
  Expected<Counters> counters() override {
    auto counters = m_engine->counters();
    counters->inbound.bytes_out += m_lie == Lie::counter ? 1 : 0;
    return counters;
  }
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override {
    return m_engine->outbound_sa_counters(index);
  }
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override {
    return m_engine->inbound_sa_counters(index);
  }
  Expected<> health() override { return m_engine->health(); }

 private:
  std::unique_ptr<Engine> m_engine;
  Lie m_lie;
  std::size_t m_delivered = 0;
  std::map<std::pair<Direction, std::uint64_t>, ByteSpan> m_outputs;
};

// A comparison that cannot fail proves nothing.
TEST(Traffic, TheComparisonSeesOneWrongVerdictByteOrCounter) {
  for (const auto lie : {Liar::Lie::none, Liar::Lie::verdict, Liar::Lie::byte, Liar::Lie::counter}) {
    const auto reference = software();
    Liar liar(lie);
    ::testing::TestPartResultArray failures;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      compare(*reference, liar, {.seed = 1, .batches = 3, .reproduce = "this is expected"});
    }
    EXPECT_EQ(failures.size() > 0, lie != Liar::Lie::none) << static_cast<int>(lie);
  }
}

}  // namespace
}  // namespace espgate::driver::test
