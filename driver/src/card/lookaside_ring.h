// The descriptor and completion rings of one direction. Nothing here allocates, locks or enters the kernel
// after create(), as long as the rings' memory is coherent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"
#include "card/card.h"
#include "driver/engine.h"

namespace espgate::driver::card {

class LookasideRing {
 public:
  // As docs/hardware/lookaside.md describes a descriptor.
  struct Request {
    std::uint64_t input = 0;   // address for the card, a multiple of 64
    std::uint64_t output = 0;  // likewise
    std::uint32_t length = 0;
    std::uint32_t capacity = 0;
    std::uint32_t sa = 0;
    std::uint8_t spd = 0;
    RequestKind kind = RequestKind::protect;
  };
  struct Done {
    std::uint64_t cookie = 0;
    std::uint32_t length = 0;
    std::uint32_t sa = 0;
    std::uint64_t next_hop = 0;
    std::uint8_t verdict = 0;
    std::uint8_t error = 0;
  };

  // 2^log2 entries. The card must outlive the ring.
  static Expected<LookasideRing> create(Card& card, Direction direction, std::uint32_t log2);
  // Tells the card of the rings, emptied, and lets it run. For a card that has been reset.
  Expected<> start();

  std::uint32_t entries() const { return m_entries; }
  // Requests that were posted and whose completions have not been taken.
  std::uint32_t in_flight() const { return m_posted - m_taken; }
  bool full() const { return in_flight() == m_entries; }
  // The entry that the next request takes, and that the next completion is in.
  std::uint32_t next_entry() const { return m_posted & (m_entries - 1); }
  std::uint32_t oldest_entry() const { return m_taken & (m_entries - 1); }

  // The caller guarantees that the ring is not full. The card sees it with the next announce().
  void post(const Request& request);
  void announce();

  // The next completion, when it is in memory. `cookie` is what expected_cookie() was, unless the card errs.
  std::optional<Done> take();
  std::uint64_t expected_cookie() const { return cookie_of(m_taken); }
  // Whether the completions of everything that was posted are in memory.
  bool finished();
  // Posted and not finished, as the card sees it; UINT32_MAX when it does not answer.
  std::uint32_t unfinished_at_card();

 private:
  LookasideRing(Card& card, Direction direction, std::uint32_t log2, std::unique_ptr<DmaBuffer> descriptors,
                std::unique_ptr<DmaBuffer> completions);

  // Numbers that no memory holds by chance.
  static constexpr std::uint64_t cookie_of(std::uint32_t index) {
    return std::uint64_t{0x45535047} << 32U | index;
  }
  bool is_there(std::uint32_t index);

  Card* m_card;
  Direction m_direction;
  std::uint32_t m_base;  // of the ring's registers
  std::uint32_t m_log2;
  std::uint32_t m_entries;
  std::unique_ptr<DmaBuffer> m_descriptors;
  std::unique_ptr<DmaBuffer> m_completions;
  std::uint32_t m_posted = 0;
  std::uint32_t m_announced = 0;
  std::uint32_t m_taken = 0;
};

}  // namespace espgate::driver::card
