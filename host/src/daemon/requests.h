// What the requests of the control socket say, checked.
#pragma once

#include <optional>
#include <string>

#include "daemon/waits.h"
#include "ike/stack.h"
#include "vici/message.h"

namespace espgate::host::daemon {

// Which SAs a request is about. Without any key it is about all.
struct SaFilter {
  std::string ike;
  std::string child;
  std::optional<ike::IkeSaId> ike_id;
  std::optional<ike::ChildSaId> child_id;

  static Expected<SaFilter> parse(const vici::Message& request);
  bool names_child() const { return !child.empty() || child_id.has_value(); }
  bool empty() const { return ike.empty() && !ike_id && !names_child(); }
  bool matches(const ike::IkeSaView& sa) const;
  bool matches(const ike::ChildSaView& child_sa) const;
};

// strongSwan's timeout, in milliseconds: 0, or absent, waits; -1 does not wait at all.
struct Timeout {
  bool wait = true;
  Patience patience;

  static Expected<Timeout> parse(const vici::Message& request);
};

// yes or no; `otherwise` when the key is not there.
Expected<bool> parse_flag(const vici::Message& request, std::string_view key, bool otherwise);

}  // namespace espgate::host::daemon
