// IKE SAs by what several of them may share: the peer's address, its identity, the connection; and by their
// Child SAs. It may name too many, never too few: who asks looks at the IKE SA itself.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sa/ike_sa.h"

namespace espgate::ike {

class SaIndex {
 public:
  // What an IKE SA is filed under; kept by whoever keeps the IKE SA.
  struct Filed {
    std::array<std::uint64_t, 3> keys{};
    bool anywhere = false;
    std::vector<ChildSaId> children{};
  };
  // Files the IKE SA under what it is now.
  void update(const IkeSa& sa, Filed& filed);
  void erase(IkeSaId id, const Filed& filed);

  // Whether `wanted` is true for one of them: a gateway may have them all with one peer.
  bool any_with_remote_address(const IpAddress& address, const std::function<bool(IkeSaId)>& wanted) const;
  bool any_with_remote_id(const Identity& identity, const std::function<bool(IkeSaId)>& wanted) const;
  // By ascending ID.
  std::vector<IkeSaId> with_remote_id(const Identity& identity) const;
  std::vector<IkeSaId> with_connection(std::string_view name) const;
  // 0 when no IKE SA has the Child SA.
  IkeSaId with_child(ChildSaId id) const;

 private:
  void update_children(const IkeSa& sa, Filed& filed);
  void erase_children(IkeSaId id, const Filed& filed);
  bool any_with_key(std::uint64_t key, const std::function<bool(IkeSaId)>& wanted) const;
  std::vector<IkeSaId> with_key(std::uint64_t key) const;

  std::set<std::pair<std::uint64_t, IkeSaId>> m_by_key;
  std::unordered_map<ChildSaId, IkeSaId> m_by_child;
};

}  // namespace espgate::ike
