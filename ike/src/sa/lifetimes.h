// When SAs are replaced and when they end, drawn from their configured lifetimes.
#pragma once

#include <optional>

#include "sa/environment.h"

namespace espgate::ike {

struct Deadlines {
  std::optional<Instant> rekey;
  std::optional<Instant> hard;
};
Deadlines draw_deadlines(const Lifetime& lifetime, Environment& environment);

// The limit with its random part taken off.
VolumeLimit draw_volume(const VolumeLimit& limit, Random& random);

// Up to `longest`, by chance.
Instant draw_delay(Instant longest, Random& random);

// The earlier one of those that are there.
constexpr std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) {
    return a ? a : b;
  }
  return *a < *b ? a : b;
}

}  // namespace espgate::ike
