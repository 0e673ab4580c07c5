// What every IKE SA of a stack shares: the inputs given to the stack and the outputs collected from it.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "auth/certificate_cache.h"
#include "config/config_store.h"
#include "ike/stack.h"
#include "reason.h"
#include "sa/draining_children.h"

namespace espgate::ike {

class IkeSa;

// The other IKE SAs of the stack, as one of them needs to see them.
class Neighbours {
 public:
  virtual ~Neighbours() = default;
  // Whether there is another IKE SA with the same peer.
  virtual bool has_other(const IkeSa& sa) const = 0;
  // The peer says that `sa` is its only one with us (RFC 7296 section 2.4, INITIAL_CONTACT).
  virtual void end_others(const IkeSa& sa) = 0;
  // The established IKE SAs with these identities, `sa` not among them.
  virtual std::vector<IkeSa*> twins(const IkeSa& sa, const Identity& local, const Identity& remote) const = 0;
  virtual IkeSa* find(IkeSaId id) const = 0;
  // An SPI that no IKE SA of ours has.
  virtual std::uint64_t fresh_spi(Random& random) const = 0;
  // A new IKE SA with the same peer, to take over from `sa`; it has no keys yet.
  virtual IkeSa& add_successor(IkeSa& sa, bool initiator, std::uint64_t own_spi, std::uint64_t peer_spi) = 0;
  // Something happened to the IKE SA: its timer may have moved, or it may be gone.
  virtual void touched(const IkeSa& sa) = 0;
};

// Responder IKE SAs that are not authenticated yet, per source address.
class HalfOpenTable {
 public:
  void add(const IpAddress& source) {
    ++m_sources[source];
    ++m_total;
  }
  void remove(const IpAddress& source) {
    const auto at = m_sources.find(source);
    if (at != m_sources.end()) {
      --m_total;
      if (--at->second == 0) {
        m_sources.erase(at);
      }
    }
  }
  std::size_t total() const { return m_total; }
  std::size_t from(const IpAddress& source) const {
    const auto at = m_sources.find(source);
    return at == m_sources.end() ? 0 : at->second;
  }

 private:
  std::map<IpAddress, std::size_t> m_sources;
  std::size_t m_total = 0;
};

// A child to be brought up again, a handshake to be begun anew, or an IKE SA in place of one that cannot be
// rekeyed.
struct Restart {
  Instant at{};
  std::string connection;
  std::vector<std::string> children{};  // an empty name: the IKE SA alone
  // The IKE SA whose handshake got no answer, and how often that has been so; 0 otherwise.
  IkeSaId instead_of = 0;
  unsigned failures = 0;
  // The IKE SA that the new one takes over from, without being its successor by rekeying; 0 otherwise.
  IkeSaId supersedes = 0;
};

struct Environment {
  Random& random;
  ChildSaHandler& handler;
  Neighbours& neighbours;
  const Limits limits;
  // Of the call that is being handled.
  Instant now{};
  // The time of day when Instant was 0; unknown until it is told.
  std::optional<std::chrono::sys_seconds> day_of_instant_zero{};
  ConfigStore config{};
  Counters counters{};
  HalfOpenTable half_open{};
  std::vector<Datagram> datagrams{};
  std::vector<Event> events{};
  std::vector<Stack::Keepalive> keepalives{};
  std::vector<Restart> restarts{};
  CertificateCache verified{limits.max_verified_certificates};
  DrainingChildren draining{handler, limits.max_draining};
  ChildSaId last_child_id = 0;
};

}  // namespace espgate::ike
