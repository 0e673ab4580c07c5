#include "sa/ike_sa.h"

#include <algorithm>
#include <utility>

#include "exchanges/create_child_sa.h"
#include "exchanges/informational.h"
#include "sa/lifetimes.h"

namespace espgate::ike {

IkeSa::IkeSa(Environment& environment, Setup setup)
    : m_environment(environment),
      m_id(setup.id),
      m_replaces(setup.replaces),
      m_failures(setup.failures),
      m_supersedes(setup.supersedes),
      m_initiator(setup.initiator),
      m_initiator_spi(setup.initiator ? setup.own_spi : setup.peer_spi),
      m_responder_spi(setup.initiator ? setup.peer_spi : setup.own_spi),
      m_local(setup.local),
      m_remote(setup.remote),
      m_connection(std::move(setup.connection)),
      m_source(setup.remote.address),
      m_requests(environment.limits),
      m_request_fragments(environment.limits),
      m_response_fragments(environment.limits),
      m_children(environment),
      m_created(environment.now) {}

IkeSa::~IkeSa() {
  if (m_state == SaState::half_open) {
    m_environment.half_open.remove(m_source);
  }
}

void IkeSa::set_state(SaState to, std::string_view reason) {
  const SaState from = m_state;
  if (!is_legal(from, to)) {
    m_environment.counters.count(Reason::state_move_illegal);
    return;
  }
  m_state = to;
  if (from == SaState::half_open) {
    m_environment.half_open.remove(m_source);
  }
  if (to == SaState::half_open) {
    m_environment.half_open.add(m_source);
  }
  if (to == SaState::deleting || to == SaState::gone) {
    leave_books(to);
  }
  if (to == SaState::established) {
    m_established = m_environment.now;
    m_last_heard = m_environment.now;
    m_last_sent = m_environment.now;
    const Deadlines deadlines = draw_deadlines(m_connection->lifetime, m_environment);
    m_rekey_at = deadlines.rekey;
    m_expires_at = deadlines.hard;
  }
  announce(from, to, reason);
  m_environment.neighbours.touched(*this);
}

// Ends what must not outlive the state.
void IkeSa::leave_books(SaState to) {
  m_requests.drop_waiting();
  m_later.clear();
  m_rekey_at.reset();
  m_expires_at.reset();
  if (to == SaState::gone) {
    while (!m_children.empty()) {
      remove_child(m_children.all().back().view.id, "the IKE SA has ended");
    }
  }
  // What both ends were about to replace it with has nothing without it.
  if (IkeSa* unsettled = heir()) {
    m_heir = 0;
    unsettled->discard();
  }
}

void IkeSa::announce(SaState from, SaState to, std::string_view reason) {
  if (to == SaState::established) {
    if (!is_successor()) {
      m_announced = true;
      emit(Event::Kind::ike_up, {}, std::string(reason));
    }
    return;
  }
  if (to != SaState::deleting && to != SaState::gone) {
    return;
  }
  if (m_quiet) {
    return;
  }
  if (from == SaState::init_sent || from == SaState::auth_sent) {
    emit(Event::Kind::initiate_failed, {}, std::string(reason));
  } else if (from == SaState::half_open && !reason.empty()) {
    emit(Event::Kind::peer_rejected, {}, std::string(reason));
  } else if (from == SaState::established && to == SaState::deleting) {
    m_end_reason = reason;
  } else if (m_announced) {
    emit(Event::Kind::ike_down, {}, m_end_reason.empty() ? std::string(reason) : m_end_reason);
  }
}

void IkeSa::emit(Event::Kind kind, std::string child, std::string reason, ChildSaId child_id,
                 std::uint32_t replaced) {
  m_environment.events.push_back(
      {kind, m_id, child_id, replaced, m_connection->name, std::move(child), std::move(reason)});
}

void IkeSa::set_keys(IkeProposal chosen, IkeKeys keys, std::unique_ptr<InitMaterial> material,
                     std::uint64_t peer_spi) {
  m_proposal = std::move(chosen);
  m_channel = std::make_unique<SecureChannel>(m_proposal, keys, m_initiator);
  m_sk_d = std::move(keys.d);
  if (material != nullptr) {
    material->sk_pi = std::move(keys.pi);
    material->sk_pr = std::move(keys.pr);
  }
  m_material = std::move(material);
  (m_initiator ? m_responder_spi : m_initiator_spi) = peer_spi;
}

void IkeSa::set_identities(Identity local, Identity remote) {
  m_local_id = std::move(local);
  m_remote_id = std::move(remote);
}

void IkeSa::set_nat(bool local, bool remote, bool encapsulation) {
  m_nat_local = local;
  m_nat_remote = remote;
  m_udp_encapsulation = encapsulation;
}

void IkeSa::move_endpoints(const Endpoint& local, const Endpoint& remote) {
  if (local == m_local && remote == m_remote) {
    return;
  }
  m_local = local;
  m_remote = remote;
  for (const Child& child : m_children.all()) {
    if (child.view.udp_encapsulation && !m_environment.handler.move(child.view.id, local, remote)) {
      rekey_child(child.view.id);
    }
  }
}

void IkeSa::forget_init_material() {
  m_material.reset();
}

void IkeSa::enqueue(std::unique_ptr<Exchange> exchange) {
  m_requests.enqueue(std::move(exchange));
  m_environment.neighbours.touched(*this);
}

void IkeSa::enqueue_first(std::unique_ptr<Exchange> exchange) {
  m_requests.enqueue_first(std::move(exchange));
  m_environment.neighbours.touched(*this);
}

void IkeSa::enqueue_later(std::unique_ptr<Exchange> exchange) {
  const Instant delay = limits().retry_delay;
  m_later.push_back(
      {m_environment.now + delay + draw_delay(delay, m_environment.random), std::move(exchange)});
  m_environment.neighbours.touched(*this);
}

void IkeSa::terminate(std::string reason) {
  switch (m_state) {
    case SaState::created:
    case SaState::init_sent:
    case SaState::half_open:
      // The peer has nothing yet that would have to be deleted; what it has half open runs out.
      set_state(SaState::gone, reason);
      break;
    case SaState::auth_sent:
      // The peer may have established it: only once it answers can it be told.
      m_terminate_when_established = true;
      m_end_reason = std::move(reason);
      break;
    case SaState::established:
      set_state(SaState::deleting, reason);
      enqueue(std::make_unique<DeleteIkeSa>());
      break;
    case SaState::rekeyed:
      discard();
      break;
    case SaState::deleting:
    case SaState::gone:
      break;
  }
}

void IkeSa::refuse_peer(const std::string& reason) {
  // RFC 7296 section 2.21.2: the error of an initiator goes into an INFORMATIONAL exchange of its own.
  set_state(SaState::deleting, reason);
  enqueue(std::make_unique<AuthenticationFailedNotice>());
}

IkeSaView IkeSa::view() const {
  std::vector<ChildSaView> children;
  for (const Child& child : m_children.all()) {
    children.push_back(child.view);
  }
  IkeSaState state = IkeSaState::connecting;
  if (m_state == SaState::established) {
    state = IkeSaState::established;
  } else if (m_state == SaState::rekeyed) {
    state = IkeSaState::rekeyed;
  } else if (m_state == SaState::deleting || m_state == SaState::gone) {
    state = IkeSaState::deleting;
  }
  return {.id = m_id,
          .connection = m_connection->name,
          .state = state,
          .initiator = m_initiator,
          .initiator_spi = m_initiator_spi,
          .responder_spi = m_responder_spi,
          .local = m_local,
          .remote = m_remote,
          .local_id = m_local_id,
          .remote_id = m_remote_id,
          .proposal = m_proposal,
          .nat_local = m_nat_local,
          .nat_remote = m_nat_remote,
          .established = m_established,
          .rekey_at = m_rekey_at,
          .expires_at = m_expires_at,
          .children = std::move(children)};
}

}  // namespace espgate::ike
