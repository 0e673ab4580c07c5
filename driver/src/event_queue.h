// What the packets of both directions raised, in order, until somebody polls it. Bounded; allocates once, at
// construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "driver/engine.h"

namespace espgate::driver {

// A set of Event::Kind: bit k stands for the kind of value k.
using EventKinds = std::uint8_t;

inline constexpr unsigned event_kind_count = 6;
inline constexpr EventKinds all_event_kinds = (1U << event_kind_count) - 1;

constexpr EventKinds kinds_of(Event::Kind kind, bool raised = true) {
  return static_cast<EventKinds>((raised ? 1U : 0U) << static_cast<unsigned>(kind));
}

class EventQueue {
 public:
  // Entries, each of which holds what one packet raised.
  static constexpr std::size_t capacity = 1024;

  EventQueue() { m_entries.reserve(capacity); }

  bool full() const { return m_entries.size() == capacity; }
  // False when the queue is full, and the entry is lost.
  bool push(Direction direction, std::uint32_t row, EventKinds kinds) {
    if (m_entries.size() == capacity) {
      return false;
    }
    m_entries.push_back({direction, row, kinds});
    return true;
  }

  std::size_t poll(std::span<Event> events) {
    std::size_t count = 0;
    std::size_t done = 0;
    for (; done < m_entries.size() && count < events.size(); ++done) {
      Entry& entry = m_entries[done];
      for (unsigned kind = 0; kind < event_kind_count && count < events.size(); ++kind) {
        const auto bit = static_cast<EventKinds>(1U << kind);
        if ((entry.kinds & bit) != 0) {
          entry.kinds = static_cast<EventKinds>(entry.kinds & ~bit);
          events[count++] = {
              .kind = static_cast<Event::Kind>(kind), .direction = entry.direction, .sa = {entry.row}};
        }
      }
      if (entry.kinds != 0) {
        break;
      }
    }
    m_entries.erase(m_entries.begin(), m_entries.begin() + static_cast<std::ptrdiff_t>(done));
    return count;
  }

  // Takes these kinds out of all entries of one row.
  void forget(Direction direction, std::uint32_t row, EventKinds kinds = all_event_kinds) {
    for (Entry& entry : m_entries) {
      if (entry.direction == direction && entry.row == row) {
        entry.kinds = static_cast<EventKinds>(entry.kinds & ~kinds);
      }
    }
    std::erase_if(m_entries, [](const Entry& entry) { return entry.kinds == 0; });
  }

 private:
  struct Entry {
    Direction direction = Direction::outbound;
    std::uint32_t row = 0;
    EventKinds kinds = 0;
  };

  std::vector<Entry> m_entries;  // oldest first
};

}  // namespace espgate::driver
