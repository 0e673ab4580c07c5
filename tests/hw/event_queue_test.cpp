// The event queue against a list: order, fairness when it is full, and what is lost.
#include <VEventQueue.h>
#include <gtest/gtest.h>
#include <verilated.h>

#include <deque>
#include <optional>
#include <random>

#include "card/registers.h"

namespace espgate::test {
namespace {

namespace regs = espgate::driver::registers;

constexpr std::size_t depth = 64;

struct Event {
  bool inbound = false;
  std::uint8_t kinds = 0;
  std::uint16_t sa = 0;
  std::uint32_t data() const {
    return 1U << regs::event_data_valid.lsb | std::uint32_t{kinds} << regs::event_data_kinds.lsb |
           std::uint32_t{inbound} << regs::event_data_inbound.lsb | sa;
  }
};

class Queue {
 public:
  Queue() {
    m_model.rst_ni = 0;
    clock();
    m_model.rst_ni = 1;
  }
  ~Queue() { m_model.final(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // One cycle of the module beside one of the list.
  void cycle(std::optional<Event> outbound, std::optional<Event> inbound, bool ready, bool read) {
    m_model.outbound_valid_i = outbound.has_value();
    m_model.inbound_valid_i = inbound.has_value();
    if (outbound) {
      m_model.outbound_kinds_i = outbound->kinds;
      m_model.outbound_sa_i = outbound->sa;
    }
    if (inbound) {
      m_model.inbound_kinds_i = inbound->kinds;
      m_model.inbound_sa_i = inbound->sa;
    }
    m_model.ready_i = ready;
    m_model.read_i = read;
    m_model.eval();
    ASSERT_EQ(m_model.valid_o != 0, !m_list.empty());
    ASSERT_EQ(m_model.read_valid_o != 0, !m_list.empty() && !ready);
    if (!m_list.empty()) {
      ASSERT_EQ(m_model.data_o, m_list.front().data());
    }

    const std::size_t places = depth - m_list.size();
    const bool both = outbound && inbound;
    const bool outbound_lost = outbound && (places == 0 || (places == 1 && both && m_inbound_first));
    const bool inbound_lost = inbound && (places == 0 || (places == 1 && both && !m_inbound_first));
    if (places == 1 && both) {
      m_inbound_first = !m_inbound_first;
    }
    if (!m_list.empty() && (ready || read)) {
      m_list.pop_front();
    }
    if (outbound && !outbound_lost) {
      m_list.push_back(*outbound);
    }
    if (inbound && !inbound_lost) {
      m_list.push_back(*inbound);
    }
    clock();
    ASSERT_EQ(m_model.outbound_lost_o != 0, outbound_lost);
    ASSERT_EQ(m_model.inbound_lost_o != 0, inbound_lost);
    lost[0] += outbound_lost ? 1 : 0;
    lost[1] += inbound_lost ? 1 : 0;
  }

  std::size_t size() const { return m_list.size(); }
  std::array<std::size_t, 2> lost{};

 private:
  void clock() {
    m_model.clk_i = 1;
    m_model.eval();
    m_model.clk_i = 0;
    m_model.eval();
  }

  VerilatedContext m_context;
  VEventQueue m_model{&m_context};
  std::deque<Event> m_list;
  bool m_inbound_first = false;
};

TEST(EventQueue, IsAListOf64) {
  Queue queue;
  std::mt19937 rng(1);
  const auto event = [&rng](bool inbound, std::uint32_t chance) -> std::optional<Event> {
    if (rng() % 16 >= chance) {
      return std::nullopt;
    }
    return Event{inbound, static_cast<std::uint8_t>(rng() % 64), static_cast<std::uint16_t>(rng())};
  };
  std::size_t full = 0;
  for (int i = 0; i < 40000; ++i) {
    // Fills, empties and idles in turn; either consumer alone, both, and none.
    const std::uint32_t phase = static_cast<std::uint32_t>(i) / 500 % 8;
    const std::uint32_t chance = phase % 4 == 0 ? 15 : phase % 4 == 1 ? 2 : 8;
    const bool ready = phase < 6 && rng() % 16 < (phase % 2 == 0 ? 4U : 15U);
    const bool read = phase > 2 && rng() % 4 == 0;
    ASSERT_NO_FATAL_FAILURE(queue.cycle(event(false, chance), event(true, chance), ready, read));
    full += queue.size() == depth ? 1U : 0U;
  }
  EXPECT_GT(full, 1000U);
}

TEST(EventQueue, LosesAsMuchOfEitherHalf) {
  Queue queue;
  for (int i = 0; i < 1000; ++i) {
    const Event event{false, 1, static_cast<std::uint16_t>(i)};
    const Event other{true, 2, static_cast<std::uint16_t>(i)};
    // One place a cycle for two events.
    ASSERT_NO_FATAL_FAILURE(queue.cycle(event, other, i >= 32, false));
  }
  EXPECT_GT(queue.lost[0], 400U);
  EXPECT_NEAR(static_cast<double>(queue.lost[0]), static_cast<double>(queue.lost[1]), 1);
}

}  // namespace
}  // namespace espgate::test
