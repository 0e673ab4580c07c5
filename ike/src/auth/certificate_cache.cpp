#include "auth/certificate_cache.h"

#include <algorithm>
#include <utility>

#include "base/writer.h"
#include "crypto/prf.h"

namespace espgate::ike {
namespace {

// Everything that a verdict depends on besides what is loaded and the time.
CertificateCache::Digest digest_of(std::span<const Certificate> received, const TrustContext& context) {
  Writer all;
  all.u8(static_cast<std::uint8_t>(context.revocation));
  all.u64(context.max_depth);
  all.u64(received.size());
  for (const Certificate& certificate : received) {
    all.bytes(certificate.impl().digest);
  }
  for (const Certificate& authority : context.authorities) {
    all.bytes(authority.impl().digest);
  }
  return sha256(all.view());
}

// The last second at which the chain is as good as it is now: until one of it expires, or a CRL begins or
// ends to count.
std::chrono::sys_seconds good_until(std::span<const Certificate> chain, const TrustContext& context) {
  auto until = std::chrono::sys_seconds::max();
  for (const Certificate& link : chain) {
    until = std::min(until, link.not_after());
  }
  for (const Crl& crl : context.crls) {
    const auto begin = crl.impl().this_update;
    const auto end = crl.impl().next_update;
    for (const auto change : {std::optional(begin), end}) {
      if (change && *change >= context.now) {
        until = std::min(until, *change - std::chrono::seconds(1));
      }
    }
  }
  return until;
}

}  // namespace

std::optional<Certificate> CertificateCache::find(ByteView der) {
  if (m_entries.empty()) {
    return std::nullopt;
  }
  const auto at = m_entries.find(sha256(der));
  if (at == m_entries.end()) {
    return std::nullopt;
  }
  at->second.last_use = ++m_uses;
  return at->second.certificate;
}

Expected<> CertificateCache::verify(const Certificate& certificate, std::span<const Certificate> received,
                                    std::span<const Certificate> ours, TrustContext context) {
  const Digest by = digest_of(received, context);
  const auto known = m_entries.find(certificate.impl().digest);
  if (known != m_entries.end() && known->second.context == by && known->second.from <= context.now &&
      context.now <= known->second.until) {
    return {};
  }
  std::vector<Certificate> intermediates(received.begin(), received.end());
  std::ranges::copy_if(ours, std::back_inserter(intermediates), &Certificate::is_authority);
  context.intermediates = intermediates;
  const auto chain = verify_chain(certificate, context);
  if (!chain) {
    return std::unexpected(chain.error());
  }
  const auto until = good_until(*chain, context);
  for (const Certificate& link : *chain) {
    const bool leaf = link == certificate;
    // Our own need not be kept: only what comes from peers is looked for.
    if (leaf || std::ranges::find(received, link) != received.end()) {
      keep(link, leaf ? &by : nullptr, context.now, until);
    }
  }
  return {};
}

void CertificateCache::keep(const Certificate& certificate, const Digest* context,
                            std::chrono::sys_seconds from, std::chrono::sys_seconds until) {
  if (m_max == 0) {
    return;
  }
  const Digest& digest = certificate.impl().digest;
  auto at = m_entries.find(digest);
  if (at == m_entries.end()) {
    if (m_entries.size() >= m_max) {
      m_entries.erase(
          std::ranges::min_element(m_entries, {}, [](const auto& entry) { return entry.second.last_use; }));
    }
    at = m_entries.emplace(digest, Entry{.certificate = certificate}).first;
  }
  Entry& entry = at->second;
  entry.last_use = ++m_uses;
  if (context != nullptr) {
    entry.context = *context;
    entry.from = from;
    entry.until = until;
  }
}

}  // namespace espgate::ike
