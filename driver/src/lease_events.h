// Event::lease_low at most once for each lease of each outbound SA, in a queue that cannot overflow: it holds
// at most one entry per row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "driver/engine.h"

namespace espgate::driver {

class LeaseEvents {
 public:
  explicit LeaseEvents(std::uint32_t rows) : m_reported(rows, true) { m_queue.reserve(rows); }

  // A lease begins (SA added, or lease renewed): what an earlier lease reported and nobody has polled is
  // void.
  void begin_lease(std::uint32_t row) {
    forget(row);
    m_reported[row] = false;
  }
  // The SA is gone; nothing more is reported for it.
  void end(std::uint32_t row) {
    forget(row);
    m_reported[row] = true;
  }
  bool reported(std::uint32_t row) const { return m_reported[row]; }
  // The number of a packet of this row reached lease_low.
  void lease_low(std::uint32_t row) {
    if (!m_reported[row]) {
      m_reported[row] = true;
      m_queue.push_back(row);
    }
  }

  std::size_t poll(std::span<Event> events) {
    const std::size_t count = events.size() < m_queue.size() ? events.size() : m_queue.size();
    for (std::size_t i = 0; i < count; ++i) {
      events[i] = {.kind = Event::Kind::lease_low, .sa = {m_queue[i]}};
    }
    m_queue.erase(m_queue.begin(), m_queue.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

 private:
  void forget(std::uint32_t row) { std::erase(m_queue, row); }

  std::vector<bool> m_reported;
  std::vector<std::uint32_t> m_queue;
};

}  // namespace espgate::driver
