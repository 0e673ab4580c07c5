#include "sa/state.h"

#include <algorithm>
#include <array>

namespace espgate::ike {
namespace {

struct Move {
  SaState from;
  SaState to;
};
constexpr std::array moves{
    Move{SaState::created, SaState::init_sent},     Move{SaState::created, SaState::half_open},
    Move{SaState::created, SaState::gone},          Move{SaState::created, SaState::established},
    Move{SaState::init_sent, SaState::auth_sent},   Move{SaState::init_sent, SaState::gone},
    Move{SaState::half_open, SaState::established}, Move{SaState::half_open, SaState::gone},
    Move{SaState::auth_sent, SaState::established}, Move{SaState::auth_sent, SaState::deleting},
    Move{SaState::auth_sent, SaState::gone},        Move{SaState::established, SaState::deleting},
    Move{SaState::established, SaState::gone},      Move{SaState::established, SaState::rekeyed},
    Move{SaState::rekeyed, SaState::deleting},      Move{SaState::rekeyed, SaState::gone},
    Move{SaState::deleting, SaState::gone},
};

}  // namespace

bool is_legal(SaState from, SaState to) {
  return std::ranges::any_of(moves, [&](const Move& move) { return move.from == from && move.to == to; });
}

std::string_view to_string(SaState state) {
  switch (state) {
    case SaState::created:
      return "created";
    case SaState::init_sent:
      return "init_sent";
    case SaState::half_open:
      return "half_open";
    case SaState::auth_sent:
      return "auth_sent";
    case SaState::established:
      return "established";
    case SaState::rekeyed:
      return "rekeyed";
    case SaState::deleting:
      return "deleting";
    case SaState::gone:
      return "gone";
  }
  return "unknown";
}

}  // namespace espgate::ike
