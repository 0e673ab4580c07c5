// The Child SAs of an IKE SA, and its replacement by another one (RFC 7296 sections 2.8 and 2.18).
#include <algorithm>
#include <utility>

#include "exchanges/create_child_sa.h"
#include "exchanges/informational.h"
#include "exchanges/rekey_ike_sa.h"
#include "sa/ike_sa.h"
#include "sa/lifetimes.h"

namespace espgate::ike {

bool IkeSa::terminate_child(ChildSaId id) {
  Child* child = m_children.find(id);
  if (child == nullptr) {
    return false;
  }
  // When the whole IKE SA is being deleted, the child goes with it.
  if (m_state == SaState::established && child->view.state != ChildSaState::deleting) {
    child->view.state = ChildSaState::deleting;
    enqueue(std::make_unique<DeleteChildSa>(id));
  }
  return true;
}

bool IkeSa::rekey_child(ChildSaId id) {
  Child* child = m_children.find(id);
  // What has not taken over yet, the peer may not have yet.
  if (child == nullptr || m_state != SaState::established || child->replaced || child->redundant ||
      child->receive_only || child->view.state != ChildSaState::installed) {
    return false;
  }
  child->view.state = ChildSaState::rekeying;
  child->view.rekey_at.reset();
  enqueue(std::make_unique<CreateChildSa>(child->view.name, id));
  return true;
}

Expected<> IkeSa::install_child(const ChildSa& sa, const Lifetime& lifetime) {
  if (auto installed = m_children.install(sa, lifetime); !installed) {
    return installed;
  }
  if (sa.replaces == 0) {
    emit(Event::Kind::child_up, sa.child, {}, sa.id);
  } else if (!sa.receive_only) {
    emit(Event::Kind::child_rekeyed, sa.child, {}, sa.id, sa.replaces);
  }
  m_environment.neighbours.touched(*this);
  return {};
}

void IkeSa::remove_child(ChildSaId id, std::string_view reason, ChildTable::Leaving leaving) {
  auto removed = m_children.remove(id, leaving);
  if (!removed) {
    return;
  }
  const Child& gone = removed->child;
  if (removed->heir != 0) {
    emit(Event::Kind::child_rekeyed, gone.view.name, {}, removed->heir, id);
  } else if (!gone.replaced && !gone.redundant && !gone.receive_only) {
    emit(Event::Kind::child_down, gone.view.name, std::string(reason), id);
  }
  // A replacement that goes before it has taken over: the old one has its place again.
  Child* old = m_children.find(gone.replaces);
  if (old != nullptr && gone.receive_only && !gone.redundant && old->view.state == ChildSaState::rekeyed) {
    old->replaced = false;
    old->view.state = ChildSaState::installed;
    old->view.rekey_at = m_environment.now + limits().retry_delay;
  }
  m_environment.neighbours.touched(*this);
}

void IkeSa::close_child(ChildSaId id) {
  const Child* child = m_children.find(id);
  if (child == nullptr) {
    return;
  }
  const ChildConfig* config = find_child(*m_connection, child->view.name);
  if (config != nullptr && config->close_action == EndAction::start && !child->replaced &&
      !child->redundant && !child->receive_only && child->view.state != ChildSaState::deleting) {
    m_environment.restarts.push_back({.at = m_environment.now + limits().retry_delay,
                                      .connection = m_connection->name,
                                      .children = {config->name}});
  }
  remove_child(id, "deleted by the peer");
}

void IkeSa::close_by_peer() {
  if (m_state == SaState::established) {
    restart_children(&ChildConfig::close_action, m_environment.now + limits().retry_delay);
  }
}

void IkeSa::restart_children(EndAction ChildConfig::* action, Instant at) {
  Restart restart{.at = at, .connection = m_connection->name};
  for (const Child& child : m_children.all()) {
    const ChildConfig* config = find_child(*m_connection, child.view.name);
    if (config != nullptr && config->*action == EndAction::start &&
        std::ranges::find(restart.children, config->name) == restart.children.end()) {
      restart.children.push_back(config->name);
    }
  }
  if (!restart.children.empty()) {
    m_environment.restarts.push_back(std::move(restart));
  }
}

void IkeSa::retire_child(ChildSaId old) {
  if (Child* child = m_children.find(old)) {
    child->replaced = true;
    child->view.state = ChildSaState::rekeyed;
    child->view.rekey_at.reset();
    child->view.expires_at = earlier(child->view.expires_at, m_environment.now + limits().replaced_lifetime);
    m_environment.neighbours.touched(*this);
  }
}

void IkeSa::make_redundant(ChildSaId id) {
  if (Child* child = m_children.find(id)) {
    child->redundant = true;
    child->view.state = ChildSaState::rekeyed;
    child->view.rekey_at.reset();
    child->view.expires_at = earlier(child->view.expires_at, m_environment.now + limits().replaced_lifetime);
    m_environment.neighbours.touched(*this);
  }
}

void IkeSa::rekey_child_failed(ChildSaId id, std::string reason) {
  m_environment.counters.count(Reason::rekey_failed);
  Child* child = m_children.find(id);
  if (child == nullptr) {
    return;
  }
  emit(Event::Kind::rekey_failed, child->view.name, std::move(reason), id);
  if (child->view.state == ChildSaState::rekeying) {
    child->view.state = ChildSaState::installed;
    child->view.rekey_at =
        m_environment.now + limits().retry_delay + draw_delay(limits().retry_delay, m_environment.random);
    m_environment.neighbours.touched(*this);
  }
}

bool IkeSa::has_child(std::string_view name) const {
  const auto brings_up = [&](const Exchange* exchange) {
    return exchange != nullptr && exchange->child_name() == name;
  };
  return m_children.has(name) || brings_up(m_requests.active()) ||
         std::ranges::any_of(m_requests.waiting(), [&](const auto& e) { return brings_up(e.get()); }) ||
         std::ranges::any_of(m_later, [&](const Later& l) { return brings_up(l.exchange.get()); });
}

bool IkeSa::rekey() {
  const auto is_rekey = [](const auto& exchange) { return exchange->work() == Work::rekey_ike; };
  if (m_state != SaState::established || m_heir != 0 || is_unsettled() ||
      (m_requests.active() != nullptr && is_rekey(m_requests.active())) ||
      std::ranges::any_of(m_requests.waiting(), is_rekey)) {
    return false;
  }
  m_rekey_at.reset();
  enqueue(std::make_unique<RekeyIkeSa>());
  return true;
}

void IkeSa::rekey_failed(std::string reason) {
  m_environment.counters.count(Reason::rekey_failed);
  emit(Event::Kind::rekey_failed, {}, std::move(reason));
  m_rekey_at =
      m_environment.now + limits().retry_delay + draw_delay(limits().retry_delay, m_environment.random);
  m_environment.neighbours.touched(*this);
}

bool IkeSa::is_superseded() const {
  const IkeSa* next = m_environment.neighbours.find(m_superseded_by);
  return next != nullptr && next->state() != SaState::gone;
}

bool IkeSa::supersede() {
  // A peer behind a NAT cannot be reached by a first message.
  if (m_state != SaState::established || m_nat_remote || is_superseded()) {
    return false;
  }
  Restart restart{.at = m_environment.now, .connection = m_connection->name, .supersedes = m_id};
  if (!m_initiator) {
    // The peer may be about to do the same: who initiated this one goes first.
    restart.at += 2 * limits().retry_delay;
  }
  for (const Child& child : m_children.all()) {
    if (!child.redundant && child.view.state != ChildSaState::deleting &&
        std::ranges::find(restart.children, child.view.name) == restart.children.end()) {
      restart.children.push_back(child.view.name);
    }
  }
  if (restart.children.empty()) {
    restart.children.emplace_back();
  }
  m_environment.restarts.push_back(std::move(restart));
  return true;
}

// Once all that the old one has is up here, or has been refused.
void IkeSa::finish_superseding() {
  if (m_supersedes == 0 || m_state != SaState::established || m_requests.active() != nullptr ||
      !m_requests.waiting().empty() || !m_later.empty()) {
    return;
  }
  IkeSa* old = m_environment.neighbours.find(std::exchange(m_supersedes, 0));
  if (old == nullptr || old->m_state != SaState::established) {
    return;
  }
  if (m_children.empty() && !old->m_children.empty()) {
    // The old one is better than nothing.
    old->m_superseded_by = 0;
    terminate("the peer gives it none of the Child SAs of the IKE SA that it was to take over from");
  } else {
    m_environment.neighbours.touched(*old);
    old->terminate("another IKE SA has taken over, since the peer refused to rekey");
    old->start_exchanges();
  }
}

IkeSa& IkeSa::add_successor(bool initiator, std::uint64_t own_spi, std::uint64_t peer_spi, IkeProposal chosen,
                            IkeKeys keys) {
  IkeSa& heir = m_environment.neighbours.add_successor(*this, initiator, own_spi, peer_spi);
  heir.set_identities(m_local_id, m_remote_id);
  heir.allow_fragmentation(m_fragmentation);
  heir.set_nat(m_nat_local, m_nat_remote, m_udp_encapsulation);
  heir.set_keys(std::move(chosen), std::move(keys), nullptr, peer_spi);
  heir.set_state(SaState::established, {});
  return heir;
}

IkeSa* IkeSa::heir() const {
  return m_heir == 0 ? nullptr : m_environment.neighbours.find(m_heir);
}

void IkeSa::hand_over(IkeSa& heir) {
  m_heir = 0;
  m_children.move_to(heir.m_children);
  for (auto& exchange : m_requests.take_waiting()) {
    if (exchange->work() != Work::rekey_ike) {
      heir.enqueue(std::move(exchange));
    }
  }
  std::ranges::move(m_later, std::back_inserter(heir.m_later));
  m_later.clear();
  if (IkeSa* next = m_environment.neighbours.find(m_superseded_by)) {
    next->m_supersedes = heir.m_id;
    heir.m_superseded_by = next->m_id;
  }
  heir.m_announced = std::exchange(m_announced, false);
  heir.emit(Event::Kind::ike_rekeyed, {}, {}, 0, m_id);
  await_deletion();
  heir.start_exchanges();
}

void IkeSa::await_deletion() {
  if (m_state != SaState::established) {
    return;
  }
  set_state(SaState::rekeyed, {});
  m_rekey_at.reset();
  m_expires_at =
      m_environment.now + (m_deleted_by_peer ? limits().half_open_lifetime : limits().replaced_lifetime);
}

void IkeSa::discard() {
  if (m_deleted_by_peer) {
    set_state(SaState::gone, {});
  } else if (m_state == SaState::established || m_state == SaState::rekeyed) {
    set_state(SaState::deleting, {});
    enqueue(std::make_unique<DeleteIkeSa>());
    start_exchanges();
  }
}

// The peer uses an IKE SA of which we do not know yet that it is the one that takes over: it knows already.
void IkeSa::claim_inheritance(const wire::Message& message, const wire::Payloads& payloads) {
  IkeSa* old = m_replaces == 0 ? nullptr : m_environment.neighbours.find(m_replaces);
  if (old == nullptr || old->m_heir != m_id || old->m_state != SaState::established) {
    return;
  }
  const auto* deletion = wire::find<wire::DeletePayload>(payloads);
  if (message.header.exchange == wire::ExchangeType::create_child_sa ||
      (deletion != nullptr && deletion->protocol != wire::Protocol::ike)) {
    old->hand_over(*this);
  }
}

}  // namespace espgate::ike
