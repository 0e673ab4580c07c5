#include "support/differential.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "support/changes.h"

namespace espgate::driver::test {
namespace {

// Rows whose counters are compared after each batch; at the end it is all of them.
constexpr std::size_t sampled_rows = 6;

class Comparison {
 public:
  Comparison(Engine& reference, Engine& subject, const DifferentialOptions& options)
      : m_reference(reference),
        m_subject(subject),
        m_options(options),
        m_traffic(options.seed),
        m_changes(reference, m_traffic, m_result.coverage) {}

  DifferentialResult run() {
    for (std::size_t i = 0; i < m_options.sas; ++i) {
      m_changes.add(Direction::outbound);
      m_changes.add(Direction::inbound);
    }
    m_changes.repeat(m_subject);
    for (std::size_t batch = 0; batch < m_options.batches && !::testing::Test::HasFailure(); ++batch) {
      SCOPED_TRACE("seed " + std::to_string(m_options.seed) + ", batch " + std::to_string(batch) +
                   "; run again with: " + m_options.reproduce);
      if (m_options.before_batch) {
        m_options.before_batch(batch);
      }
      if (batch == m_options.batches / 2) {
        fail_the_self_test();
      }
      exchange(batch);
      compare_events();
      compare_counters(batch + 1 == m_options.batches ? SIZE_MAX : sampled_rows);
      m_changes.some_leases();
      m_changes.repeat(m_subject);
    }
    if (m_options.at_end) {
      m_options.at_end(m_traffic);
    }
    return m_result;
  }

 private:
  // The reference's answers to one run of packets.
  struct Part {
    std::vector<Packet> outbound;
    Traffic::Inbound inbound;
    std::array<std::vector<Outcome>, 2> expected;
  };

  Part make_part(std::size_t count) {
    Part part{.outbound = m_traffic.outbound_batch(count),
              .inbound = m_traffic.inbound_batch(count),
              .expected = {}};
    part.expected = run_both(m_reference, part.outbound, part.inbound.packets);
    cover(part);
    return part;
  }

  void cover(const Part& part) {
    for (std::size_t i = 0; i < part.outbound.size(); ++i) {
      const auto sa = m_traffic.outbound().find(part.expected[0][i].sa);
      m_result.coverage.outbound(part.outbound[i], part.expected[0][i],
                                 sa == m_traffic.outbound().end() ? nullptr : &sa->second);
    }
    for (std::size_t i = 0; i < part.inbound.packets.size(); ++i) {
      const Traffic::Sent& sent = part.inbound.sent[i];
      m_result.coverage.inbound(part.inbound.packets[i], part.expected[1][i],
                                sent.intact ? &m_traffic.inbound(sent.row) : nullptr, sent.sequence);
    }
  }

  static void append(Part& to, const Part& from) {
    to.outbound.insert(to.outbound.end(), from.outbound.begin(), from.outbound.end());
    to.inbound.packets.insert(to.inbound.packets.end(), from.inbound.packets.begin(),
                              from.inbound.packets.end());
    for (std::size_t side = 0; side < 2; ++side) {
      auto& outcomes = to.expected.at(side);
      outcomes.insert(outcomes.end(), from.expected.at(side).begin(), from.expected.at(side).end());
    }
  }

  // Both directions at once, so that neither half of an engine finds the other idle; two thirds of the way
  // through, SAs come and go and policies change, while the packets of before are on their way.
  void exchange(std::size_t batch) {
    const std::size_t spared = batch % 2;
    m_traffic.spare_flows(spared);
    Part part = make_part(m_options.packets_per_batch * 2 / 3);
    m_traffic.spare_flows(std::nullopt);
    const std::array<std::size_t, 2> after{part.outbound.size(), part.inbound.packets.size()};
    m_changes.some_under_traffic(spared);
    append(part, make_part(m_options.packets_per_batch - m_options.packets_per_batch * 2 / 3));
    const auto actual = run_both(m_subject, part.outbound, part.inbound.packets,
                                 {.after = after, .change = [&] { m_changes.repeat(m_subject); }});
    compare_outcomes(Direction::outbound, part.outbound, part.expected[0], actual[0]);
    compare_outcomes(Direction::inbound, part.inbound.packets, part.expected[1], actual[1]);
  }

  void fail_the_self_test() {
    for (Engine* engine : {&m_reference, &m_subject}) {
      EXPECT_FALSE(engine->self_test(SelfTest::fail));
    }
    Part part = make_part(20);
    const auto actual = run_both(m_subject, part.outbound, part.inbound.packets);
    compare_outcomes(Direction::outbound, part.outbound, part.expected[0], actual[0]);
    compare_outcomes(Direction::inbound, part.inbound.packets, part.expected[1], actual[1]);
    for (Engine* engine : {&m_reference, &m_subject}) {
      EXPECT_TRUE(engine->self_test(SelfTest::run));
    }
  }

  void compare_outcomes(Direction direction, const std::vector<Packet>& packets,
                        const std::vector<Outcome>& expected, const std::vector<Outcome>& actual) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const Outcome& e = expected[i];
      const Outcome& a = actual[i];
      ++m_result.packets;
      if (e == a) {
        continue;
      }
      const auto different =
          std::mismatch(e.output.begin(), e.output.end(), a.output.begin(), a.output.end());
      ADD_FAILURE() << (direction == Direction::outbound ? "outbound" : "inbound") << " packet " << i
                    << " of the batch: reference " << to_string(e.verdict) << ", SA " << e.sa << ", "
                    << e.output.size() << " bytes; subject " << to_string(a.verdict) << ", SA " << a.sa
                    << ", " << a.output.size() << " bytes; first difference at byte "
                    << different.first - e.output.begin() << "; next hops " << to_hex(e.next_hop) << " and "
                    << to_hex(a.next_hop) << "\nrequested SA " << packets[i].sa << ", kind "
                    << static_cast<int>(packets[i].kind) << ", SPD " << int{packets[i].spd} << ", frame of "
                    << packets[i].bytes.size() << " bytes\n"
                    << to_hex(packets[i].bytes) << "\nreference " << to_hex(e.output) << "\nsubject   "
                    << to_hex(a.output);
      return;
    }
  }

  // In the order of the packets within a direction; how the directions interleave is each engine's own.
  void compare_events() {
    const auto expected = events(m_reference);
    const auto actual = events(m_subject);
    for (const Event& event : expected) {
      m_result.coverage.event(event);
    }
    for (const Direction direction : {Direction::outbound, Direction::inbound}) {
      const auto of_direction = [direction](std::vector<Event> all) {
        std::erase_if(all, [direction](const Event& event) { return event.direction != direction; });
        return all;
      };
      EXPECT_EQ(of_direction(expected), of_direction(actual)) << "events";
    }
  }

  void compare_counters(std::size_t rows) {
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
      EXPECT_EQ(counters->packets_out,
                counters->verdicts.at(static_cast<std::size_t>(Verdict::ok)) +
                    counters->verdicts.at(static_cast<std::size_t>(Verdict::bypassed)));
    }
    for (const std::uint32_t row : some(m_changes.rows(Direction::outbound), rows)) {
      const auto e = m_reference.outbound_sa_counters({row});
      const auto a = m_subject.outbound_sa_counters({row});
      ASSERT_TRUE(e && a);
      EXPECT_EQ(*e, *a) << "outbound SA " << row;
    }
    for (const std::uint32_t row : some(m_changes.rows(Direction::inbound), rows)) {
      const auto e = m_reference.inbound_sa_counters({row});
      const auto a = m_subject.inbound_sa_counters({row});
      ASSERT_TRUE(e && a);
      EXPECT_EQ(*e, *a) << "inbound SA " << row;
    }
  }

  std::vector<std::uint32_t> some(const std::vector<std::uint32_t>& rows, std::size_t count) {
    if (count >= rows.size()) {
      return rows;
    }
    std::vector<std::uint32_t> chosen;
    while (chosen.size() < count) {
      chosen.push_back(rows[m_traffic.random().below(rows.size())]);
    }
    return chosen;
  }

  Engine& m_reference;
  Engine& m_subject;
  const DifferentialOptions& m_options;
  DifferentialResult m_result;
  Traffic m_traffic;
  Changes m_changes;
};

}  // namespace

DifferentialResult compare(Engine& reference, Engine& subject, const DifferentialOptions& options) {
  return Comparison(reference, subject, options).run();
}

}  // namespace espgate::driver::test
