#include "sa/reassembly.h"

#include <algorithm>
#include <utility>

namespace espgate::ike {

Result<> Reassembly::wants(const wire::Header& header, const wire::FragmentPayload& fragment) const {
  if (fragment.total > m_limits.max_fragments) {
    return std::unexpected(Reason::fragment_refused);
  }
  if (m_total == 0 || header.message_id != m_message_id || fragment.total > m_total) {
    return {};
  }
  if (header.exchange != m_exchange || fragment.total < m_total) {
    return std::unexpected(Reason::fragment_refused);
  }
  if (m_parts.contains(fragment.number)) {
    return std::unexpected(Reason::fragment_repeated);
  }
  return {};
}

Result<std::optional<Reassembly::Whole>> Reassembly::add(
    const wire::Header& header, const wire::FragmentPayload& fragment, Secret payloads,
    const std::array<std::uint8_t, 32>& datagram_digest) {
  if (const auto wanted = wants(header, fragment); !wanted) {
    return std::unexpected(wanted.error());
  }
  if (m_total == 0 || header.message_id != m_message_id || fragment.total > m_total) {
    clear();
    m_message_id = header.message_id;
    m_exchange = header.exchange;
    m_total = fragment.total;
  }
  if (m_bytes + payloads.size() > m_limits.max_message_bytes) {
    clear();
    return std::unexpected(Reason::fragment_refused);
  }
  m_bytes += payloads.size();
  if (fragment.number == 1) {
    m_first = fragment.first_inner;
    m_first_digest = datagram_digest;
  }
  m_parts.emplace(fragment.number, std::move(payloads));
  if (m_parts.size() < m_total) {
    return std::nullopt;
  }
  Whole whole{m_first, Secret(m_bytes)};
  auto to = whole.payloads.span().begin();
  for (const auto& [number, part] : m_parts) {
    to = std::ranges::copy(part.view(), to).out;
  }
  clear();
  return whole;
}

void Reassembly::clear() {
  m_total = 0;
  m_bytes = 0;
  m_first = wire::PayloadType::none;
  m_parts.clear();
}

}  // namespace espgate::ike
