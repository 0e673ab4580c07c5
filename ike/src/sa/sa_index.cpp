#include "sa/sa_index.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace espgate::ike {
namespace {

enum class Kind : std::uint8_t { remote_address, remote_id, connection };

std::uint64_t key_of(Kind kind, std::string_view text) {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>{}(text) + spread * static_cast<std::uint64_t>(kind);
}

std::uint64_t key_of(Kind kind, ByteView bytes) {
  return key_of(kind, std::string(bytes.begin(), bytes.end()));
}

}  // namespace

SaIndex::Keys SaIndex::keys_of(const IkeSa& sa) {
  return {key_of(Kind::remote_address, sa.remote().address.bytes()),
          key_of(Kind::remote_id, sa.remote_id().data), key_of(Kind::connection, sa.connection().name)};
}

void SaIndex::update(const IkeSa& sa) {
  const Keys now = keys_of(sa);
  const auto [at, fresh] = m_keys.emplace(sa.id(), now);
  if (!fresh && at->second != now) {
    for (const std::uint64_t key : at->second) {
      m_by_key.erase({key, sa.id()});
    }
    at->second = now;
  } else if (!fresh) {
    update_children(sa);
    return;
  }
  for (const std::uint64_t key : now) {
    m_by_key.emplace(key, sa.id());
  }
  update_children(sa);
}

void SaIndex::update_children(const IkeSa& sa) {
  const std::vector<Child>& children = sa.children().all();
  std::vector<ChildSaId>& known = m_children[sa.id()];
  const auto id_of = [](const Child& child) { return child.view.id; };
  if (std::ranges::equal(children, known, {}, id_of)) {
    return;
  }
  for (const ChildSaId id : known) {
    const auto at = m_by_child.find(id);
    // It may have moved to another IKE SA meanwhile.
    if (at != m_by_child.end() && at->second == sa.id()) {
      m_by_child.erase(at);
    }
  }
  known.clear();
  std::ranges::transform(children, std::back_inserter(known), id_of);
  for (const ChildSaId id : known) {
    m_by_child[id] = sa.id();
  }
}

void SaIndex::erase(IkeSaId id) {
  if (const auto keys = m_keys.find(id); keys != m_keys.end()) {
    for (const std::uint64_t key : keys->second) {
      m_by_key.erase({key, id});
    }
    m_keys.erase(keys);
  }
  if (const auto children = m_children.find(id); children != m_children.end()) {
    for (const ChildSaId child : children->second) {
      const auto at = m_by_child.find(child);
      if (at != m_by_child.end() && at->second == id) {
        m_by_child.erase(at);
      }
    }
    m_children.erase(children);
  }
}

bool SaIndex::any_with_remote_address(const IpAddress& address,
                                      const std::function<bool(IkeSaId)>& wanted) const {
  return any_with_key(key_of(Kind::remote_address, address.bytes()), wanted);
}

bool SaIndex::any_with_remote_id(const Identity& identity, const std::function<bool(IkeSaId)>& wanted) const {
  return any_with_key(key_of(Kind::remote_id, identity.data), wanted);
}

std::vector<IkeSaId> SaIndex::with_remote_id(const Identity& identity) const {
  return with_key(key_of(Kind::remote_id, identity.data));
}

std::vector<IkeSaId> SaIndex::with_connection(std::string_view name) const {
  return with_key(key_of(Kind::connection, name));
}

IkeSaId SaIndex::with_child(ChildSaId id) const {
  const auto at = m_by_child.find(id);
  return at == m_by_child.end() ? 0 : at->second;
}

bool SaIndex::any_with_key(std::uint64_t key, const std::function<bool(IkeSaId)>& wanted) const {
  for (auto at = m_by_key.lower_bound({key, 0}); at != m_by_key.end() && at->first == key; ++at) {
    if (wanted(at->second)) {
      return true;
    }
  }
  return false;
}

std::vector<IkeSaId> SaIndex::with_key(std::uint64_t key) const {
  std::vector<IkeSaId> found;
  any_with_key(key, [&found](IkeSaId id) {
    found.push_back(id);
    return false;
  });
  return found;
}

}  // namespace espgate::ike
