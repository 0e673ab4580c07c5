// What happens to an engine's tables between packets: decided once, by what the reference has, and done to
// both engines.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "driver/engine.h"
#include "support/coverage.h"
#include "support/traffic.h"

namespace espgate::driver::test {

class Changes {
 public:
  Changes(Engine& reference, Traffic& traffic, Coverage& coverage)
      : m_reference(reference), m_traffic(traffic), m_coverage(coverage) {}

  void add(Direction direction);
  // A few of everything. Caches change for the flows that the traffic spares.
  void some_under_traffic(std::size_t spared_flows);
  // For when no packet is on its way: whether it finds the old lease or the new one would be chance.
  void some_leases();

  // Does to the subject what was done to the reference since the last call, and compares what they say.
  void repeat(Engine& subject);

  const std::vector<std::uint32_t>& rows(Direction direction) const {
    return m_rows.at(static_cast<std::size_t>(direction));
  }

 private:
  // The answer as text, the same from two engines that agree.
  using Step = std::function<std::string(Engine&)>;
  std::string take(std::string name, Step step);
  std::vector<std::uint32_t>& rows_of(Direction direction) {
    return m_rows.at(static_cast<std::size_t>(direction));
  }
  void remove(Direction direction);
  void change_policy(std::size_t flow);

  struct Done {
    std::string name;
    Step step;
    std::string answer;
  };

  Engine& m_reference;
  Traffic& m_traffic;
  Coverage& m_coverage;
  std::array<std::vector<std::uint32_t>, 2> m_rows;
  std::vector<Done> m_done;
};

}  // namespace espgate::driver::test
