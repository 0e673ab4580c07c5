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
TEST(Traffic, CoversEverythingOnTheList) {
  Coverage coverage;
  std::size_t packets = 0;
  for (std::uint64_t seed = 1; seed <= differential_seeds; ++seed) {
    const auto first = software();
    const auto second = software();
    const auto result = compare(*first, *second, options_of(seed));
    packets += result.packets;
    coverage.add(result.coverage);
  }
  EXPECT_GE(packets, 100'000U);
  EXPECT_EQ(coverage.missing(), std::vector<std::string>{})
      << coverage.missing().size() << " of " << coverage.points() << " coverage points were never hit";
  for (const std::string& name : Coverage::all()) {
    RecordProperty(name, std::to_string(coverage.count(name)));
  }
  // Most of the traffic is carried.
  EXPECT_GE(coverage.count("out verdict ok") + coverage.count("in verdict ok"), packets / 3);
}

// The software engine, but for one answer.
class Liar final : public Engine {
 public:
  enum class Lie : std::uint8_t { none, verdict, byte, next_hop, counter, event };

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
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) override {
    return m_engine->cache_policy(direction, flow, policy, sa);
  }
  Expected<> forget_policy(Direction direction, const Flow& flow) override {
    return m_engine->forget_policy(direction, flow);
  }
  Expected<> self_test(SelfTest how) override { return m_engine->self_test(how); }
  Expected<ByteSpan> packet_memory(std::size_t bytes) override { return m_engine->packet_memory(bytes); }
  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override {
    for (const PacketRequest& request : requests) {
      m_outputs[{direction, request.cookie}] = request.output;
    }
    return m_engine->submit(direction, requests);
  }
  std::size_t poll(Direction direction, std::span<Completion> completions) override {
    const std::size_t count = m_engine->poll(direction, completions);
    for (Completion& completion : completions.first(count)) {
      if (completion.verdict == Verdict::ok && ++m_delivered == 100) {
        if (m_lie == Lie::verdict) {
          completion.verdict = Verdict::icv_failed;
          completion.length = 0;
        } else if (m_lie == Lie::next_hop) {
          completion.next_hop[5] ^= 1;
        } else if (m_lie == Lie::byte) {
          m_outputs.at({direction, completion.cookie})[completion.length - 1] ^= 1;
        }
      }
    }
    return count;
  }
  std::size_t poll_events(std::span<Event> events) override {
    const std::size_t count = m_engine->poll_events(events);
    if (m_lie == Lie::event && count > 0) {
      events[0].kind = Event::Kind::sequence_exhausted;
    }
    return count;
  }
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
TEST(Traffic, TheComparisonSeesWhateverIsWrong) {
  for (const auto lie : {Liar::Lie::none, Liar::Lie::verdict, Liar::Lie::byte, Liar::Lie::next_hop,
                         Liar::Lie::counter, Liar::Lie::event}) {
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
