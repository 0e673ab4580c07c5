#include "software/replay_window.h"

namespace espgate::driver::software {

ReplayWindow::ReplayWindow(bool check, bool esn, std::uint32_t size, std::uint64_t top)
    : m_check(check), m_esn(esn), m_size(size), m_top(top) {
  if (top > 0) {
    m_received.fill(UINT64_MAX);
  }
}

// RFC 4303 Appendix A2.2. The window's lower edge is T - W + 1; where it lies in the same 2^32 as T, a low
// half under the edge can only mean the next 2^32 (case A), and where it lies in the one before, a low half
// from the edge on means that one (case B).
std::optional<std::uint64_t> ReplayWindow::recover(std::uint32_t low) const {
  if (!m_esn) {
    return low;
  }
  const auto top_low = static_cast<std::uint32_t>(m_top);
  auto high = static_cast<std::uint32_t>(m_top >> 32);
  const std::uint32_t edge = top_low - (m_size - 1);
  const bool case_a = top_low >= m_size - 1;
  if (case_a && low < edge) {
    if (high == UINT32_MAX) {
      return std::nullopt;
    }
    ++high;
  } else if (!case_a && low >= edge) {
    if (high == 0) {
      return std::nullopt;
    }
    --high;
  }
  return (std::uint64_t{high} << 32) | low;
}

ReplayWindow::Answer ReplayWindow::test(std::uint64_t sequence) const {
  if (!m_check) {
    return Answer::fresh;
  }
  if (sequence == 0) {
    return Answer::too_old;
  }
  if (sequence > m_top) {
    return Answer::fresh;
  }
  if (m_top - sequence >= m_size) {
    return Answer::too_old;
  }
  const std::uint64_t word = m_received[sequence % largest / word_bits];
  return (word & bit_of(sequence)) != 0 ? Answer::duplicate : Answer::fresh;
}

void ReplayWindow::commit(std::uint64_t sequence) {
  if (sequence > m_top) {
    // The numbers between the two have not been received; their bits still tell of older ones.
    if (sequence - m_top >= largest) {
      m_received.fill(0);
    } else {
      for (std::uint64_t skipped = m_top + 1; skipped < sequence; ++skipped) {
        word_of(skipped) &= ~bit_of(skipped);
      }
    }
    m_top = sequence;
    word_of(sequence) |= bit_of(sequence);
  } else if (m_top - sequence < largest) {
    word_of(sequence) |= bit_of(sequence);
  }
}

}  // namespace espgate::driver::software
