#include "sad.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace espgate::offload {

Sa& Sad::insert(Sa sa) {
  const std::uint32_t id = sa.id;
  Sa& stored = m_sas.emplace(id, std::move(sa)).first->second;
  m_by_entry[stored.name].push_back(&stored);
  m_by_outbound[stored.outbound.value] = &stored;
  m_by_inbound[stored.inbound.value] = &stored;
  return stored;
}

void Sad::erase(std::uint32_t id) {
  const auto found = m_sas.find(id);
  if (found == m_sas.end()) {
    return;
  }
  Sa& sa = found->second;
  if (const auto entry = m_by_entry.find(sa.name); entry != m_by_entry.end()) {
    std::erase(entry->second, &sa);
    if (entry->second.empty()) {
      m_by_entry.erase(entry);
    }
  }
  m_by_outbound.erase(sa.outbound.value);
  m_by_inbound.erase(sa.inbound.value);
  m_sas.erase(found);
}

void Sad::use_outbound(std::uint32_t id) {
  Sa* sa = find(id);
  if (sa == nullptr || !sa->receive_only) {
    return;
  }
  sa->receive_only = false;
  std::vector<Sa*>& entry = m_by_entry[sa->name];
  std::erase(entry, sa);
  entry.push_back(sa);
}

void Sad::stop_outbound(std::uint32_t id) {
  if (Sa* sa = find(id)) {
    sa->receive_only = true;
  }
}

Sa* Sad::find(std::uint32_t id) {
  const auto found = m_sas.find(id);
  return found == m_sas.end() ? nullptr : &found->second;
}

Sa* Sad::find_by_outbound(driver::SaIndex index) {
  const auto found = m_by_outbound.find(index.value);
  return found == m_by_outbound.end() ? nullptr : found->second;
}

Sa* Sad::find_by_inbound(driver::SaIndex index) {
  const auto found = m_by_inbound.find(index.value);
  return found == m_by_inbound.end() ? nullptr : found->second;
}

void Sad::rows_changed() {
  m_by_outbound.clear();
  m_by_inbound.clear();
  for (auto& [id, sa] : m_sas) {
    m_by_outbound[sa.outbound.value] = &sa;
    m_by_inbound[sa.inbound.value] = &sa;
  }
}

const Sa* Sad::choose_outbound(const std::string& entry, const PacketFields& fields) const {
  const auto found = m_by_entry.find(entry);
  if (found == m_by_entry.end()) {
    return nullptr;
  }
  for (const Sa* sa : std::views::reverse(found->second)) {
    if (!sa->receive_only &&
        std::ranges::any_of(sa->selectors, [&](const Selector& s) { return s.matches_outbound(fields); })) {
      return sa;
    }
  }
  return nullptr;
}

}  // namespace espgate::offload
