// A card with the engine's look-aside shell on it, as the driver sees it: registers, and memory that the host
// and the card both reach. docs/hardware/lookaside.md is the card's side of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "card/register_port.h"

namespace espgate::driver::card {

// Memory for rings and packets, on a 4 KiB boundary for the card. Where host and card see the same bytes it
// is coherent; where the card has a copy of its own, the two are made equal by to_card() and from_card().
// Must not outlive its card.
class DmaBuffer {
 public:
  DmaBuffer(const DmaBuffer&) = delete;
  DmaBuffer& operator=(const DmaBuffer&) = delete;
  virtual ~DmaBuffer() = default;

  ByteSpan bytes() const { return m_bytes; }
  // Of the first byte, for the card.
  std::uint64_t address() const { return m_address; }
  bool coherent() const { return m_coherent; }

  // `at` and `count` lie within the buffer. A copy that fails is the card's end: its registers read as all
  // ones from then on.
  void to_card(std::size_t at, std::size_t count) {
    if (!m_coherent) {
      copy_to_card(at, count);
    }
  }
  void from_card(std::size_t at, std::size_t count) {
    if (!m_coherent) {
      copy_from_card(at, count);
    }
  }

 protected:
  DmaBuffer(ByteSpan bytes, std::uint64_t address, bool coherent)
      : m_bytes(bytes), m_address(address), m_coherent(coherent) {}

  virtual void copy_to_card(std::size_t at, std::size_t count) = 0;
  virtual void copy_from_card(std::size_t at, std::size_t count) = 0;

 private:
  ByteSpan m_bytes;
  std::uint64_t m_address;
  bool m_coherent;
};

class Card : public RegisterPort {
 public:
  virtual Expected<std::unique_ptr<DmaBuffer>> allocate(std::size_t bytes) = 0;

  // A simulated card whose clock stands still but for run() and accesses to its registers.
  virtual bool stepped() const = 0;
  // Only for a stepped card.
  virtual void run(std::uint32_t cycles) = 0;

  // As after power-up: rings stopped, SAs, keys and packets gone. No buffer may be in use by the caller.
  virtual Expected<> reset() = 0;
};

}  // namespace espgate::driver::card
