#include "software/replay_window.h"

namespace espgate::driver::software {

// RFC 4303 Appendix A2.2. The window's lower edge is T - W + 1; where it lies in the same 2^32 as T, a low
// half under the edge can only mean the next 2^32 (case A), and where it lies in the one before, a low half
// from the edge on means that one (case B).
std::optional<std::uint64_t> ReplayWindow::recover(std::uint32_t low) const {
  if (!m_esn) {
    return low;
  }
  const auto top_low = static_cast<std::uint32_t>(m_top);
  auto high = static_cast<std::uint32_t>(m_top >> 32);
  const std::uint32_t edge = top_low - static_cast<std::uint32_t>(window - 1);
  const bool case_a = top_low >= window - 1;
  if (case_a && low < edge) {
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
  const std::uint64_t age = m_top - sequence;
  if (age >= window) {
    return Answer::too_old;
  }
  return ((m_received >> age) & 1U) != 0 ? Answer::duplicate : Answer::fresh;
}

void ReplayWindow::commit(std::uint64_t sequence) {
  if (sequence > m_top) {
    const std::uint64_t advance = sequence - m_top;
    m_received = advance >= window ? 0 : m_received << advance;
    m_received |= 1U;
    m_top = sequence;
  } else if (m_top - sequence < window) {
    m_received |= std::uint64_t{1} << (m_top - sequence);
  }
}

}  // namespace espgate::driver::software
