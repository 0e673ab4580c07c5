// Peers' certificates that have been verified, and how long that holds: a peer that comes again is not
// verified anew, as long as everything is the same that its verification went by.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "auth/certificate_verifier.h"

namespace espgate::ike {

class CertificateCache {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  // At most `max` certificates; those that were not used for the longest time go first. 0: none.
  explicit CertificateCache(std::size_t max) : m_max(max) {}

  // A certificate that a chain once led through, as it came from a peer.
  std::optional<Certificate> find(ByteView der);
  // verify_chain(), unless it is known what it would say. `received` are the intermediates that came with the
  // certificate; `ours` are those that are loaded, as are all trust anchors and CRLs but those that
  // `context` has from elsewhere: when what is loaded changes, clear() must be called.
  Expected<> verify(const Certificate& certificate, std::span<const Certificate> received,
                    std::span<const Certificate> ours, TrustContext context);
  void clear() { m_entries.clear(); }
  std::size_t size() const { return m_entries.size(); }

 private:
  struct Entry {
    Certificate certificate;
    std::uint64_t last_use = 0;
    // What the verdict went by, and from when to when that can have no other outcome. Only certificates that
    // are good are kept.
    Digest context{};
    std::chrono::sys_seconds from{};
    std::chrono::sys_seconds until{};
  };
  void keep(const Certificate& certificate, const Digest* context, std::chrono::sys_seconds from,
            std::chrono::sys_seconds until);

  std::size_t m_max;
  std::uint64_t m_uses = 0;
  std::map<Digest, Entry> m_entries;
};

}  // namespace espgate::ike
