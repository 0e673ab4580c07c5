#include "exchanges/ike_auth.h"

#include <algorithm>
#include <utility>

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

// RFC 7296 section 2.15: what is signed is one's own first message, the other's nonce, and one's own ID as it
// stands on the wire, reserved bytes and all.
Secret auth_value(const IkeSa& sa, bool of_initiator, const Secret& psk, const IdPayload& id) {
  const InitMaterial& material = sa.init_material();
  Writer body;
  id.encode(body);
  return of_initiator ? shared_key_auth(sa.proposal().prf.front(), psk, material.request,
                                        material.responder_nonce, sa.keys().pi, body.view())
                      : shared_key_auth(sa.proposal().prf.front(), psk, material.response,
                                        material.initiator_nonce, sa.keys().pr, body.view());
}

AuthPayload make_auth(const IkeSa& sa, const Secret& psk, const IdPayload& id) {
  const Secret value = auth_value(sa, sa.initiator(), psk, id);
  return {AuthMethod::shared_key, Bytes(value.view().begin(), value.view().end())};
}

bool is_proof(const IkeSa& sa, const Secret& psk, const IdPayload& id, const AuthPayload& auth) {
  return auth.method == AuthMethod::shared_key &&
         equal_constant_time(auth_value(sa, !sa.initiator(), psk, id).view(), auth.data);
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

// Among the connections for these addresses, the first whose identities fit and whose proposals allow what
// IKE_SA_INIT agreed upon. The one that IKE_SA_INIT went by is a guess from the addresses only.
ConnectionPtr find_connection(IkeSa& sa, const Identity& peer, const Identity* wanted) {
  const wire::SaPayload agreed = offer_ike(std::span(&sa.proposal(), 1));
  for (ConnectionPtr& connection :
       sa.environment().config.find_by_addresses(sa.local().address, sa.remote().address)) {
    const Identity own = effective_local_id(*connection, sa.local().address);
    if (matches(connection->remote_id, peer) && (wanted == nullptr || *wanted == own) &&
        choose_ike(connection->proposals, agreed, std::nullopt)) {
      return std::move(connection);
    }
  }
  return nullptr;
}

std::string describe(const Identity& local, const Identity& remote) {
  return "'" + local.to_string() + "' and '" + remote.to_string() + "'";
}

}  // namespace

Identity effective_local_id(const ConnectionConfig& connection, const IpAddress& local) {
  return is_any(connection.local_id) ? identity_of(local) : connection.local_id;
}

Reply answer_ike_auth(IkeSa& sa, const Incoming& request) {
  Environment& environment = sa.environment();
  const wire::Payloads& payloads = request.payloads;
  const auto* peer_id = wire::find<IdPayload>(payloads, PayloadType::id_initiator);
  const auto* wanted_id = wire::find<IdPayload>(payloads, PayloadType::id_responder);
  const auto* auth = wire::find<AuthPayload>(payloads);
  if (peer_id == nullptr || peer_id->data.empty() || !asks_for_one_child_or_none(payloads)) {
    return reject(sa, Reason::syntax_refused, NotifyType::invalid_syntax,
                  "IKE_AUTH without one of the payloads IDi, SA, TSi, TSr");
  }
  const Identity peer = to_identity(*peer_id);
  const std::optional<Identity> wanted = wanted_id != nullptr && !wanted_id->data.empty()
                                             ? std::optional(to_identity(*wanted_id))
                                             : std::nullopt;
  ConnectionPtr connection = find_connection(sa, peer, wanted ? &*wanted : nullptr);
  if (connection == nullptr) {
    return reject(sa, Reason::identity_refused, NotifyType::authentication_failed,
                  "no connection for the identity '" + peer.to_string() + "'" +
                      (wanted ? ", which asks for '" + wanted->to_string() + "'" : ""));
  }
  const Identity own = effective_local_id(*connection, sa.local().address);
  sa.set_connection(std::move(connection));
  const Secret* psk = environment.config.find_secret(own, peer);
  if (psk == nullptr) {
    return reject(sa, Reason::secret_missing, NotifyType::authentication_failed,
                  "no shared secret for " + describe(own, peer));
  }
  // No AUTH at all is the wish for EAP, which this version does not have.
  if (auth == nullptr || !is_proof(sa, *psk, *peer_id, *auth)) {
    return reject(sa, Reason::authentication_failed, NotifyType::authentication_failed,
                  "'" + peer.to_string() + "' does not prove to hold the shared secret");
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
  const IdPayload own_id = to_wire(PayloadType::id_responder, own);
  Reply reply;
  reply.payloads.emplace_back(own_id);
  reply.payloads.emplace_back(make_auth(sa, *psk, own_id));
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
  const Identity expected =
      is_any(connection.remote_id) ? identity_of(sa.remote().address) : connection.remote_id;
  const Secret* psk = environment.config.find_secret(own, expected);
  const ChildConfig* child = find_child(connection, m_child);
  if (psk == nullptr || (child == nullptr && !m_child.empty())) {
    environment.counters.count(Reason::secret_missing);
    sa.set_state(SaState::gone, "no shared secret for " + describe(own, expected));
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
  sa.set_identities(own, connection.remote_id);
  const IdPayload own_id = to_wire(PayloadType::id_initiator, own);
  wire::Payloads payloads{own_id};
  if (connection.unique != Unique::never && !environment.neighbours.has_other(sa)) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::initial_contact});
  }
  if (!is_any(connection.remote_id)) {
    payloads.emplace_back(to_wire(PayloadType::id_responder, connection.remote_id));
  }
  payloads.emplace_back(make_auth(sa, *psk, own_id));
  if (child != nullptr) {
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
  if (is_any(peer) || !matches(sa.connection().remote_id, peer)) {
    environment.counters.count(Reason::identity_refused);
    sa.refuse_peer("the peer is '" + peer.to_string() + "', not '" + sa.connection().remote_id.to_string() +
                   "'");
    return Outcome::done;
  }
  const Secret* psk = environment.config.find_secret(sa.local_id(), peer);
  if (psk == nullptr || !is_proof(sa, *psk, *peer_id, *auth)) {
    environment.counters.count(psk == nullptr ? Reason::secret_missing : Reason::authentication_failed);
    sa.refuse_peer(psk == nullptr ? "no shared secret for " + describe(sa.local_id(), peer)
                                  : "'" + peer.to_string() + "' does not prove to hold the shared secret");
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
