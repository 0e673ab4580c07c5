// Sequence numbers inbound: the window's edges, ESN, and packets of one SA close behind each other, which the
// commit stage must judge as if they had come one at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "bench.h"

namespace espgate::sim::test {
namespace {

// Straight from RFC 4303 Appendix A and the order of checks; the RTL computes it another way.
class Model {
 public:
  explicit Model(const InboundSa& sa) : m_sa(sa), m_top(sa.replay_top) {}
  // sent: the number that the ICV was made with.
  std::uint8_t receive(std::uint64_t sent, bool icv_right = true) {
    const auto low = static_cast<std::uint32_t>(sent);
    const std::uint32_t size = m_sa.replay_window;
    std::uint64_t number = low;
    if (m_sa.esn) {
      const auto top_low = static_cast<std::uint32_t>(m_top);
      auto high = static_cast<std::uint32_t>(m_top >> 32);
      if (top_low >= size - 1) {
        if (low < top_low - (size - 1)) {
          if (high == UINT32_MAX) {
            return replay_too_old;
          }
          ++high;
        }
      } else if (low >= top_low - (size - 1)) {
        if (high == 0) {
          return replay_too_old;
        }
        --high;
      }
      number = std::uint64_t{high} << 32 | low;
    }
    if (m_sa.replay_check) {
      if (number == 0 || (number <= m_top && m_top - number >= size)) {
        return replay_too_old;
      }
      if (number <= m_sa.replay_top || m_seen.contains(number)) {
        return replay_duplicate;
      }
    }
    if (!icv_right || number != sent) {
      return icv_failed;
    }
    m_seen.insert(number);
    m_top = std::max(m_top, number);
    return ok;
  }
  std::uint64_t top() const { return m_top; }

 private:
  InboundSa m_sa;
  std::uint64_t m_top;
  std::set<std::uint64_t> m_seen;
};

void run(const InboundSa& sa, const std::vector<std::uint64_t>& numbers) {
  Bench bench;
  bench.add(2, sa);
  Model model(sa);
  const Bytes inner = udp_packet(40);
  std::vector<std::uint8_t> expected;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Bytes packet = sa.packet(numbers[i], inner);
    const bool right = i % 11 != 10;
    if (!right) {
      packet.back() ^= 1;
    }
    expected.push_back(model.receive(numbers[i], right));
    bench.send(Side::inbound, {}, std::move(packet));
  }
  const auto results = bench.collect(Side::inbound, numbers.size());
  ASSERT_EQ(results.size(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_EQ(results[i].done.verdict, expected[i]) << "packet " << i << ", number " << numbers[i];
  }
  const auto counters = bench.snapshot(regs::snapshot_set_sa_inbound, 2, regs::counter_sa_inbound_count);
  EXPECT_EQ(counters[regs::counter_sa_inbound_replay_top], model.top());
  const auto count = [&](std::uint8_t verdict) {
    return static_cast<std::uint64_t>(std::count(expected.begin(), expected.end(), verdict));
  };
  EXPECT_EQ(counters[regs::counter_sa_inbound_packets], count(ok));
  EXPECT_EQ(counters[regs::counter_sa_inbound_replay_too_old], count(replay_too_old));
  EXPECT_EQ(counters[regs::counter_sa_inbound_replay_duplicate], count(replay_duplicate));
  EXPECT_EQ(counters[regs::counter_sa_inbound_icv_failed], count(icv_failed));
}

TEST(Replay, EdgesOfTheWindow) {
  run(InboundSa{},
      {1, 1, 2, 100, 37, 36, 37, 38, 100, 101, 38, 37, 38, 164, 101, 100, 165, 101, 102, 0, 500});
}

TEST(Replay, CopiesInFlightAreTakenOnce) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    numbers.insert(numbers.end(), {i, i, i + 1, i});
  }
  run(InboundSa{}, numbers);
}

TEST(Replay, JumpsMoveTheWindow) {
  run(InboundSa{}, {10, 73, 10, 74, 11, 137, 74, 73, 1000, 936, 937, 2000000000, 1999999937, 1999999936,
                    0xffffffff, 0xffffffc0, 0xffffffbf, 0xffffffff});
}

TEST(Replay, NumbersUpToTheInitialTopCountAsReceived) {
  InboundSa sa;
  sa.replay_top = 1000;
  run(sa, {1000, 999, 937, 936, 1, 1001, 1000, 938, 937});
}

TEST(Replay, WithoutTheCheckEverythingIsNew) {
  InboundSa sa;
  sa.replay_check = false;
  run(sa, {5, 5, 1, 0, 100, 5, 0, 70, 100});
}

TEST(Replay, EsnGoesOverTheLowHalf) {
  InboundSa sa;
  sa.esn = true;
  sa.replay_top = 0xfffffff0;
  run(sa, {0xfffffff1, 0xffffffff, 0x100000000, 0xfffffffe, 0x100000005, 0x100000005, 0xfffffffe, 0xffffffd0,
           0x10000003e, 0xffffffff, 0x100000040, 0x100000001, 0x100000000, 0x100001000, 0x100000000});
}

TEST(Replay, EsnNeverUnderflows) {
  InboundSa sa;
  sa.esn = true;
  run(sa, {0xfffffff0, 1, 0xffffffff, 0, 62, 0xffffffff, 0, 63, 64, 1, 0xffffffff});
  sa.replay_check = false;
  run(sa, {0xfffffff0, 1, 0xffffffff, 0, 62, 0, 63, 64, 1});
}

TEST(Replay, EsnWithLargeHighHalves) {
  InboundSa sa;
  sa.esn = true;
  sa.replay_top = 0xfffffffe'ffffffffULL;
  run(sa, {0xffffffff'00000000ULL, 0xffffffff'00000001ULL, 0xfffffffe'fffffff0ULL, 0xffffffff'00000001ULL,
           0xffffffff'fffffff0ULL, 5, 0xffffffff'00000001ULL});
}

TEST(Replay, OldPacketWithAnotherHighHalfFailsTheIcv) {
  InboundSa sa;
  sa.esn = true;
  // 100 behind: taken for the next high half, so the ICV is wrong (Appendix A2.2).
  run(sa, {1000, 900, 1001, 938, 937, 2000});
}

constexpr std::array<std::uint32_t, 7> window_sizes{32, 33, 64, 65, 1000, 2047, 2048};

// Left and right edge, the words' borders and the ring's, each number twice.
TEST(Replay, EdgesOfEveryWindowSize) {
  for (const std::uint32_t size : window_sizes) {
    InboundSa sa;
    sa.replay_window = size;
    std::vector<std::uint64_t> numbers;
    for (const std::uint64_t top : {5000U, 5001U, 5055U, 5056U, 5119U, 5120U, 7039U, 7040U, 9088U, 20000U}) {
      numbers.push_back(top);
      for (const std::uint64_t back : {1U, 2U, 63U, 64U, 65U, size / 2, size - 2, size - 1, size, size + 1}) {
        numbers.insert(numbers.end(), {top - back, top - back});
      }
      numbers.push_back(top);
    }
    run(sa, numbers);
  }
}

// Every number of the window, from its left edge to its right one and back, and then the whole window again.
TEST(Replay, WholeWindowsAreRemembered) {
  for (const std::uint32_t size : window_sizes) {
    InboundSa sa;
    sa.replay_window = size;
    sa.replay_top = 4321;
    const std::uint64_t top = 4321 + 3000 + size;
    std::vector<std::uint64_t> numbers{top};
    const std::uint64_t step = size > 100 ? 3 : 1;
    for (std::uint64_t back = 0; back <= size; back += step) {
      numbers.push_back(top - back);
    }
    for (std::uint64_t back = size + 1; back > 1; back -= std::min<std::uint64_t>(back - 1, step)) {
      numbers.push_back(top - back);
    }
    run(sa, numbers);
  }
}

// Near the top, near the left edge, and jumps of all sizes; copies follow at once, so that the commit stage
// has state and words of the same SA under way in every distance.
std::vector<std::uint64_t> wander(std::mt19937& random, std::uint64_t top, std::uint32_t size, int count) {
  const auto below = [&random](std::uint64_t n) { return random() % n; };
  std::vector<std::uint64_t> numbers;
  while (count-- > 0) {
    switch (below(8)) {
      case 0:
        top += below(3 * size);
        break;
      case 1:
        top += below(5000);
        break;
      case 2:
        break;
      default:
        top += below(4);
    }
    std::uint64_t back = 0;
    switch (below(4)) {
      case 0:
        back = below(3);
        break;
      case 1:
        back = size - 2 + below(4);
        break;
      case 2:
        back = below(130);
        break;
      default:
        back = below(2 * size);
    }
    const std::uint64_t number = top > back ? top - back : top;
    for (std::uint64_t copies = 1 + (below(3) == 0 ? below(3) : 0); copies > 0; --copies) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

TEST(Replay, RandomNumbersInEveryWindowSize) {
  std::mt19937 random(20261123);
  for (const std::uint32_t size : window_sizes) {
    for (const bool esn : {false, true}) {
      InboundSa sa;
      sa.replay_window = size;
      sa.esn = esn;
      sa.replay_top = esn ? 0x2'ffffe000 : 0;  // with ESN over the low half's end
      run(sa, wander(random, sa.replay_top + 1, size, 700));
    }
  }
}

// ESN with a window over the wrap: what is behind belongs to the high half before.
TEST(Replay, EveryWindowSizeGoesOverTheLowHalf) {
  for (const std::uint32_t size : window_sizes) {
    InboundSa sa;
    sa.replay_window = size;
    sa.esn = true;
    sa.replay_top = 0xffffff00 - size;
    const std::uint64_t end = 0x1'00000000;
    run(sa, {end - 1,
             end + 1,
             end - 1,
             end - 2,
             end,
             end + size - 2,
             end - 1,
             end,
             end - 2,
             end + size - 1,
             end,
             end + 2,
             end + size,
             end,
             end + 1,
             end + 2,
             end + 3000,
             end + 3001 - size,
             end + 3000 - size,
             end + 3001 - size});
  }
}

TEST(Replay, RandomNumbersNearTheTop) {
  std::uint32_t x = 12345;
  const auto random = [&x](std::uint32_t range) {
    x = x * 1664525 + 1013904223;
    return (x >> 8) % range;
  };
  for (int round = 0; round < 4; ++round) {
    InboundSa sa;
    sa.esn = round % 2 == 1;
    sa.replay_top = round < 2 ? 0 : (sa.esn ? 0x2ffffff80 : 0xfffff000);
    std::vector<std::uint64_t> numbers;
    std::uint64_t top = sa.replay_top + 1;
    for (int i = 0; i < 600; ++i) {
      top += random(4) == 0 ? random(90) : random(3);
      const std::uint64_t back = random(80);
      numbers.push_back(top > back ? top - back : top);
      if (random(3) == 0) {
        numbers.push_back(numbers.at(numbers.size() - 1 - random(5) % numbers.size()));
      }
    }
    run(sa, numbers);
  }
}

}  // namespace
}  // namespace espgate::sim::test
