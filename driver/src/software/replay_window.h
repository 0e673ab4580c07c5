// Inbound sequence numbers: the high half that ESN does not transmit, and the replay window (RFC 4303
// section 3.4.3 and Appendix A).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace espgate::driver::software {

class ReplayWindow {
 public:
  // The largest window, in packets.
  static constexpr std::uint32_t largest = 2048;

  enum class Answer : std::uint8_t { fresh, too_old, duplicate };

  ReplayWindow() = default;
  // Every number up to `top` counts as received. `size` is 1 to `largest` packets.
  ReplayWindow(bool check, bool esn, std::uint32_t size, std::uint64_t top);

  // The whole sequence number of a packet that carries `low`; nullopt when it would lie before number 0 or
  // beyond 64 bits. The answer depends on the window's place also when the check is off.
  std::optional<std::uint64_t> recover(std::uint32_t low) const;

  Answer test(std::uint64_t sequence) const;
  // Marks the number as received. Only for a packet that test() called fresh and whose ICV is good.
  void commit(std::uint64_t sequence);

  // The highest number received.
  std::uint64_t top() const { return m_top; }

 private:
  static constexpr std::size_t word_bits = 64;
  std::uint64_t& word_of(std::uint64_t sequence) { return m_received[sequence % largest / word_bits]; }
  static std::uint64_t bit_of(std::uint64_t sequence) { return std::uint64_t{1} << (sequence % word_bits); }

  bool m_check = true;
  bool m_esn = false;
  std::uint32_t m_size = 1;
  std::uint64_t m_top = 0;
  // Bit n mod `largest`: number n was received. Right for the `largest` numbers up to m_top.
  std::array<std::uint64_t, largest / word_bits> m_received{};
};

}  // namespace espgate::driver::software
