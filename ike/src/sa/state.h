// States of an IKE SA and the moves between them.
#pragma once

#include <cstdint>
#include <string_view>

namespace espgate::ike {

// init_sent    initiator: IKE_SA_INIT request sent
// half_open    responder: IKE_SA_INIT answered, IKE_AUTH awaited
// auth_sent    initiator: keys agreed upon, IKE_AUTH request sent
// established  both ends have proved who they are
// rekeyed      another one has taken its place; the peer is to delete it
// deleting     our delete, or our notice that authentication failed, is under way
// gone         nothing more happens; the stack takes it away at the end of the call
enum class SaState : std::uint8_t {
  created,
  init_sent,
  half_open,
  auth_sent,
  established,
  rekeyed,
  deleting,
  gone
};

bool is_legal(SaState from, SaState to);
std::string_view to_string(SaState state);

}  // namespace espgate::ike
