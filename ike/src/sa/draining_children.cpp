#include "sa/draining_children.h"

namespace espgate::ike {

DrainingChildren::~DrainingChildren() {
  for (const Child& child : m_children) {
    m_handler.remove(child.id);
  }
}

void DrainingChildren::add(ChildSaId id, Instant end) {
  m_handler.stop_outbound(id);
  m_children.push_back({id, end});
  if (m_children.size() > m_max) {
    remove_oldest();
  }
}

std::optional<Instant> DrainingChildren::deadline() const {
  return m_children.empty() ? std::nullopt : std::optional(m_children.front().end);
}

void DrainingChildren::remove_due(Instant now) {
  while (!m_children.empty() && m_children.front().end <= now) {
    remove_oldest();
  }
}

void DrainingChildren::remove_oldest() {
  const ChildSaId id = m_children.front().id;
  m_children.pop_front();
  m_handler.remove(id);
}

}  // namespace espgate::ike
