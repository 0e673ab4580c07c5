#include "support/changes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace espgate::driver::test {
namespace {

std::string text_of(const Expected<>& result) {
  return result ? "done" : "refused";
}
std::string text_of(const Expected<SaIndex>& result) {
  return result ? std::to_string(result->value) : "refused";
}

}  // namespace

std::string Changes::take(std::string name, Step step) {
  std::string answer = step(m_reference);
  m_done.push_back({std::move(name), std::move(step), answer});
  return answer;
}

void Changes::repeat(Engine& subject) {
  for (const Done& done : m_done) {
    EXPECT_EQ(done.step(subject), done.answer) << done.name;
  }
  m_done.clear();
}

void Changes::add(Direction direction) {
  const auto keep = [&](const std::string& answer, const auto& sa) {
    ASSERT_NE(answer, "refused");
    const auto row = static_cast<std::uint32_t>(std::stoul(answer));
    rows_of(direction).push_back(row);
    m_traffic.added(row, sa);
  };
  if (direction == Direction::outbound) {
    const OutboundSa sa = m_traffic.make_outbound_sa();
    keep(take("add_outbound", [sa](Engine& engine) { return text_of(engine.add_outbound(sa)); }), sa);
  } else {
    const InboundSa sa = m_traffic.make_inbound_sa();
    keep(take("add_inbound", [sa](Engine& engine) { return text_of(engine.add_inbound(sa)); }), sa);
  }
}

void Changes::remove(Direction direction) {
  auto& rows = rows_of(direction);
  const std::uint32_t row = rows[m_traffic.random().below(rows.size())];
  take("remove row " + std::to_string(row),
       [=](Engine& engine) { return text_of(engine.remove(direction, {row})); });
  std::erase(rows, row);
  m_traffic.removed(direction, row);
}

void Changes::change_policy(std::size_t n) {
  Random& random = m_traffic.random();
  const Flow flow = m_traffic.flow(n);
  const auto direction = static_cast<Direction>(random.below(2));
  if (random.one_in(4)) {
    take("forget flow " + std::to_string(n),
         [=](Engine& engine) { return text_of(engine.forget_policy(direction, flow)); });
    m_coverage.hit("change policy forgotten under traffic");
    return;
  }
  const auto policy = static_cast<Policy>(random.one_in(2) ? 0 : random.below(3));
  const auto& rows = rows_of(Direction::outbound);
  const SaIndex sa{rows[random.below(rows.size())]};
  take("cache flow " + std::to_string(n),
       [=](Engine& engine) { return text_of(engine.cache_policy(direction, flow, policy, sa)); });
  m_coverage.hit("change policy cached under traffic");
}

void Changes::some_under_traffic(std::size_t spared_flows) {
  Random& random = m_traffic.random();
  for (std::size_t i = random.below(4); i > 0; --i) {
    const auto direction = static_cast<Direction>(random.below(2));
    if (random.one_in(4)) {
      add(direction);
      remove(direction);
      m_coverage.hit("change SA added under traffic");
      m_coverage.hit("change SA removed under traffic");
    } else {  // most often the row is taken again, under another key
      remove(direction);
      add(direction);
      m_coverage.hit("change SA rekeyed under traffic");
    }
  }
  for (std::size_t i = random.below(12); i > 0; --i) {
    change_policy(random.below(Traffic::flow_count / 2) * 2 + spared_flows);
  }
}

void Changes::some_leases() {
  Random& random = m_traffic.random();
  for (const auto& [row, sa] : m_traffic.outbound()) {
    if (!random.one_in(3)) {
      continue;
    }
    const auto counters = m_reference.outbound_sa_counters({row});
    ASSERT_TRUE(counters);
    const std::uint64_t limit = counters->next_sequence + random.below(200);
    const std::uint64_t low = limit - random.below(100);
    const std::string answer = take("renew_lease", [row = row, limit, low](Engine& engine) {
      return text_of(engine.renew_lease({row}, limit, low));
    });
    m_coverage.hit(answer == "done" ? "change lease renewed" : "change lease refused");
  }
}

}  // namespace espgate::driver::test
