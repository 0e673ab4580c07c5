#include "sa/ike_sa.h"

#include <algorithm>
#include <utility>

#include "exchanges/informational.h"

namespace espgate::ike {

IkeSa::IkeSa(Environment& environment, Setup setup)
    : m_environment(environment),
      m_id(setup.id),
      m_initiator(setup.initiator),
      m_initiator_spi(setup.initiator ? setup.own_spi : setup.peer_spi),
      m_responder_spi(setup.initiator ? setup.peer_spi : setup.own_spi),
      m_local(setup.local),
      m_remote(setup.remote),
      m_connection(std::move(setup.connection)),
      m_source(setup.remote.address),
      m_requests(environment.limits),
      m_created(environment.now) {}

IkeSa::~IkeSa() {
  if (m_state == SaState::half_open) {
    m_environment.half_open.remove(m_source);
  }
  for (const ChildSaView& child : m_children) {
    m_environment.handler.remove(child.id);
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
    m_was_established = true;
    m_established = m_environment.now;
  }
  announce(from, to, reason);
  m_environment.neighbours.touched(*this);
}

// Ends what must not outlive the state.
void IkeSa::leave_books(SaState to) {
  m_requests.drop_waiting();
  if (to == SaState::gone) {
    while (!m_children.empty()) {
      remove_child(m_children.back().id, "the IKE SA has ended");
    }
  }
}

void IkeSa::announce(SaState from, SaState to, std::string_view reason) {
  if (to == SaState::established) {
    emit(Event::Kind::ike_up, {}, std::string(reason));
    return;
  }
  if (to != SaState::deleting && to != SaState::gone) {
    return;
  }
  if (from == SaState::init_sent || from == SaState::auth_sent) {
    emit(Event::Kind::initiate_failed, {}, std::string(reason));
  } else if (from == SaState::half_open && !reason.empty()) {
    emit(Event::Kind::peer_rejected, {}, std::string(reason));
  } else if (from == SaState::established && to == SaState::deleting) {
    m_end_reason = reason;
  } else if (m_was_established) {
    emit(Event::Kind::ike_down, {}, m_end_reason.empty() ? std::string(reason) : m_end_reason);
  }
}

void IkeSa::emit(Event::Kind kind, std::string child, std::string reason, ChildSaId child_id) {
  m_environment.events.push_back(
      {kind, m_id, child_id, m_connection->name, std::move(child), std::move(reason)});
}

void IkeSa::set_keys(IkeProposal chosen, IkeKeys keys, InitMaterial material, std::uint64_t peer_spi) {
  m_proposal = std::move(chosen);
  m_channel = std::make_unique<SecureChannel>(m_proposal, keys, m_initiator);
  m_keys = std::move(keys);
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
  m_local = local;
  m_remote = remote;
}

void IkeSa::forget_init_material() {
  m_material = {};
  m_keys.pi = Secret();
  m_keys.pr = Secret();
}

void IkeSa::enqueue(std::unique_ptr<Exchange> exchange) {
  m_requests.enqueue(std::move(exchange));
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
    case SaState::deleting:
    case SaState::gone:
      break;
  }
}

bool IkeSa::terminate_child(ChildSaId id) {
  if (find_child(id) == nullptr) {
    return false;
  }
  // When the whole IKE SA is being deleted, the child goes with it.
  if (m_state == SaState::established) {
    enqueue(std::make_unique<DeleteChildSa>(id));
  }
  return true;
}

void IkeSa::refuse_peer(const std::string& reason) {
  // RFC 7296 section 2.21.2: the error of an initiator goes into an INFORMATIONAL exchange of its own.
  set_state(SaState::deleting, reason);
  enqueue(std::make_unique<AuthenticationFailedNotice>());
}

Expected<> IkeSa::install_child(const ChildSa& sa) {
  if (auto installed = m_environment.handler.install(sa); !installed) {
    return installed;
  }
  m_children.push_back({.id = sa.id,
                        .name = sa.child,
                        .inbound_spi = sa.inbound_spi,
                        .outbound_spi = sa.outbound_spi,
                        .proposal = sa.proposal,
                        .esn = sa.esn,
                        .udp_encapsulation = sa.udp_encapsulation,
                        .local_ts = sa.local_ts,
                        .remote_ts = sa.remote_ts,
                        .installed = m_environment.now});
  emit(Event::Kind::child_up, sa.child, {}, sa.id);
  return {};
}

const ChildSaView* IkeSa::find_child(ChildSaId id) const {
  const auto at = std::ranges::find(m_children, id, &ChildSaView::id);
  return at == m_children.end() ? nullptr : &*at;
}

const ChildSaView* IkeSa::find_child_by_outbound_spi(std::uint32_t spi) const {
  const auto at = std::ranges::find(m_children, spi, &ChildSaView::outbound_spi);
  return at == m_children.end() ? nullptr : &*at;
}

bool IkeSa::has_child(std::string_view name) const {
  if (std::ranges::find(m_children, name, &ChildSaView::name) != m_children.end()) {
    return true;
  }
  const auto brings_up = [&](const Exchange* exchange) {
    return exchange != nullptr && exchange->child_name() == name;
  };
  return brings_up(m_requests.active()) ||
         std::ranges::any_of(m_requests.waiting(), [&](const auto& e) { return brings_up(e.get()); });
}

void IkeSa::remove_child(ChildSaId id, std::string_view reason) {
  const auto at = std::ranges::find(m_children, id, &ChildSaView::id);
  if (at == m_children.end()) {
    return;
  }
  const std::string name = at->name;
  m_children.erase(at);
  m_environment.handler.remove(id);
  emit(Event::Kind::child_down, name, std::string(reason), id);
}

IkeSaView IkeSa::view() const {
  IkeSaState state = IkeSaState::connecting;
  if (m_state == SaState::established) {
    state = IkeSaState::established;
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
          .children = m_children};
}

}  // namespace espgate::ike
