#include "sa/child_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "negotiation/proposal_selection.h"
#include "sa/lifetimes.h"

namespace espgate::ike {
namespace {

std::optional<Instant> next_of(const ChildSaView& view) {
  return earlier(view.rekey_at, view.expires_at);
}

}  // namespace

ChildTable::~ChildTable() {
  for (const Child& child : m_children) {
    m_environment.handler.remove(child.view.id);
  }
}

Expected<> ChildTable::install(const ChildSa& sa, const Lifetime& lifetime) {
  if (auto installed = m_environment.handler.install(sa); !installed) {
    return installed;
  }
  const Deadlines deadlines = draw_deadlines(lifetime, m_environment);
  m_children.push_back({.view = {.id = sa.id,
                                 .name = sa.child,
                                 .state = ChildSaState::installed,
                                 .inbound_spi = sa.inbound_spi,
                                 .outbound_spi = sa.outbound_spi,
                                 .proposal = sa.proposal,
                                 .esn = sa.esn,
                                 .udp_encapsulation = sa.udp_encapsulation,
                                 .local_ts = sa.local_ts,
                                 .remote_ts = sa.remote_ts,
                                 .installed = m_environment.now,
                                 .rekey_at = deadlines.rekey,
                                 .expires_at = deadlines.hard},
                        .replaces = sa.replaces,
                        .receive_only = sa.receive_only});
  return {};
}

std::optional<ChildTable::Removed> ChildTable::remove(ChildSaId id) {
  const auto at = std::ranges::find(m_children, id, [](const Child& c) { return c.view.id; });
  if (at == m_children.end()) {
    return std::nullopt;
  }
  Removed removed{.child = std::move(*at)};
  m_children.erase(at);
  // Before the old one leaves the data path, so that no packet finds none.
  for (Child& child : m_children) {
    if (child.replaces == id && child.receive_only && !child.redundant) {
      child.receive_only = false;
      m_environment.handler.use_outbound(child.view.id);
      removed.heir = child.view.id;
    }
  }
  m_environment.handler.remove(id);
  return removed;
}

void ChildTable::move_to(ChildTable& other) {
  std::ranges::move(m_children, std::back_inserter(other.m_children));
  m_children.clear();
}

Child* ChildTable::find(ChildSaId id) {
  const auto at = std::ranges::find(m_children, id, [](const Child& c) { return c.view.id; });
  return at == m_children.end() ? nullptr : &*at;
}

const Child* ChildTable::find(ChildSaId id) const {
  const auto at = std::ranges::find(m_children, id, [](const Child& c) { return c.view.id; });
  return at == m_children.end() ? nullptr : &*at;
}

Child* ChildTable::find_by_outbound_spi(wire::Protocol protocol, std::uint32_t spi) {
  const auto at = std::ranges::find_if(m_children, [&](const Child& c) {
    return c.view.outbound_spi == spi && protocol_of(c.view.proposal) == protocol;
  });
  return at == m_children.end() ? nullptr : &*at;
}

bool ChildTable::has(std::string_view name) const {
  return std::ranges::any_of(m_children, [name](const Child& c) {
    return c.view.name == name && !c.redundant && c.view.state != ChildSaState::deleting;
  });
}

std::optional<Instant> ChildTable::deadline() const {
  std::optional<Instant> first;
  for (const Child& child : m_children) {
    first = earlier(first, next_of(child.view));
  }
  return first;
}

Child* ChildTable::due(Instant now) {
  const auto at = std::ranges::find_if(m_children, [now](const Child& child) {
    const auto next = next_of(child.view);
    return next && *next <= now;
  });
  return at == m_children.end() ? nullptr : &*at;
}

}  // namespace espgate::ike
