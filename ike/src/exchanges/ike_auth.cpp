#include "exchanges/ike_auth.h"

#include <algorithm>
#include <utility>

#include "auth/authenticator.h"
#include "negotiation/proposal_selection.h"
#include "sa/uniqueness.h"

namespace espgate::ike {
namespace {

using wire::AuthMethod;
using wire::AuthPayload;
using wire::IdPayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;

IdPayload to_wire(PayloadType type, const Identity& identity) {
  return {.which = type, .id_type = std::to_underlying(identity.type), .data = identity.data};
}

Identity to_identity(const IdPayload& payload) {
  return {IdType{payload.id_type}, payload.data};
}

// All of SA, TSi and TSr, or none of them: an IKE SA without a Child SA (RFC 6023 section 2).
bool asks_for_one_child_or_none(const wire::Payloads& payloads) {
  const bool offered = wire::find<wire::SaPayload>(payloads) != nullptr;
  return offered == (wire::find<wire::TsPayload>(payloads, PayloadType::ts_initiator) != nullptr) &&
         offered == (wire::find<wire::TsPayload>(payloads, PayloadType::ts_responder) != nullptr);
}

Reply reject(IkeSa& sa, Reason counter, NotifyType notify, std::string reason) {
  sa.environment().counters.count(counter);
  return {{NotifyPayload{.notify = notify}}, Reply::Move{SaState::gone, std::move(reason)}};
}

// The PAD lookup (RFC 4301 section 4.4.3.2), now that the peer's identity is known; what IKE_SA_INIT went by
// is a guess from the addresses only. Of the connections for these addresses whose identities fit, whose
// proposals allow what IKE_SA_INIT agreed upon, and which want this kind of proof, the one whose pattern is
// the closest; then the one whose addresses are, then the first.
ConnectionPtr find_connection(IkeSa& sa, const Identity& peer, const Identity* wanted,
                              const AuthPayload* auth) {
  const wire::SaPayload agreed = offer_ike(std::span(&sa.proposal(), 1));
  const auto kind =
      auth == nullptr || auth->method == AuthMethod::shared_key ? AuthKind::psk : AuthKind::signature;
  ConnectionPtr best;
  int best_fit = -1;
  for (ConnectionPtr& connection :
       sa.environment().config.find_by_addresses(sa.local().address, sa.remote().address)) {
    const auto fit = connection->remote_id.match(peer);
    const Identity own = effective_local_id(*connection, sa.local().address);
    if (fit && *fit > best_fit && (wanted == nullptr || matches(*wanted, own)) &&
        connection->remote_auth.kind == kind && choose_ike(connection->proposals, agreed, std::nullopt)) {
      best_fit = *fit;
      best = std::move(connection);
    }
  }
  return best;
}

}  // namespace

Reply answer_ike_auth(IkeSa& sa, const Incoming& request) {
  Environment& environment = sa.environment();
  const wire::Payloads& payloads = request.payloads;
  const auto* peer_id = wire::find<IdPayload>(payloads, PayloadType::id_initiator);
  const auto* wanted_id = wire::find<IdPayload>(payloads, PayloadType::id_responder);
  if (peer_id == nullptr || peer_id->data.empty() || !asks_for_one_child_or_none(payloads)) {
    return reject(sa, Reason::syntax_refused, NotifyType::invalid_syntax,
                  "IKE_AUTH without one of the payloads IDi, SA, TSi, TSr");
  }
  const Identity peer = to_identity(*peer_id);
  const std::optional<Identity> wanted = wanted_id != nullptr && !wanted_id->data.empty()
                                             ? std::optional(to_identity(*wanted_id))
                                             : std::nullopt;
  const auto* auth = wire::find<AuthPayload>(payloads);
  ConnectionPtr connection = find_connection(sa, peer, wanted ? &*wanted : nullptr, auth);
  if (connection == nullptr) {
    return reject(sa, Reason::identity_refused, NotifyType::authentication_failed,
                  "no connection for the identity '" + peer.to_string() + "' that takes its kind of proof" +
                      (wanted ? "; it asks for '" + wanted->to_string() + "'" : ""));
  }
  const Identity own = effective_local_id(*connection, sa.local().address);
  sa.set_connection(std::move(connection));
  const IdPayload own_id = to_wire(PayloadType::id_responder, own);
  if (const auto proved = check_proof(sa, own, peer, *peer_id, payloads); !proved) {
    return reject(sa, proved.error().counter, NotifyType::authentication_failed, proved.error().text);
  }
  auto proof = prove(sa, own, peer, own_id, certificate_wish(payloads, environment.limits));
  if (!proof) {
    return reject(sa, proof.error().counter, NotifyType::authentication_failed, proof.error().text);
  }
  if (!is_welcome(sa, own, peer, payloads)) {
    return reject(sa, Reason::peer_not_unique, NotifyType::authentication_failed,
                  "'" + peer.to_string() + "' has an IKE SA already (unique = keep)");
  }
  const bool childless = wire::find<wire::SaPayload>(payloads) == nullptr;
  const Childless policy = sa.connection().childless;
  if (childless ? policy == Childless::never : policy == Childless::force) {
    return reject(sa, Reason::childless_refused, NotifyType::no_proposal_chosen,
                  childless ? "an IKE SA without a Child SA (childless = never)"
                            : "a Child SA in IKE_AUTH (childless = force)");
  }
  sa.set_identities(own, peer);
  sa.set_state(SaState::established, {});
  end_older(sa, payloads);
  Reply reply;
  reply.payloads.emplace_back(own_id);
  std::ranges::move(*proof, std::back_inserter(reply.payloads));
  if (!childless) {
    std::ranges::move(answer_child_offer(sa, payloads), std::back_inserter(reply.payloads));
  }
  sa.forget_init_material();
  return reply;
}

std::optional<wire::Payloads> IkeAuth::build(IkeSa& sa) {
  Environment& environment = sa.environment();
  const ConnectionConfig& connection = sa.connection();
  const Identity own = effective_local_id(connection, sa.local().address);
  const Identity expected = expected_peer(connection, sa.remote().address);
  const IdPayload own_id = to_wire(PayloadType::id_initiator, own);
  const ChildConfig* child = find_child(connection, m_child);
  auto proof = prove(sa, own, expected, own_id, sa.init_material().certificate_wish);
  const bool child_missing = child == nullptr && !m_child.empty();
  if (!proof || child_missing) {
    environment.counters.count(proof ? Reason::child_refused : proof.error().counter);
    sa.set_state(SaState::gone,
                 proof ? "child '" + m_child + "' is not configured any more" : proof.error().text);
    return std::nullopt;
  }
  if (child != nullptr) {
    auto spi = SpiReservation::allocate(environment.handler);
    if (!spi) {
      environment.counters.count(Reason::child_refused);
      sa.set_state(SaState::gone, spi.error().message);
      return std::nullopt;
    }
    m_spi = std::move(*spi);
  }
  const Identity* wanted = connection.remote_id.exact();
  sa.set_identities(own, wanted != nullptr ? *wanted : Identity{});
  wire::Payloads payloads{own_id};
  if (connection.unique != Unique::never && !environment.neighbours.has_other(sa)) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::initial_contact});
  }
  if (auto request = request_certificates(environment.config, connection, environment.limits)) {
    payloads.emplace_back(std::move(*request));
  }
  if (wanted != nullptr) {
    payloads.emplace_back(to_wire(PayloadType::id_responder, *wanted));
  }
  std::ranges::move(*proof, std::back_inserter(payloads));
  if (child != nullptr && m_spi) {
    add_child_offer(payloads, sa, *child, m_spi->value());
  }
  return payloads;
}

Exchange::Outcome IkeAuth::process(IkeSa& sa, const Incoming& response) {
  Environment& environment = sa.environment();
  const auto* peer_id = wire::find<IdPayload>(response.payloads, PayloadType::id_responder);
  const auto* auth = wire::find<AuthPayload>(response.payloads);
  if (peer_id == nullptr || auth == nullptr) {
    if (const auto* error = wire::find_error(response.payloads)) {
      // Encrypted for us, if not by a peer that has proved anything: there is nobody else to ask.
      environment.counters.count(Reason::authentication_failed);
      sa.set_state(SaState::gone, "the peer answered IKE_AUTH with " + wire::to_string(error->notify));
    } else {
      environment.counters.count(Reason::syntax_refused);
      sa.refuse_peer("the IKE_AUTH response has no identity or no proof of it");
    }
    return Outcome::done;
  }
  const Identity peer = to_identity(*peer_id);
  if (!sa.connection().remote_id.match(peer)) {
    environment.counters.count(Reason::identity_refused);
    sa.refuse_peer("the peer is '" + peer.to_string() + "', not '" + sa.connection().remote_id.to_string() +
                   "'");
    return Outcome::done;
  }
  if (const auto proved = check_proof(sa, sa.local_id(), peer, *peer_id, response.payloads); !proved) {
    environment.counters.count(proved.error().counter);
    sa.refuse_peer(proved.error().text);
    return Outcome::done;
  }
  sa.set_identities(sa.local_id(), peer);
  sa.set_state(SaState::established, {});
  if (const ChildConfig* child = find_child(sa.connection(), m_child); child != nullptr && m_spi) {
    accept_child_answer(sa, *child, std::move(*m_spi), response.payloads);
    m_spi.reset();
  }
  sa.forget_init_material();
  return Outcome::done;
}

}  // namespace espgate::ike
