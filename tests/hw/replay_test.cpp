// The replay window's modules against a plain set of numbers: every sequence of a few numbers in a small
// ring, and long walks in the real one. (hw/formal/replay_proof.sv proves the same by induction.)
#include <VReplay.h>
#include <VReplaySmall.h>
#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace espgate::hw::test {
namespace {

struct Shape {
  unsigned half;
  unsigned word_log2;
  unsigned slot_log2;
};

// The ports have the narrowest type that holds them.
template <typename Port>
void put(Port& port, std::uint64_t value) {
  port = static_cast<Port>(value);
}

// The state of one SA as the commit stage keeps it, moved on by the RTL.
template <typename Model>
class Ring {
 public:
  Ring(Model& model, const Shape& shape, bool esn, std::uint32_t window, std::uint64_t top)
      : m_shape(shape),
        m_model(model),
        m_top(top),
        m_floor(top & ((2ULL << (shape.word_log2 + shape.slot_log2)) - 1)),
        m_last(1U << shape.slot_log2),
        m_bits(1U << shape.slot_log2) {
    put(m_model.esn_i, esn ? 1 : 0);
    put(m_model.window_i, window);
    // Words are not cleared when an SA is added.
    std::mt19937_64 random(window);
    for (std::size_t i = 0; i < m_bits.size(); ++i) {
      m_bits[i] = random();
      m_last[i] = static_cast<std::uint8_t>(random() & ((1U << shape.word_log2) - 1));
    }
  }

  // True when the number that this low half is taken for is accepted; number() is that number.
  bool receive(std::uint64_t low) {
    const std::size_t slot = low >> m_shape.word_log2 & ((1U << m_shape.slot_log2) - 1);
    put(m_model.top_i, m_top);
    put(m_model.live_i, m_live);
    put(m_model.full_i, m_full);
    put(m_model.floor_i, m_floor);
    put(m_model.last_i, m_last[slot]);
    put(m_model.bits_i, m_bits[slot]);
    put(m_model.low_i, low);
    m_model.eval();
    m_number = std::uint64_t{m_model.high_o} << m_shape.half | low;
    if (m_model.too_old_o != 0 || (m_model.newer_o == 0 && m_model.received_o != 0)) {
      return false;
    }
    if (m_model.newer_o != 0) {
      m_top = m_number;
    }
    m_live = m_model.next_live_o;
    m_full = m_model.next_full_o;
    m_last[slot] = static_cast<std::uint8_t>(m_model.next_last_o);
    m_bits[slot] = m_model.next_bits_o;
    return true;
  }
  std::uint64_t number() const { return m_number; }
  bool too_old() const { return m_model.too_old_o != 0; }

 private:
  Shape m_shape;
  Model& m_model;
  std::uint64_t m_top;
  std::uint64_t m_floor;
  std::uint64_t m_number = 0;
  std::uint32_t m_live = 0;
  std::uint32_t m_full = 0;
  std::vector<std::uint8_t> m_last;
  std::vector<std::uint64_t> m_bits;
};

// The set that the ring must be, and the number that RFC 4303 Appendix A2.2 means.
class Set {
 public:
  Set(unsigned half, bool esn, std::uint64_t window, std::uint64_t top)
      : m_half(half), m_esn(esn), m_window(window), m_first(top), m_top(top) {}

  enum class Answer : std::uint8_t { taken, duplicate, too_old };
  Answer receive(std::uint64_t low) {
    const std::uint64_t turn = std::uint64_t{1} << m_half;
    m_number = low;
    if (m_esn) {
      // The one number in [top - W + 1, top - W + 2^half] with this low half.
      m_number = (m_top & ~(turn - 1)) + low;
      if (m_number + m_window > m_top + turn) {
        if (m_number < turn) {
          return Answer::too_old;
        }
        m_number -= turn;
      } else if (m_number + m_window <= m_top) {
        if (m_number >= turn * (turn - 1)) {
          return Answer::too_old;
        }
        m_number += turn;
      }
    }
    if (m_number == 0 || m_number + m_window <= m_top) {
      return Answer::too_old;
    }
    if (m_number <= m_first || m_seen.contains(m_number)) {
      return Answer::duplicate;
    }
    m_seen.insert(m_number);
    m_top = std::max(m_top, m_number);
    return Answer::taken;
  }
  std::uint64_t number() const { return m_number; }
  std::uint64_t top() const { return m_top; }

 private:
  unsigned m_half;
  bool m_esn;
  std::uint64_t m_window;
  std::uint64_t m_first;
  std::uint64_t m_top;
  std::uint64_t m_number = 0;
  std::set<std::uint64_t> m_seen;
};

template <typename Model>
void expect_same(Ring<Model>& ring, Set& set, std::uint64_t low) {
  const Set::Answer answer = set.receive(low);
  const bool accepted = ring.receive(low);
  ASSERT_EQ(accepted, answer == Set::Answer::taken) << "low half " << low << ", top " << set.top();
  if (answer == Set::Answer::too_old) {
    ASSERT_TRUE(ring.too_old()) << low;
  } else {
    ASSERT_FALSE(ring.too_old()) << low;
    ASSERT_EQ(ring.number(), set.number());
  }
}

// 4 slots of 4 numbers in a space of 2^7 halves: every three numbers one after the other, then every number
// once.
TEST(ReplayWindow, EveryShortHistoryInASmallRing) {
  constexpr Shape small{.half = 7, .word_log2 = 2, .slot_log2 = 2};
  constexpr std::uint64_t turn = 1U << 7;
  VerilatedContext context;
  VReplaySmall model(&context);
  for (const bool esn : {false, true}) {
    for (const std::uint32_t window : {2U, 5U, 15U, 16U}) {
      for (const std::uint64_t first : {std::uint64_t{0}, esn ? 3 * turn - 9 : turn - 60}) {
        for (std::uint64_t a = 0; a < turn; a += 3) {
          for (std::uint64_t b = 0; b < turn; b += 1) {
            Ring<VReplaySmall> ring(model, small, esn, window, first);
            Set set(small.half, esn, window, first);
            for (const std::uint64_t low : {a, b, (a + b) % turn, b}) {
              expect_same(ring, set, low);
            }
            for (std::uint64_t back = 0; back < 24; ++back) {
              expect_same(ring, set, (set.top() - back) % turn);
            }
            if (::testing::Test::HasFatalFailure()) {
              return;
            }
          }
        }
      }
    }
  }
}

TEST(ReplayWindow, LongWalksInTheRealRing) {
  constexpr Shape real{.half = 32, .word_log2 = 6, .slot_log2 = 5};
  VerilatedContext context;
  VReplay model(&context);
  std::mt19937_64 random(20261123);
  const auto below = [&random](std::uint64_t n) { return random() % n; };
  for (const std::uint32_t window : {32U, 33U, 64U, 65U, 1000U, 2047U, 2048U}) {
    for (const bool esn : {false, true}) {
      const std::uint64_t first = esn ? 0x7'ffff0000 : below(5000);
      Ring<VReplay> ring(model, real, esn, window, first);
      Set set(real.half, esn, window, first);
      for (int i = 0; i < 40000; ++i) {
        std::uint64_t number = set.top() + below(4);
        switch (below(6)) {
          case 0:
            number = set.top() - below(window);
            break;
          case 1:
            number = set.top() - below(2 * window);
            break;
          case 2:
            number = set.top() + 1 - below(66);
            break;
          case 3:
            number = set.top() + below(i % 100 == 0 ? 5000 : 130);
            break;
          default:
            break;
        }
        expect_same(ring, set, number & 0xffffffff);
        if (::testing::Test::HasFatalFailure()) {
          return;
        }
      }
    }
  }
}

}  // namespace
}  // namespace espgate::hw::test
