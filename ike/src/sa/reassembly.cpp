#include "sa/reassembly.h"

#include <algorithm>
#include <utility>

namespace espgate::ike {

bool Reassembly::continues(const wire::Header& header, const wire::FragmentPayload& fragment) const {
  return m_parts != nullptr && header.message_id == m_parts->message_id && fragment.total <= m_parts->total;
}

Result<> Reassembly::wants(const wire::Header& header, const wire::FragmentPayload& fragment) const {
  if (fragment.total > m_limits.max_fragments) {
    return std::unexpected(Reason::fragment_refused);
  }
  if (!continues(header, fragment)) {
    return {};
  }
  if (header.exchange != m_parts->exchange || fragment.total < m_parts->total) {
    return std::unexpected(Reason::fragment_refused);
  }
  if (m_parts->of_number.contains(fragment.number)) {
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
  if (!continues(header, fragment)) {
    m_parts = std::make_unique<Parts>(
        Parts{.message_id = header.message_id, .exchange = header.exchange, .total = fragment.total});
  }
  Parts& parts = *m_parts;
  if (parts.bytes + payloads.size() > m_limits.max_message_bytes) {
    m_parts.reset();
    return std::unexpected(Reason::fragment_refused);
  }
  parts.bytes += payloads.size();
  if (fragment.number == 1) {
    parts.first = fragment.first_inner;
    parts.first_digest = datagram_digest;
  }
  parts.of_number.emplace(fragment.number, std::move(payloads));
  if (parts.of_number.size() < parts.total) {
    return std::nullopt;
  }
  Whole whole{parts.first, Secret(parts.bytes), parts.first_digest};
  auto to = whole.payloads.span().begin();
  for (const auto& [number, part] : parts.of_number) {
    to = std::ranges::copy(part.view(), to).out;
  }
  m_parts.reset();
  return whole;
}

}  // namespace espgate::ike
