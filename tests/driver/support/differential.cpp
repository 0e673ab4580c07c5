#include "support/differential.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"

namespace espgate::driver::test {
namespace {

class Comparison {
 public:
  Comparison(Engine& reference, Engine& subject, const DifferentialOptions& options)
      : m_reference(reference), m_subject(subject), m_options(options), m_traffic(options.seed) {}

  DifferentialResult run() {
    for (std::size_t i = 0; i < m_options.sas; ++i) {
      add(Direction::outbound);
      add(Direction::inbound);
    }
    for (std::size_t batch = 0; batch < m_options.batches && !::testing::Test::HasFailure(); ++batch) {
      SCOPED_TRACE("seed " + std::to_string(m_options.seed) + ", batch " + std::to_string(batch) +
                   "; run again with: " + m_options.reproduce);
      if (m_options.before_batch) {
        m_options.before_batch(batch);
      }
      const auto outbound = m_traffic.outbound_batch(m_options.packets_per_batch);
      const auto inbound = m_traffic.inbound_batch(m_options.packets_per_batch);
      // Both directions at once, so that neither half of an engine finds the other idle.
      const auto expected = run_both(m_reference, outbound, inbound);
      const auto actual = run_both(m_subject, outbound, inbound);
      compare_outcomes(Direction::outbound, outbound, expected[0], actual[0]);
      compare_outcomes(Direction::inbound, inbound, expected[1], actual[1]);
      compare_events();
      compare_counters();
      change_sas();
    }
    return m_result;
  }

 private:
  void compare_outcomes(Direction direction, const std::vector<Packet>& packets,
                        const std::vector<Outcome>& expected, const std::vector<Outcome>& actual) {
    const auto side = static_cast<std::size_t>(direction);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const Outcome& e = expected[i];
      const Outcome& a = actual[i];
      ++m_result.packets;
      ++m_result.verdicts.at(side).at(static_cast<std::size_t>(e.verdict));
      if (e.verdict == Verdict::ok) {
        m_result.remainders.at(side).insert((side == 0 ? packets[i].bytes : e.output).size() % 64);
      }
      if (e.verdict != a.verdict || e.sa != a.sa || e.output != a.output) {
        const auto different =
            std::mismatch(e.output.begin(), e.output.end(), a.output.begin(), a.output.end());
        ADD_FAILURE() << (side == 0 ? "outbound" : "inbound") << " packet " << i
                      << " of the batch: reference " << to_string(e.verdict) << ", SA " << e.sa << ", "
                      << e.output.size() << " bytes; subject " << to_string(a.verdict) << ", SA " << a.sa
                      << ", " << a.output.size() << " bytes; first difference at byte "
                      << different.first - e.output.begin() << "\nrequested SA " << packets[i].sa
                      << ", frame of " << packets[i].bytes.size() << " bytes\n"
                      << to_hex(packets[i].bytes) << "\nreference " << to_hex(e.output) << "\nsubject   "
                      << to_hex(a.output);
        return;
      }
    }
  }

  void compare_events() {
    const auto expected = events(m_reference);
    const auto actual = events(m_subject);
    m_result.events += expected.size();
    ASSERT_EQ(expected.size(), actual.size()) << "events";
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(expected[i].sa, actual[i].sa) << "event " << i;
    }
  }

  void compare_counters() {
    const auto expected = m_reference.counters();
    const auto actual = m_subject.counters();
    ASSERT_TRUE(expected && actual);
    EXPECT_EQ(expected->outbound, actual->outbound) << "global counters, outbound";
    EXPECT_EQ(expected->inbound, actual->inbound) << "global counters, inbound";
    for (const DirectionCounters* counters : {&actual->outbound, &actual->inbound}) {
      std::uint64_t sum = 0;
      for (const std::uint64_t count : counters->verdicts) {
        sum += count;
      }
      EXPECT_EQ(sum, counters->packets_in) << "packets are conserved";
      EXPECT_EQ(counters->packets_out, counters->verdicts[0]);
    }
    for (const std::uint32_t row : m_rows[0]) {
      const auto e = m_reference.outbound_sa_counters({row});
      const auto a = m_subject.outbound_sa_counters({row});
      ASSERT_TRUE(e && a);
      EXPECT_EQ(*e, *a) << "outbound SA " << row;
    }
    for (const std::uint32_t row : m_rows[1]) {
      const auto e = m_reference.inbound_sa_counters({row});
      const auto a = m_subject.inbound_sa_counters({row});
      ASSERT_TRUE(e && a);
      EXPECT_EQ(*e, *a) << "inbound SA " << row;
    }
  }

  // Between two batches, SAs come, go, and get further leases.
  void change_sas() {
    Random& random = m_traffic.random();
    for (std::size_t i = random.below(4); i > 0; --i) {
      const auto direction = static_cast<Direction>(random.below(2));
      auto& rows = m_rows.at(static_cast<std::size_t>(direction));
      const std::uint32_t row = rows[random.below(rows.size())];
      EXPECT_TRUE(m_reference.remove(direction, {row}));
      EXPECT_TRUE(m_subject.remove(direction, {row}));
      std::erase(rows, row);
      m_traffic.removed(direction, row);
      add(direction);
    }
    for (const auto& [row, sa] : m_traffic.outbound()) {
      if (random.one_in(3)) {
        const auto counters = m_reference.outbound_sa_counters({row});
        ASSERT_TRUE(counters);
        const std::uint64_t limit = counters->next_sequence + random.below(200);
        const std::uint64_t low = limit - random.below(100);
        EXPECT_EQ(m_reference.renew_lease({row}, limit, low).has_value(),
                  m_subject.renew_lease({row}, limit, low).has_value());
      }
    }
  }

  void add(Direction direction) {
    if (direction == Direction::outbound) {
      add(direction, m_traffic.make_outbound_sa(),
          [](Engine& engine, const OutboundSa& sa) { return engine.add_outbound(sa); });
    } else {
      add(direction, m_traffic.make_inbound_sa(),
          [](Engine& engine, const InboundSa& sa) { return engine.add_inbound(sa); });
    }
  }

  template <typename Sa, typename Add>
  void add(Direction direction, const Sa& sa, Add add_to) {
    const auto expected = add_to(m_reference, sa);
    const auto actual = add_to(m_subject, sa);
    ASSERT_TRUE(expected) << expected.error().message;
    if (!actual) {
      // The one thing that engines may differ in: where a hash puts the SPI.
      ASSERT_NE(actual.error().message.find("bucket"), std::string::npos) << actual.error().message;
      ASSERT_TRUE(m_reference.remove(direction, *expected));
      return;
    }
    ASSERT_EQ(*expected, *actual) << "the row";
    m_rows.at(static_cast<std::size_t>(direction)).push_back(expected->value);
    m_traffic.added(expected->value, sa);
  }

  Engine& m_reference;
  Engine& m_subject;
  const DifferentialOptions& m_options;
  Traffic m_traffic;
  std::array<std::vector<std::uint32_t>, 2> m_rows;
  DifferentialResult m_result;
};

}  // namespace

DifferentialResult compare(Engine& reference, Engine& subject, const DifferentialOptions& options) {
  return Comparison(reference, subject, options).run();
}

}  // namespace espgate::driver::test
