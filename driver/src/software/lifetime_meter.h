// What one SA has carried, against its limits (RFC 4301 section 4.4.2.1).
#pragma once

#include <cstdint>

#include "driver/sa.h"
#include "event_queue.h"

namespace espgate::driver::software {

class LifetimeMeter {
 public:
  LifetimeMeter() = default;
  explicit LifetimeMeter(const Lifetime& lifetime) : m_lifetime(lifetime) {}

  // A hard limit is reached: nothing more may be carried.
  bool expired() const { return m_packets >= m_lifetime.hard_packets || m_bytes >= m_lifetime.hard_bytes; }
  void drop() { ++m_dropped; }
  // Counts a packet that was carried; the limits that it reached.
  EventKinds carry(std::uint64_t bytes) {
    const bool soft_before = soft();
    const bool hard_before = expired();
    ++m_packets;
    m_bytes += bytes;
    return static_cast<EventKinds>(kinds_of(Event::Kind::soft_expired, !soft_before && soft()) |
                                   kinds_of(Event::Kind::hard_expired, !hard_before && expired()));
  }

  std::uint64_t packets() const { return m_packets; }
  std::uint64_t bytes() const { return m_bytes; }
  std::uint64_t dropped() const { return m_dropped; }

 private:
  bool soft() const { return m_packets >= m_lifetime.soft_packets || m_bytes >= m_lifetime.soft_bytes; }

  Lifetime m_lifetime;
  std::uint64_t m_packets = 0;
  std::uint64_t m_bytes = 0;
  std::uint64_t m_dropped = 0;
};

}  // namespace espgate::driver::software
