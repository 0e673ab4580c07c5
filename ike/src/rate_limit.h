#pragma once

#include <chrono>

#include "ike/stack.h"

namespace espgate::ike {

// At most `per_second` in each second, counted from the first that is let through.
class RateLimit {
 public:
  explicit RateLimit(unsigned per_second) : m_per_second(per_second) {}

  bool allow(Instant now) {
    if (m_count == 0 || now - m_start >= std::chrono::seconds(1)) {
      m_start = now;
      m_count = 0;
    }
    if (m_count == m_per_second) {
      return false;
    }
    ++m_count;
    return true;
  }

 private:
  unsigned m_per_second;
  unsigned m_count = 0;
  Instant m_start{};
};

}  // namespace espgate::ike
