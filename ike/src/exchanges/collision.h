// Both ends replace the same SA at the same time (RFC 7296 sections 2.8.1 and 2.25).
#pragma once

#include <algorithm>

#include "sa/ike_sa.h"

namespace espgate::ike {

// Byte by byte; of two of which one begins the other, the shorter (RFC 7296 section 2.8.1).
inline bool is_lower(ByteView a, ByteView b) {
  return std::ranges::lexicographical_compare(a, b);
}
inline Bytes lower_of(ByteView a, ByteView b) {
  const ByteView lower = is_lower(a, b) ? a : b;
  return {lower.begin(), lower.end()};
}

// What is in the way now and will not be for long.
inline Reply temporary_failure(IkeSa& sa) {
  sa.environment().counters.count(Reason::temporary_failure);
  return {{wire::NotifyPayload{.notify = wire::NotifyType::temporary_failure}}, std::nullopt};
}

// An authenticated request that makes no sense ends the IKE SA (RFC 7296 section 2.21.3).
inline Reply invalid_syntax(IkeSa& sa, Reason counter, const std::string& what) {
  sa.environment().counters.count(counter);
  return {{wire::NotifyPayload{.notify = wire::NotifyType::invalid_syntax}},
          Reply::Move{SaState::gone, "INVALID_SYNTAX: " + what}};
}

// RFC 7296 section 1.3: the group to try again with.
inline Reply invalid_ke_payload(IkeSa& sa, Group group) {
  sa.environment().counters.count(Reason::group_mismatch);
  wire::NotifyPayload notify{.notify = wire::NotifyType::invalid_ke_payload, .data = Bytes(2)};
  store_be16(notify.data, 0, std::to_underlying(group));
  return {{std::move(notify)}, std::nullopt};
}

}  // namespace espgate::ike
