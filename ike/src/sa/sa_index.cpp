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
  std::string text(bytes.begin(), bytes.end());
  return key_of(kind, text);
}

std::array<std::uint64_t, 3> keys_of(const IkeSa& sa) {
  return {key_of(Kind::remote_address, sa.remote().address.bytes()),
          key_of(Kind::remote_id, sa.remote_id().data), key_of(Kind::connection, sa.connection().name)};
}

}  // namespace

void SaIndex::update(const IkeSa& sa, Filed& filed) {
  const auto now = keys_of(sa);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (filed.anywhere && filed.keys.at(i) == now.at(i)) {
      continue;
    }
    if (filed.anywhere) {
      m_by_key.erase({filed.keys.at(i), sa.id()});
    }
    m_by_key.emplace(now.at(i), sa.id());
  }
  filed.keys = now;
  filed.anywhere = true;
  update_children(sa, filed);
}

void SaIndex::update_children(const IkeSa& sa, Filed& filed) {
  const std::vector<Child>& children = sa.children().all();
  const auto id_of = [](const Child& child) { return child.view.id; };
  if (std::ranges::equal(children, filed.children, {}, id_of)) {
    return;
  }
  erase_children(sa.id(), filed);
  filed.children.clear();
  std::ranges::transform(children, std::back_inserter(filed.children), id_of);
  for (const ChildSaId id : filed.children) {
    m_by_child[id] = sa.id();
  }
}

void SaIndex::erase_children(IkeSaId id, const Filed& filed) {
  for (const ChildSaId child : filed.children) {
    const auto at = m_by_child.find(child);
    // It may have moved to another IKE SA meanwhile.
    if (at != m_by_child.end() && at->second == id) {
      m_by_child.erase(at);
    }
  }
}

void SaIndex::erase(IkeSaId id, const Filed& filed) {
  if (filed.anywhere) {
    for (const std::uint64_t key : filed.keys) {
      m_by_key.erase({key, id});
    }
  }
  erase_children(id, filed);
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
