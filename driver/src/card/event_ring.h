// The event ring in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"
#include "card/card.h"
#include "card/raised_events.h"

namespace espgate::driver::card {

class EventRing {
 public:
  // The card must outlive the ring.
  static Expected<EventRing> create(Card& card);
  // Empties the ring and lets the card fill it. For a card that has been reset.
  Expected<> start();

  // The oldest event in memory; nullopt when there is none, or the card wrote something that is no event.
  std::optional<RaisedEvents> take();
  // Tells the card of the room that take() has made. A register write, unless nothing was taken since.
  void make_room();
  // Whether the card has more events than take() has given: still in its queue, or on their way to memory. An
  // error when it does not answer. Some register reads.
  Expected<bool> more_at_card();

 private:
  EventRing(Card& card, std::unique_ptr<DmaBuffer> entries) : m_card(&card), m_entries(std::move(entries)) {}

  Card* m_card;
  std::unique_ptr<DmaBuffer> m_entries;
  std::uint32_t m_taken = 0;
  std::uint32_t m_told = 0;
};

}  // namespace espgate::driver::card
