// One entry of the engine's event queue.
#pragma once

#include <cstdint>
#include <optional>

#include "card/registers.h"
#include "driver/engine.h"
#include "event_queue.h"

namespace espgate::driver::card {

// The kinds are numbered alike on both sides.
static_assert(static_cast<std::uint32_t>(Event::Kind::lease_low) == registers::event_kind_lease_low);
static_assert(static_cast<std::uint32_t>(Event::Kind::soft_expired) == registers::event_kind_soft_expired);
static_assert(static_cast<std::uint32_t>(Event::Kind::hard_expired) == registers::event_kind_hard_expired);
static_assert(static_cast<std::uint32_t>(Event::Kind::sequence_exhausted) ==
              registers::event_kind_sequence_exhausted);
static_assert(static_cast<std::uint32_t>(Event::Kind::icv_alarm) == registers::event_kind_icv_alarm);
static_assert(static_cast<std::uint32_t>(Event::Kind::replay_alarm) == registers::event_kind_replay_alarm);
static_assert(event_kind_count == registers::event_data_kinds.width);

struct RaisedEvents {
  Direction direction = Direction::outbound;
  std::uint32_t row = 0;
  EventKinds kinds = 0;
};

// A word in the layout of register event_data; nullopt when it is not valid.
constexpr std::optional<RaisedEvents> raised_events(std::uint32_t word) {
  namespace r = registers;
  const auto get = [word](r::Field field) {
    return word >> field.lsb & ((std::uint32_t{1} << field.width) - 1);
  };
  if (get(r::event_data_valid) == 0) {
    return std::nullopt;
  }
  return RaisedEvents{.direction = get(r::event_data_inbound) != 0 ? Direction::inbound : Direction::outbound,
                      .row = get(r::event_data_index),
                      .kinds = static_cast<EventKinds>(get(r::event_data_kinds))};
}

}  // namespace espgate::driver::card
