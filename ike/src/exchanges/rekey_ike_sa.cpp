#include "exchanges/rekey_ike_sa.h"

#include <utility>

#include "base/reader.h"
#include "exchanges/collision.h"
#include "exchanges/ike_sa_init.h"
#include "exchanges/informational.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike {

using wire::KePayload;
using wire::NoncePayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::SaPayload;

namespace {

// RFC 7296 section 2.25.2: the Child SAs must not change while they move.
bool is_in_the_way(IkeSa& sa) {
  const Exchange* own = sa.active();
  return sa.state() != SaState::established || sa.heir() != nullptr ||
         (own != nullptr && own->work() != Work::other && own->work() != Work::rekey_ike);
}

}  // namespace

Reply answer_rekey_ike_sa(IkeSa& sa, const wire::Payloads& request, const SaPayload& offered,
                          const NoncePayload& nonce) {
  Environment& environment = sa.environment();
  const auto* ke = wire::find<KePayload>(request);
  if (ke == nullptr) {
    return invalid_syntax(sa, Reason::syntax_refused, "CREATE_CHILD_SA for an IKE SA without KE");
  }
  if (is_in_the_way(sa)) {
    return temporary_failure(sa);
  }
  const auto choice = choose_ike(sa.connection().proposals, offered, Group{ke->group}, IkeSpi::in_proposal);
  if (!choice) {
    environment.counters.count(Reason::no_proposal_chosen);
    return {{NotifyPayload{.notify = NotifyType::no_proposal_chosen}}, std::nullopt};
  }
  const Group group = choice->proposal.groups.front();
  if (group != Group{ke->group}) {
    return invalid_ke_payload(sa, group);
  }
  const auto key_exchange = KeyExchange::generate(group, environment.random);
  const auto secret = key_exchange->shared_secret(ke->data);
  if (!secret) {
    return invalid_syntax(sa, secret.error(), "a public value that the group does not allow");
  }
  Bytes own_nonce(own_nonce_size);
  environment.random.fill(own_nonce);
  const std::uint64_t own_spi = environment.neighbours.fresh_spi(environment.random);
  IkeSa& made =
      sa.add_successor(false, own_spi, choice->spi, choice->proposal,
                       derive_rekeyed_ike_keys(choice->proposal, sa.proposal().prf.front(), sa.sk_d(),
                                               secret->view(), nonce.data, own_nonce, choice->spi, own_spi));
  Reply reply{{answer_ike(*choice, own_spi), NoncePayload{own_nonce},
               KePayload{std::to_underlying(group), key_exchange->public_value()}},
              std::nullopt};
  if (Exchange* own = sa.active(); own != nullptr && own->work() == Work::rekey_ike) {
    // RFC 7296 section 2.8.2: which one takes over is known once our own answer is here.
    own->collide({made.id(), lower_of(nonce.data, own_nonce)});
    sa.set_heir(made.id());
  } else {
    reply.successor = made.id();
  }
  return reply;
}

std::optional<wire::Payloads> RekeyIkeSa::build(IkeSa& sa) {
  if (sa.state() != SaState::established) {
    return std::nullopt;
  }
  Environment& environment = sa.environment();
  m_own_spi = environment.neighbours.fresh_spi(environment.random);
  m_nonce.resize(own_nonce_size);
  environment.random.fill(m_nonce);
  // What the peer took before, it will most likely take again.
  m_key_exchange = KeyExchange::generate(m_group.value_or(sa.proposal().groups.front()), environment.random);
  return wire::Payloads{
      offer_ike(sa.connection().proposals, m_own_spi), NoncePayload{m_nonce},
      KePayload{std::to_underlying(m_key_exchange->group()), m_key_exchange->public_value()}};
}

Exchange::Outcome RekeyIkeSa::process(IkeSa& sa, const Incoming& response) {
  if (const auto* error = wire::find_error(response.payloads)) {
    take_error(sa, *error);
  } else {
    take_answer(sa, response.payloads);
  }
  return Outcome::done;
}

void RekeyIkeSa::take_error(IkeSa& sa, const NotifyPayload& error) {
  if (sa.state() != SaState::established) {
    return;
  }
  if (IkeSa* heir = sa.heir()) {
    // The peer did not notice our attempt: its own is the one that counts.
    sa.hand_over(*heir);
    return;
  }
  Reader reader(error.data);
  const Group group{reader.u16()};
  if (error.notify == NotifyType::invalid_ke_payload && reader.ok() && reader.empty() && !m_group &&
      offers_group(sa.connection(), group)) {
    auto again = std::make_unique<RekeyIkeSa>();
    again->m_group = group;
    sa.enqueue_first(std::move(again));
    return;
  }
  const bool superseded = error.notify == NotifyType::no_additional_sas && sa.supersede();
  sa.rekey_failed("the peer refused to rekey the IKE SA with " + wire::to_string(error.notify) +
                  (superseded ? "; another one is begun in its place" : ""));
}

void RekeyIkeSa::take_answer(IkeSa& sa, const wire::Payloads& answer) {
  const auto* chosen = wire::find<SaPayload>(answer);
  const auto* nonce = wire::find<NoncePayload>(answer);
  const auto* ke = wire::find<KePayload>(answer);
  auto choice =
      chosen != nullptr ? accept_ike(sa.connection().proposals, *chosen, IkeSpi::in_proposal) : std::nullopt;
  const Group group = m_key_exchange->group();
  auto secret = choice && nonce != nullptr && ke != nullptr && Group{ke->group} == group &&
                        choice->proposal.groups.front() == group
                    ? m_key_exchange->shared_secret(ke->data)
                    : std::unexpected(Reason::rekey_failed);
  if (!secret) {
    // The peer has moved its Child SAs to an IKE SA for which we have no keys.
    sa.environment().counters.count(secret.error());
    sa.terminate("the peer's answer to rekeying the IKE SA is of no use");
    return;
  }
  IkeKeys keys = derive_rekeyed_ike_keys(choice->proposal, sa.proposal().prf.front(), sa.sk_d(),
                                         secret->view(), m_nonce, nonce->data, m_own_spi, choice->spi);
  IkeSa& made = sa.add_successor(true, m_own_spi, choice->spi, std::move(choice->proposal), std::move(keys));
  settle(sa, made, lower_of(m_nonce, nonce->data));
}

// RFC 7296 section 2.8.2: of two new ones, the one whose exchange had the lowest nonce goes again, by who
// asked for it. Who asked for the other one deletes the old one.
void RekeyIkeSa::settle(IkeSa& sa, IkeSa& made, const Bytes& lowest_nonce) {
  if (sa.state() != SaState::established) {
    // It has been handed over to the peer's, or is being deleted.
    made.discard();
    if (sa.is_lingering()) {
      sa.discard();
    }
    return;
  }
  IkeSa* theirs = sa.heir();
  if (theirs != nullptr && m_collision && is_lower(lowest_nonce, m_collision->lowest_nonce)) {
    sa.hand_over(*theirs);
    made.discard();
    return;
  }
  sa.hand_over(made);
  if (theirs != nullptr) {
    theirs->await_deletion();
  }
  sa.discard();
}

}  // namespace espgate::ike
