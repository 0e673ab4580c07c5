#include "sa/lifetimes.h"

#include <algorithm>
#include <array>

namespace espgate::ike {

Instant draw_delay(Instant longest, Random& random) {
  if (longest <= Instant{}) {
    return {};
  }
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  const auto range = static_cast<std::uint64_t>(longest.count()) + 1;
  return Instant(static_cast<std::int64_t>(load_be64(bytes) % range));
}

VolumeLimit draw_volume(const VolumeLimit& limit, Random& random) {
  VolumeLimit drawn{.rekey = limit.rekey, .hard = limit.hard};
  const std::uint64_t longest = std::min({limit.random, limit.rekey, std::uint64_t{1} << 62U});
  if (longest != 0) {
    drawn.rekey -= static_cast<std::uint64_t>(draw_delay(Instant(longest), random).count());
  }
  return drawn;
}

Deadlines draw_deadlines(const Lifetime& lifetime, Environment& environment) {
  Deadlines deadlines;
  if (lifetime.rekey.count() != 0) {
    const Instant early = draw_delay(std::min(lifetime.random, lifetime.rekey), environment.random);
    deadlines.rekey = environment.now + lifetime.rekey - early;
  }
  if (lifetime.hard.count() != 0) {
    deadlines.hard = environment.now + lifetime.hard;
  }
  return deadlines;
}

}  // namespace espgate::ike
