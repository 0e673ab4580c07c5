#include "sa/sa_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace espgate::ike {

IkeSa& SaTable::add(Environment& environment, IkeSa::Setup setup) {
  const IkeSaId id = setup.id;
  const std::uint64_t spi = setup.own_spi;
  auto made = std::make_unique<IkeSa>(environment, std::move(setup));
  IkeSa& sa = *made;
  m_by_id.emplace(id, Entry{.sa = std::move(made)});
  m_by_spi[spi] = id;
  touched(sa);
  return sa;
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
  return at == m_by_id.end() ? nullptr : at->second.sa.get();
}

IkeSa* SaTable::find_by_own_spi(std::uint64_t spi) const {
  const auto at = m_by_spi.find(spi);
  return at == m_by_spi.end() ? nullptr : find(at->second);
}

IkeSa* SaTable::find_by_child(ChildSaId id) const {
  IkeSa* sa = find(m_index.with_child(id));
  return sa != nullptr && sa->children().find(id) != nullptr ? sa : nullptr;
}

std::vector<IkeSa*> SaTable::find_by_connection(std::string_view name) const {
  std::vector<IkeSa*> found = candidates(m_index.with_connection(name));
  std::erase_if(found, [name](const IkeSa* sa) { return sa->connection().name != name; });
  return found;
}

std::vector<IkeSa*> SaTable::candidates(std::vector<IkeSaId> indexed) const {
  indexed.insert(indexed.end(), m_touched.begin(), m_touched.end());
  std::ranges::sort(indexed);
  const auto repeated = std::ranges::unique(indexed);
  indexed.erase(repeated.begin(), repeated.end());
  std::vector<IkeSa*> found;
  for (const IkeSaId id : indexed) {
    if (IkeSa* sa = find(id)) {
      found.push_back(sa);
    }
  }
  return found;
}

IkeSa* SaTable::find_by_init_request(const ResponseCache::Digest& digest) const {
  const auto at = m_by_init_request.find(load_be64(digest));
  return at == m_by_init_request.end() ? nullptr : find(at->second);
}

void SaTable::remember_init_request(const ResponseCache::Digest& digest, const IkeSa& sa) {
  const std::uint64_t key = load_be64(digest);
  m_by_init_request[key] = sa.id();
  m_by_id.at(sa.id()).init_request = key;
}

std::optional<Instant> SaTable::next_timer() const {
  return m_timers.empty() ? std::nullopt : std::optional(m_timers.begin()->first);
}

IkeSa* SaTable::due(Instant now) const {
  return m_timers.empty() || m_timers.begin()->first > now ? nullptr : find(m_timers.begin()->second);
}

void SaTable::settle(Environment& environment) {
  while (!m_touched.empty()) {
    const IkeSaId id = m_touched.back();
    m_touched.pop_back();
    const auto at = m_by_id.find(id);
    if (at == m_by_id.end()) {
      continue;
    }
    Entry& entry = at->second;
    const IkeSa& sa = *entry.sa;
    if (sa.state() == SaState::gone) {
      keep_final_response(sa, environment);
      forget(id);
      continue;
    }
    m_index.update(sa, entry.filed);
    move_timer(id, entry, sa.deadline());
  }
}

void SaTable::move_timer(IkeSaId id, Entry& entry, std::optional<Instant> deadline) {
  if (entry.timer == deadline) {
    return;
  }
  if (const auto timer = entry.timer) {
    m_timers.erase({*timer, id});
  }
  if (deadline) {
    m_timers.emplace(*deadline, id);
  }
  entry.timer = deadline;
}

void SaTable::forget(IkeSaId id) {
  const auto at = m_by_id.find(id);
  Entry& entry = at->second;
  move_timer(id, entry, std::nullopt);
  if (const auto key = entry.init_request) {
    m_by_init_request.erase(*key);
  }
  m_index.erase(id, entry.filed);
  m_by_spi.erase(entry.sa->own_spi());
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
  const auto is_other = [&](IkeSaId id) {
    const IkeSa* other = find(id);
    return other != nullptr && other != &sa && other->state() != SaState::gone &&
           (other->remote().address == sa.remote().address ||
            (other->state() == SaState::established && other->remote_id() == sa.remote_id()));
  };
  return std::ranges::any_of(m_touched, is_other) ||
         m_index.any_with_remote_address(sa.remote().address, is_other) ||
         m_index.any_with_remote_id(sa.remote_id(), is_other);
}

std::vector<IkeSa*> SaTable::twins(const IkeSa& sa, const Identity& local, const Identity& remote) const {
  std::vector<IkeSa*> found = candidates(m_index.with_remote_id(remote));
  std::erase_if(found, [&](const IkeSa* other) {
    return other == &sa || other->state() != SaState::established || other->is_unsettled() ||
           other->local_id() != local || other->remote_id() != remote;
  });
  return found;
}

void SaTable::end_others(const IkeSa& sa) {
  for (IkeSa* other : candidates(m_index.with_remote_id(sa.remote_id()))) {
    const bool established = other->state() == SaState::established || other->state() == SaState::rekeyed ||
                             other->state() == SaState::deleting;
    // What came up after this one was begun, the peer did not know of when it said so: both ends may have
    // begun at the same time.
    if (other != &sa && established && other->established() <= sa.created() &&
        other->established() != Instant{} && other->local_id() == sa.local_id() &&
        other->remote_id() == sa.remote_id()) {
      other->set_state(SaState::gone, "the peer has lost it (INITIAL_CONTACT)");
    }
  }
}

}  // namespace espgate::ike
