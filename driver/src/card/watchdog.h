// Tells a card that is slow from one that is gone or hangs, at next to no cost for one that is merely slow.
#pragma once

#include <cstdint>
#include <optional>

namespace espgate::driver::card {

class Watchdog {
 public:
  enum class Advice : std::uint8_t {
    none,
    look,   // read a register: does anything answer?
    clock,  // read the card's clock, for hangs_at()
  };

  // hang_cycles: a card with packets in it that finishes none for so long hangs.
  explicit Watchdog(std::uint64_t hang_cycles) : m_hang_cycles(hang_cycles) {}

  void progress() {
    m_waits = 0;
    m_since.reset();
  }
  // Nothing was finished although something is within the card.
  Advice waited() {
    // A wait is some ten nanoseconds, a register read a microsecond, and the clock some two hundred of them.
    constexpr std::uint32_t between_looks = 64;
    constexpr std::uint32_t between_clocks = 1U << 16U;
    ++m_waits;
    return m_waits % between_clocks == 0  ? Advice::clock
           : m_waits % between_looks == 0 ? Advice::look
                                          : Advice::none;
  }
  // True when the card hangs. Its clock, or for a stepped card the cycles that it was waited for.
  bool hangs_at(std::uint64_t cycles) {
    if (!m_since) {
      m_since = cycles;
    }
    return cycles - *m_since > m_hang_cycles;
  }
  std::uint32_t waits() const { return m_waits; }

 private:
  std::uint64_t m_hang_cycles;
  std::uint32_t m_waits = 0;
  std::optional<std::uint64_t> m_since;
};

}  // namespace espgate::driver::card
