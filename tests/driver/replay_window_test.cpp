#include "software/replay_window.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "support/random.h"

namespace espgate::driver::test {
namespace {

using software::ReplayWindow;

// The window as the RFC's text has it: a set of numbers, with no bit moved anywhere.
class Model {
 public:
  Model(std::uint64_t size, std::uint64_t top) : m_size(size), m_top(top), m_floor(top) {}

  ReplayWindow::Answer test(std::uint64_t sequence) const {
    if (sequence == 0 || (sequence <= m_top && m_top - sequence >= m_size)) {
      return ReplayWindow::Answer::too_old;
    }
    return sequence <= m_floor || m_received.contains(sequence) ? ReplayWindow::Answer::duplicate
                                                                : ReplayWindow::Answer::fresh;
  }
  void commit(std::uint64_t sequence) {
    m_received.insert(sequence);
    m_top = std::max(m_top, sequence);
  }
  std::uint64_t top() const { return m_top; }

 private:
  std::uint64_t m_size;
  std::uint64_t m_top;
  std::uint64_t m_floor;  // these and all below count as received
  std::set<std::uint64_t> m_received;
};

constexpr std::array<std::uint32_t, 8> sizes{32, 33, 63, 64, 65, 1000, 2047, 2048};

TEST(ReplayWindow, AnswersAsASetOfNumbersWould) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const bool esn = seed % 2 == 0;
    const std::uint32_t size = sizes.at(seed / 4 % sizes.size());
    const std::uint64_t start = seed % 4 < 2 ? 0 : esn ? 0x1'ffffffe0 : 0xffff0000;
    ReplayWindow window(true, esn, size, start);
    Model model(size, start);
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t base = model.top();
      std::uint64_t sequence = base + random.below(random.one_in(30) ? 5000 : size + 16);
      if (random.one_in(2)) {
        sequence = base - std::min(base, std::uint64_t{random.below(size - 1)});
      }
      if (!esn && sequence > UINT32_MAX) {
        continue;
      }
      ASSERT_EQ(window.recover(static_cast<std::uint32_t>(sequence)), sequence)
          << "seed " << seed << ", top " << base;
      for (const std::uint64_t asked : {sequence, sequence - random.below(size + 8)}) {
        ASSERT_EQ(window.test(asked), model.test(asked))
            << "seed " << seed << ", top " << base << ", " << asked;
      }
      if (window.test(sequence) == ReplayWindow::Answer::fresh && !random.one_in(5)) {
        window.commit(sequence);
        model.commit(sequence);
      }
      ASSERT_EQ(window.top(), model.top());
    }
  }
}

// RFC 4303 Appendix A2.2, both cases at their edges; W = 64.
TEST(ReplayWindow, RecoversTheHighHalf) {
  const auto recover = [](std::uint64_t top, std::uint32_t low) {
    return ReplayWindow(true, true, 64, top).recover(low);
  };
  EXPECT_EQ(recover(0x5'0000003f, 0x00000000), 0x5'00000000U) << "case A, at the lower edge";
  EXPECT_EQ(recover(0x5'00000040, 0x00000000), 0x6'00000000U) << "case A, just under it";
  EXPECT_EQ(recover(0x5'00000040, 0xffffffff), 0x5'ffffffffU);
  EXPECT_EQ(recover(0x5'0000003e, 0xffffffff), 0x4'ffffffffU) << "case B, at the lower edge";
  EXPECT_EQ(recover(0x5'0000003e, 0xfffffffe), 0x5'fffffffeU) << "case B, just under it";
  EXPECT_EQ(recover(0x5'00000000, 0xffffffc1), 0x4'ffffffc1U);
  EXPECT_EQ(recover(0x5'00000000, 0xffffffc0), 0x5'ffffffc0U);
  EXPECT_EQ(recover(0x0'0000003e, 0xffffffff), std::nullopt);
  EXPECT_EQ(recover(0xffffffff'ffffffff, 0x00000000), std::nullopt) << "past the last number there is none";
  EXPECT_EQ(recover(0xffffffff'0000003e, 0x0000003f), 0xffffffff'0000003fU);
}

TEST(ReplayWindow, TheSizeDecidesTheHighHalf) {
  for (const std::uint32_t size : sizes) {
    const std::uint64_t top = 0x5'00100000;
    const ReplayWindow window(false, true, size, top);
    const auto edge = static_cast<std::uint32_t>(top) - size + 1;
    EXPECT_EQ(window.recover(edge), 0x5'00000000U + edge) << size;
    EXPECT_EQ(window.recover(edge - 1), 0x6'00000000U + edge - 1) << size;
  }
}

TEST(ReplayWindow, WithoutTheCheckOnlyTheTopMoves) {
  ReplayWindow window(false, false, 64, 0);
  window.commit(50);
  window.commit(7);
  EXPECT_EQ(window.top(), 50U);
  EXPECT_EQ(window.test(50), ReplayWindow::Answer::fresh);
  EXPECT_EQ(window.test(0), ReplayWindow::Answer::fresh);
}

}  // namespace
}  // namespace espgate::driver::test
