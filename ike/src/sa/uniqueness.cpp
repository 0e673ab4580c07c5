#include "sa/uniqueness.h"

namespace espgate::ike {
namespace {

bool says_initial_contact(const wire::Payloads& request) {
  return wire::find_notify(request, wire::NotifyType::initial_contact) != nullptr;
}

}  // namespace

bool is_welcome(IkeSa& sa, const Identity& local, const Identity& remote, const wire::Payloads& request) {
  if (sa.connection().unique != Unique::keep || says_initial_contact(request)) {
    return true;
  }
  const auto older = sa.environment().neighbours.twins(sa, local, remote);
  // Should the peer have lost them, that shows now.
  for (IkeSa* other : older) {
    sa.environment().neighbours.touched(*other);
    other->check_liveness();
  }
  return older.empty();
}

void end_older(IkeSa& sa, const wire::Payloads& request) {
  Neighbours& neighbours = sa.environment().neighbours;
  const Unique policy = sa.connection().unique;
  if (policy != Unique::never && says_initial_contact(request)) {
    neighbours.end_others(sa);
  }
  if (policy == Unique::replace) {
    for (IkeSa* other : neighbours.twins(sa, sa.local_id(), sa.remote_id())) {
      neighbours.touched(*other);
      other->terminate("replaced by a newer one of the same peer (unique = replace)");
      other->start_exchanges();
    }
  }
}

}  // namespace espgate::ike
