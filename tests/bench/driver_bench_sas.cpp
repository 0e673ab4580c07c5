// SAs and flows a second: software against the target; the simulated card against what its clock allows.
#include <array>
#include <vector>

#include "bench_sas.h"
#include "driver_bench.h"

namespace espgate::bench {
namespace {

using driver::Direction;

constexpr double target = 200'000;

struct Rates {
  double add = 0;
  double renew = 0;
  double remove = 0;
};

// Things per second of each of three steps that only make sense one behind the other.
class Times {
 public:
  template <typename Step>
  void take(std::size_t which, std::size_t count, const Step& step) {
    const auto start = std::chrono::steady_clock::now();
    step();
    m_spent.at(which) += std::chrono::steady_clock::now() - start;
    m_done.at(which) += count;
  }
  double rate(std::size_t which) const {
    return static_cast<double>(m_done.at(which)) / std::chrono::duration<double>(m_spent.at(which)).count();
  }

 private:
  std::array<std::chrono::steady_clock::duration, 3> m_spent{};
  std::array<std::size_t, 3> m_done{};
};

// `count` SAs come, have their leases renewed (outbound) and go, `rounds` times.
Rates rates_of(driver::Engine& engine, Direction direction, std::uint32_t count, int rounds) {
  Times times;
  std::vector<driver::SaIndex> rows(count);
  std::vector<driver::OutboundSa> outbound;
  std::vector<driver::InboundSa> inbound;
  for (std::uint32_t n = 0; n < count; ++n) {
    outbound.push_back(outbound_sa(n));
    outbound.back().lease_limit = outbound.back().lease_low = 1000;
    inbound.push_back(inbound_sa(n));
  }
  for (int round = 0; round < rounds; ++round) {
    times.take(0, count, [&] {
      for (std::uint32_t n = 0; n < count; ++n) {
        rows[n] = direction == Direction::outbound ? value(engine.add_outbound(outbound[n]))
                                                   : value(engine.add_inbound(inbound[n]));
      }
    });
    if (direction == Direction::outbound) {
      times.take(1, count, [&] {
        for (const driver::SaIndex row : rows) {
          value(engine.renew_lease(row, 2000, 1500));
        }
      });
    }
    times.take(2, count, [&] {
      for (const driver::SaIndex row : rows) {
        value(engine.remove(direction, row));
      }
    });
  }
  return {.add = times.rate(0),
          .renew = direction == Direction::outbound ? times.rate(1) : 0,
          .remove = times.rate(2)};
}

}  // namespace

void measure_sas(json& results) {
  const auto measure = [&](driver::Engine& engine, std::uint32_t count, int rounds) {
    for (const Direction direction : {Direction::outbound, Direction::inbound}) {
      const Rates rates = rates_of(engine, direction, count, rounds);
      const auto add = [&](const char* what, double figure) {
        results.push_back({{"engine", engine.capabilities().name},
                           {"what", what},
                           {"direction", direction == Direction::outbound ? "outbound" : "inbound"},
                           {"per_second", std::round(figure)},
                           {"limit_per_second", target},
                           {"limit_is", engine.capabilities().name == "software"
                                            ? "target"
                                            : "target of software; the model's clock is what costs here"},
                           {"ratio", rounded(figure / target)}});
      };
      add("sa_add", rates.add);
      if (direction == Direction::outbound) {
        add("lease_renewal", rates.renew);
      }
      add("sa_delete", rates.remove);
    }
  };
  constexpr std::uint32_t many = 10'000;
  measure(*value(driver::make_software_engine()), many, 5);
  constexpr std::uint32_t few = 200;
  measure(*value(driver::make_simulated_engine()), few, 1);
}

}  // namespace espgate::bench
