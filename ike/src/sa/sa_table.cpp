#include "sa/sa_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace espgate::ike {

IkeSa& SaTable::add(Environment& environment, IkeSa::Setup setup) {
  const IkeSaId id = setup.id;
  const std::uint64_t spi = setup.own_spi;
  auto& sa = m_by_id[id];
  sa = std::make_unique<IkeSa>(environment, std::move(setup));
  m_by_spi[spi] = id;
  m_touched.insert(id);
  return *sa;
}

IkeSa& SaTable::add_successor(IkeSa& sa, bool initiator, std::uint64_t own_spi, std::uint64_t peer_spi) {
  return add(sa.environment(), {.id = fresh_id(),
                                .initiator = initiator,
                                .own_spi = own_spi,
                                .peer_spi = peer_spi,
                                .local = sa.local(),
                                .remote = sa.remote(),
                                .connection = sa.connection_pointer(),
                                .replaces = sa.id()});
}

std::uint64_t SaTable::fresh_spi(Random& random) const {
  for (;;) {
    std::array<std::uint8_t, 8> bytes{};
    random.fill(bytes);
    const std::uint64_t spi = load_be64(bytes);
    if (spi != 0 && !m_by_spi.contains(spi)) {
      return spi;
    }
  }
}

IkeSa* SaTable::find(IkeSaId id) const {
  const auto at = m_by_id.find(id);
  return at == m_by_id.end() ? nullptr : at->second.get();
}

IkeSa* SaTable::find_by_own_spi(std::uint64_t spi) const {
  const auto at = m_by_spi.find(spi);
  return at == m_by_spi.end() ? nullptr : find(at->second);
}

IkeSa* SaTable::find_by_child(ChildSaId id) const {
  const auto at =
      std::ranges::find_if(m_by_id, [id](const auto& e) { return e.second->children().find(id) != nullptr; });
  return at == m_by_id.end() ? nullptr : at->second.get();
}

IkeSa* SaTable::find_by_init_request(const ResponseCache::Digest& digest) const {
  const auto at = m_by_init_request.find(digest);
  return at == m_by_init_request.end() ? nullptr : find(at->second);
}

void SaTable::remember_init_request(const ResponseCache::Digest& digest, const IkeSa& sa) {
  m_by_init_request[digest] = sa.id();
  m_init_requests[sa.id()] = digest;
}

std::optional<Instant> SaTable::next_timer() const {
  return m_timers.empty() ? std::nullopt : std::optional(m_timers.begin()->first);
}

IkeSa* SaTable::due(Instant now) const {
  return m_timers.empty() || m_timers.begin()->first > now ? nullptr : find(m_timers.begin()->second);
}

void SaTable::settle(Environment& environment) {
  while (!m_touched.empty()) {
    const IkeSaId id = *m_touched.begin();
    m_touched.erase(m_touched.begin());
    IkeSa* sa = find(id);
    if (sa == nullptr) {
      continue;
    }
    if (const auto timer = m_timer_of.find(id); timer != m_timer_of.end()) {
      m_timers.erase({timer->second, id});
      m_timer_of.erase(timer);
    }
    if (sa->state() == SaState::gone) {
      keep_final_response(*sa, environment);
      forget(id);
    } else if (const auto deadline = sa->deadline()) {
      m_timers.emplace(*deadline, id);
      m_timer_of[id] = *deadline;
    }
  }
}

void SaTable::forget(IkeSaId id) {
  if (const auto digest = m_init_requests.find(id); digest != m_init_requests.end()) {
    m_by_init_request.erase(digest->second);
    m_init_requests.erase(digest);
  }
  const auto at = m_by_id.find(id);
  m_by_spi.erase(at->second->own_spi());
  m_by_id.erase(at);
}

void SaTable::keep_final_response(const IkeSa& sa, Environment& environment) {
  const ResponseCache& responses = sa.responses();
  // Expected ID 1 of a responder: only IKE_SA_INIT was answered, which is repeated under no SPI of ours.
  const std::uint32_t first_of_interest = sa.initiator() || sa.is_successor() ? 0 : 1;
  if (!responses.answered() || responses.expected_id() <= first_of_interest) {
    return;
  }
  const Limits& limits = environment.limits;
  while (!m_final_responses.empty() && (m_final_responses.size() >= limits.max_final_responses ||
                                        m_final_responses.front().expires <= environment.now)) {
    m_final_responses.pop_front();
  }
  m_final_responses.push_back(
      {sa.own_spi(), responses.digest(), responses.response(), environment.now + limits.half_open_lifetime});
}

const std::vector<Bytes>* SaTable::final_response(std::uint64_t own_spi, const ResponseCache::Digest& digest,
                                                  Instant now) const {
  for (const FinalResponse& final : m_final_responses) {
    if (final.own_spi == own_spi && final.digest == digest && final.expires > now) {
      return &final.response;
    }
  }
  return nullptr;
}

bool SaTable::has_other(const IkeSa& sa) const {
  return std::ranges::any_of(m_by_id, [&sa](const auto& entry) {
    const IkeSa& other = *entry.second;
    return &other != &sa && other.state() != SaState::gone &&
           (other.remote().address == sa.remote().address ||
            (other.state() == SaState::established && other.remote_id() == sa.remote_id()));
  });
}

std::vector<IkeSa*> SaTable::twins(const IkeSa& sa, const Identity& local, const Identity& remote) const {
  std::vector<IkeSa*> found;
  for (const auto& [id, other] : m_by_id) {
    if (other.get() != &sa && other->state() == SaState::established && !other->is_unsettled() &&
        other->local_id() == local && other->remote_id() == remote) {
      found.push_back(other.get());
    }
  }
  return found;
}

void SaTable::end_others(const IkeSa& sa) {
  for (const auto& [id, other] : m_by_id) {
    const bool established = other->state() == SaState::established || other->state() == SaState::rekeyed ||
                             other->state() == SaState::deleting;
    // What came up after this one was begun, the peer did not know of when it said so: both ends may have
    // begun at the same time.
    if (other.get() != &sa && established && other->established() <= sa.created() &&
        other->established() != Instant{} && other->local_id() == sa.local_id() &&
        other->remote_id() == sa.remote_id()) {
      other->set_state(SaState::gone, "the peer has lost it (INITIAL_CONTACT)");
    }
  }
}

}  // namespace espgate::ike
