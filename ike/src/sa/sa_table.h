// All IKE SAs of a stack: found by SPI, by ID, by the IKE_SA_INIT request they came from, and by their
// timers.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "sa/ike_sa.h"
#include "sa/sa_index.h"

namespace espgate::ike {

class SaTable final : public Neighbours {
 public:
  SaTable() = default;

  IkeSa& add(Environment& environment, IkeSa::Setup setup);
  // A new ID, and a new SPI that no IKE SA of ours has.
  IkeSaId fresh_id() { return ++m_last_id; }
  std::uint64_t fresh_spi(Random& random) const override;

  IkeSa* find(IkeSaId id) const override;
  IkeSa* find_by_own_spi(std::uint64_t spi) const;
  IkeSa* find_by_child(ChildSaId id) const;
  // By ascending ID.
  std::vector<IkeSa*> find_by_connection(std::string_view name) const;
  // The responder IKE SA that this very request made (RFC 7296 section 2.1).
  IkeSa* find_by_init_request(const ResponseCache::Digest& digest) const;
  void remember_init_request(const ResponseCache::Digest& digest, const IkeSa& sa);
  struct Entry {
    std::unique_ptr<IkeSa> sa;
    std::optional<Instant> timer{};  // as it stands in m_timers
    SaIndex::Filed filed{};
    std::optional<std::uint64_t> init_request{};
  };
  const std::map<IkeSaId, Entry>& all() const { return m_by_id; }

  std::optional<Instant> next_timer() const;
  // The IKE SA whose timer is due; nullptr when there is none.
  IkeSa* due(Instant now) const;

  // After each input: moves timers, and takes away what is gone.
  void settle(Environment& environment);

  // The last answer of an IKE SA that is gone, for a request that is repeated because the answer got lost.
  const std::vector<Bytes>* final_response(std::uint64_t own_spi, const ResponseCache::Digest& digest,
                                           Instant now) const;

  bool has_other(const IkeSa& sa) const override;
  void end_others(const IkeSa& sa) override;
  std::vector<IkeSa*> twins(const IkeSa& sa, const Identity& local, const Identity& remote) const override;
  IkeSa& add_successor(IkeSa& sa, bool initiator, std::uint64_t own_spi, std::uint64_t peer_spi) override;
  void touched(const IkeSa& sa) override {
    if (m_touched.empty() || m_touched.back() != sa.id()) {
      m_touched.push_back(sa.id());
    }
  }

 private:
  struct FinalResponse {
    std::uint64_t own_spi = 0;
    ResponseCache::Digest digest{};
    std::vector<Bytes> response;
    Instant expires{};
  };
  void keep_final_response(const IkeSa& sa, Environment& environment);
  void forget(IkeSaId id);
  // Those that the index names, and those that it does not know yet as they are.
  std::vector<IkeSa*> candidates(std::vector<IkeSaId> indexed) const;

  void move_timer(IkeSaId id, Entry& entry, std::optional<Instant> deadline);

  std::map<IkeSaId, Entry> m_by_id;
  std::unordered_map<std::uint64_t, IkeSaId> m_by_spi;
  // By the first bytes of the request's digest: enough to tell requests apart that somebody has not made for
  // 2^64 tries to be alike.
  std::unordered_map<std::uint64_t, IkeSaId> m_by_init_request;
  std::set<std::pair<Instant, IkeSaId>> m_timers;
  // Some more than once.
  std::vector<IkeSaId> m_touched;
  SaIndex m_index;
  std::deque<FinalResponse> m_final_responses;
  IkeSaId m_last_id = 0;
};

}  // namespace espgate::ike
