// What an IKE SA does by itself, and when.
#include <algorithm>
#include <utility>

#include "exchanges/create_child_sa.h"
#include "exchanges/informational.h"
#include "sa/ike_sa.h"
#include "sa/lifetimes.h"

namespace espgate::ike {

std::optional<Instant> IkeSa::deadline() const {
  if (m_state == SaState::gone) {
    return std::nullopt;
  }
  if (m_state == SaState::half_open) {
    return m_created + limits().half_open_lifetime;
  }
  std::optional<Instant> first = earlier(m_requests.deadline(), earlier(m_rekey_at, m_expires_at));
  for (const Later& later : m_later) {
    first = earlier(first, later.at);
  }
  if (m_state == SaState::established) {
    first = earlier(first, m_children.deadline());
    first = earlier(first, liveness_deadline());
    first = earlier(first, keepalive_deadline());
  }
  return first;
}

// A request of ours that waits for its answer tells as much as a liveness check.
std::optional<Instant> IkeSa::liveness_deadline() const {
  const bool wanted = m_connection->dpd_delay.count() != 0 && m_requests.active() == nullptr;
  return wanted ? std::optional(m_last_heard + m_connection->dpd_delay) : std::nullopt;
}

std::optional<Instant> IkeSa::keepalive_deadline() const {
  const bool wanted = m_nat_local && limits().nat_keepalive.count() != 0;
  return wanted ? std::optional(m_last_sent + limits().nat_keepalive) : std::nullopt;
}

// One thing at a time: the stack comes again as long as something is due.
void IkeSa::tick() {
  const Instant now = m_environment.now;
  const auto is_due = [now](const std::optional<Instant>& at) { return at && *at <= now; };
  if (!is_due(deadline())) {
    return;
  }
  if (m_state == SaState::half_open) {
    m_environment.counters.count(Reason::half_open_expired);
    set_state(SaState::gone, {});
    return;
  }
  if (is_due(m_requests.deadline())) {
    request_due();
    return;
  }
  const auto later = std::ranges::find_if(m_later, [&](const Later& l) { return is_due(l.at); });
  const Child* child = m_state == SaState::established ? m_children.due(now) : nullptr;
  if (is_due(earlier(m_rekey_at, m_expires_at))) {
    lifetime_due();
  } else if (later != m_later.end()) {
    m_requests.enqueue(std::move(later->exchange));
    m_later.erase(later);
  } else if (child != nullptr) {
    child_due(child->view.id);
  } else if (is_due(liveness_deadline())) {
    check_liveness();
  } else {
    m_environment.keepalives.push_back({m_local, m_remote});
    m_last_sent = now;
  }
  start_exchanges();
}

void IkeSa::check_liveness() {
  if (m_state == SaState::established && m_requests.active() == nullptr) {
    enqueue(std::make_unique<LivenessCheck>());
    start_exchanges();
  }
}

void IkeSa::request_due() {
  const std::string reason = m_requests.active()->stop_reason();
  if (!reason.empty()) {
    set_state(SaState::gone, reason);
  } else if (m_requests.retransmit(m_environment.now)) {
    m_environment.counters.count(Reason::retransmitted);
    send_request();
  } else {
    give_up();
  }
}

// RFC 7296 section 2.4: a peer that does not answer is taken for dead.
void IkeSa::give_up() {
  m_environment.counters.count(Reason::gave_up);
  const unsigned tries = m_connection->keying_tries;
  if ((m_state == SaState::init_sent || m_state == SaState::auth_sent) &&
      (tries == 0 || m_failures + 1 < tries) && !m_terminate_when_established) {
    Restart restart{.at = m_environment.now,
                    .connection = m_connection->name,
                    .instead_of = m_id,
                    .failures = m_failures + 1,
                    .supersedes = m_supersedes};
    restart.children.push_back(m_requests.active()->child_name());
    for (const auto& exchange : m_requests.waiting()) {
      restart.children.push_back(exchange->child_name());
    }
    m_environment.restarts.push_back(std::move(restart));
    m_quiet = true;
  } else if (m_state == SaState::established) {
    restart_children(&ChildConfig::dpd_action, m_environment.now);
  }
  set_state(SaState::gone,
            "no answer to " + wire::to_string(m_requests.active()->type()) + " after all retransmissions");
}

void IkeSa::lifetime_due() {
  if (!m_expires_at || *m_expires_at > m_environment.now) {
    m_rekey_at.reset();
    if (!rekey()) {
      m_rekey_at = m_environment.now + limits().retry_delay;
    }
    return;
  }
  m_rekey_at.reset();
  m_expires_at.reset();
  if (m_state == SaState::rekeyed) {
    // The peer was to delete it, and has not.
    discard();
  } else {
    terminate("its lifetime is over");
  }
}

void IkeSa::child_due(ChildSaId id) {
  Child& child = *m_children.find(id);
  if (!child.view.expires_at || *child.view.expires_at > m_environment.now) {
    child.view.rekey_at.reset();
    if (!rekey_child(id) && child.receive_only) {
      child.view.rekey_at = m_environment.now + limits().retry_delay;
    }
    return;
  }
  expire_child(id);
}

// It carries nothing any more, whether the peer answers or not.
void IkeSa::expire_child(ChildSaId id) {
  if (const Child* child = m_children.find(id)) {
    auto deletion = std::make_unique<DeleteSpi>(child->view.inbound_spi, protocol_of(child->view.proposal));
    remove_child(id, "its lifetime is over", ChildTable::Leaving::at_once);
    enqueue(std::move(deletion));
  }
}

// RFC 7296 section 2.2: message IDs are never used again, so that the IKE SA must be replaced in time.
void IkeSa::watch_message_ids() {
  const std::uint32_t highest = std::max(m_requests.message_id(), m_responses.expected_id());
  if (m_state == SaState::gone) {
    return;
  }
  if (highest >= limits().last_message_id) {
    m_environment.counters.count(Reason::message_ids_used_up);
    set_state(SaState::gone, "its message IDs are used up");
  } else if (highest >= limits().rekey_message_id && m_state == SaState::established &&
             !std::exchange(m_message_ids_run_out, true)) {
    rekey();
  }
}

}  // namespace espgate::ike
