// Inbound sequence numbers: the high half that ESN does not transmit, and the replay window (RFC 4303
// section 3.4.3 and Appendix A).
#pragma once

#include <cstdint>
#include <optional>

namespace espgate::driver::software {

class ReplayWindow {
 public:
  static constexpr std::uint64_t window = 64;

  enum class Answer : std::uint8_t { fresh, too_old, duplicate };

  ReplayWindow() = default;
  // Every number up to `top` counts as received.
  ReplayWindow(bool check, bool esn, std::uint64_t top)
      : m_check(check), m_esn(esn), m_top(top), m_received(top == 0 ? 0 : UINT64_MAX) {}

  // The whole sequence number of a packet that carries `low`; nullopt when it would lie before number 0.
  // The answer depends on the window's place also when the check is off.
  std::optional<std::uint64_t> recover(std::uint32_t low) const;

  Answer test(std::uint64_t sequence) const;
  // Marks the number as received. Only for a packet that test() called fresh and whose ICV is good.
  void commit(std::uint64_t sequence);

  // The highest number received.
  std::uint64_t top() const { return m_top; }

 private:
  bool m_check = true;
  bool m_esn = false;
  std::uint64_t m_top = 0;
  std::uint64_t m_received = 0;  // bit i: number m_top - i was received
};

}  // namespace espgate::driver::software
