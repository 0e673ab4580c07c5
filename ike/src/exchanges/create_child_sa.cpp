#include "exchanges/create_child_sa.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "exchanges/collision.h"
#include "exchanges/ike_sa_init.h"
#include "exchanges/informational.h"
#include "exchanges/rekey_ike_sa.h"

namespace espgate::ike {
namespace {

using wire::KePayload;
using wire::NoncePayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;
using wire::SaPayload;
using wire::TsPayload;

constexpr std::size_t child_spi_size = 4;

// RFC 7296 section 2.25.1: while we replace the IKE SA, or end it, its Child SAs stay as they are.
bool is_in_the_way(IkeSa& sa) {
  const Exchange* own = sa.active();
  return sa.state() != SaState::established || sa.heir() != nullptr ||
         (own != nullptr && (own->work() == Work::rekey_ike || own->work() == Work::delete_ike));
}

bool makes_child(const Exchange* exchange) {
  return exchange != nullptr &&
         (exchange->work() == Work::create_child || exchange->work() == Work::rekey_child);
}

NotifyPayload not_found(const NotifyPayload& rekey) {
  return {.protocol = rekey.protocol, .spi = rekey.spi, .notify = NotifyType::child_sa_not_found};
}

// The peer names a Child SA by the SPI that it receives with.
Child* find_rekeyed(IkeSa& sa, const NotifyPayload& rekey) {
  if (rekey.spi.size() != child_spi_size) {
    return nullptr;
  }
  return sa.children().find_by_outbound_spi(rekey.protocol, load_be32(rekey.spi));
}

Reply answer_child(IkeSa& sa, const wire::Payloads& request, const NoncePayload& nonce, const Child* old) {
  const auto* ke = wire::find<KePayload>(request);
  const std::optional<Group> offered_group = ke != nullptr ? std::optional(Group{ke->group}) : std::nullopt;
  auto agreement = agree_on_child(sa, request, Pfs::as_configured, offered_group,
                                  old != nullptr ? old->view.name : std::string());
  if (!agreement) {
    return {refuse_child(sa, agreement.error()), std::nullopt};
  }
  Random& random = sa.environment().random;
  std::unique_ptr<KeyExchange> key_exchange;
  Secret shared_secret;
  if (const Group group = group_of(agreement->choice); group != Group::none) {
    if (offered_group != group) {
      return invalid_ke_payload(sa, group);
    }
    key_exchange = KeyExchange::generate(group, random);
    auto secret = key_exchange->shared_secret(ke->data);
    if (!secret) {
      return invalid_syntax(sa, secret.error(), "a public value that the group does not allow");
    }
    shared_secret = std::move(*secret);
  }
  Bytes own_nonce(own_nonce_size);
  random.fill(own_nonce);
  const ChildSaId replaced = old != nullptr ? old->view.id : 0;
  auto granted = grant_child(sa, std::move(*agreement),
                             {.initiator = false,
                              .initiator_nonce = nonce.data,
                              .responder_nonce = own_nonce,
                              .shared_secret = shared_secret.view(),
                              .replaces = replaced,
                              // RFC 7296 section 2.8: until the peer deletes the old one, it is sent with.
                              .receive_only = replaced != 0});
  if (!granted) {
    return {refuse_child(sa, granted.error()), std::nullopt};
  }
  if (replaced != 0) {
    Exchange* own = sa.active();
    if (own != nullptr && own->work() == Work::rekey_child && own->subject() == replaced) {
      own->collide({granted->id, lower_of(nonce.data, own_nonce)});
    }
    sa.retire_child(replaced);
  }
  Reply reply{std::move(granted->payloads), std::nullopt};
  auto at = reply.payloads.begin() + 1;  // behind SA
  at = reply.payloads.insert(at, NoncePayload{std::move(own_nonce)}) + 1;
  if (key_exchange != nullptr) {
    reply.payloads.insert(at,
                          KePayload{std::to_underlying(key_exchange->group()), key_exchange->public_value()});
  }
  return reply;
}

}  // namespace

Reply answer_create_child_sa(IkeSa& sa, const Incoming& request) {
  const wire::Payloads& payloads = request.payloads;
  const auto* offered = wire::find<SaPayload>(payloads);
  const auto* nonce = wire::find<NoncePayload>(payloads);
  if (offered == nullptr || nonce == nullptr) {
    return invalid_syntax(sa, Reason::syntax_refused, "CREATE_CHILD_SA without SA or nonce");
  }
  if (offered->proposals.front().protocol == wire::Protocol::ike) {
    return answer_rekey_ike_sa(sa, payloads, *offered, *nonce);
  }
  if (wire::find<TsPayload>(payloads, PayloadType::ts_initiator) == nullptr ||
      wire::find<TsPayload>(payloads, PayloadType::ts_responder) == nullptr) {
    return invalid_syntax(sa, Reason::syntax_refused, "CREATE_CHILD_SA without TSi or TSr");
  }
  if (is_in_the_way(sa)) {
    return temporary_failure(sa);
  }
  if (sa.children().all().size() >= sa.limits().max_children) {
    sa.environment().counters.count(Reason::no_additional_sas);
    return {{NotifyPayload{.notify = NotifyType::no_additional_sas}}, std::nullopt};
  }
  const NotifyPayload* rekey = wire::find_notify(payloads, NotifyType::rekey_sa);
  if (rekey == nullptr) {
    return answer_child(sa, payloads, *nonce, nullptr);
  }
  const Child* old = find_rekeyed(sa, *rekey);
  if (old == nullptr) {
    if (makes_child(sa.active())) {
      // It may be the one that our own request is about to make.
      return temporary_failure(sa);
    }
    sa.environment().counters.count(Reason::child_sa_not_found);
    return {{not_found(*rekey)}, std::nullopt};
  }
  // RFC 7296 section 2.25.1: it is about to be closed.
  if (old->view.state == ChildSaState::deleting || old->replaced || old->redundant) {
    return temporary_failure(sa);
  }
  return answer_child(sa, payloads, *nonce, old);
}

std::optional<wire::Payloads> CreateChildSa::build(IkeSa& sa) {
  Environment& environment = sa.environment();
  const Child* old = sa.children().find(m_replaces);
  const bool pointless = m_replaces != 0 && (old == nullptr || old->view.state != ChildSaState::rekeying);
  if (sa.state() != SaState::established || pointless) {
    return std::nullopt;
  }
  const ChildConfig* child = find_child(sa.connection(), m_child);
  if (child == nullptr) {
    fail(sa, "the connection that this IKE SA was made from has no such child");
    return std::nullopt;
  }
  auto spi = SpiReservation::allocate(environment.handler);
  if (!spi) {
    environment.counters.count(Reason::child_refused);
    fail(sa, spi.error().message);
    return std::nullopt;
  }
  m_spi = std::move(*spi);
  m_nonce.resize(own_nonce_size);
  environment.random.fill(m_nonce);
  wire::Payloads payloads;
  if (old != nullptr) {
    Writer writer;
    writer.u32(old->view.inbound_spi);
    payloads.emplace_back(NotifyPayload{.protocol = protocol_of(old->view.proposal),
                                        .spi = std::move(writer).finish(),
                                        .notify = NotifyType::rekey_sa});
  }
  add_child_offer(payloads, sa, *child, m_spi->value(), Pfs::as_configured);
  // RFC 7296 sections 1.3.1 and 1.3.3: SA, Ni, KEi, TSi, TSr.
  auto at =
      std::ranges::find_if(payloads, [](const auto& p) { return std::holds_alternative<SaPayload>(p); });
  at = payloads.insert(at + 1, NoncePayload{m_nonce});
  const std::vector<Group>& groups = child->proposals.front().groups;
  const Group group = m_group.value_or(groups.empty() ? Group::none : groups.front());
  if (group != Group::none) {
    m_key_exchange = KeyExchange::generate(group, environment.random);
    payloads.insert(at + 1, KePayload{std::to_underlying(group), m_key_exchange->public_value()});
  }
  return payloads;
}

Exchange::Outcome CreateChildSa::process(IkeSa& sa, const Incoming& response) {
  // When the IKE SA is being deleted, what the peer has made goes with it.
  if (sa.state() == SaState::established) {
    if (const auto* error = wire::find_error(response.payloads)) {
      take_error(sa, *error);
    } else if (const ChildConfig* child = find_child(sa.connection(), m_child)) {
      take_answer(sa, *child, response.payloads);
    }
  }
  m_spi.reset();
  return Outcome::done;
}

void CreateChildSa::take_error(IkeSa& sa, const NotifyPayload& error) {
  sa.environment().counters.count(Reason::child_refused);
  if (m_collision) {
    return;  // the peer has replaced it meanwhile, and deletes the old one
  }
  if (error.notify == NotifyType::invalid_ke_payload && take_group(sa, error)) {
    return;
  }
  if (error.notify == NotifyType::child_sa_not_found && m_replaces != 0) {
    // RFC 7296 section 2.25: the peer does not have it any more. Without it, a new one is needed.
    if (sa.children().find(m_replaces) != nullptr) {
      sa.remove_child(m_replaces, "the peer does not have it any more");
      sa.enqueue(std::make_unique<CreateChildSa>(m_child));
    }
    return;
  }
  if (error.notify == NotifyType::temporary_failure && m_replaces == 0 &&
      m_temporary_failures < sa.limits().max_temporary_failures) {
    auto again = std::make_unique<CreateChildSa>(m_child);
    again->m_temporary_failures = m_temporary_failures + 1;
    sa.enqueue_later(std::move(again));
    return;
  }
  const bool superseded = m_replaces != 0 && error.notify == NotifyType::no_additional_sas && sa.supersede();
  fail(sa, "the peer refused the Child SA with " + wire::to_string(error.notify) +
               (superseded ? "; another IKE SA is begun in place of this one" : ""));
}

// RFC 7296 section 1.3: once more, with a message ID of its own.
bool CreateChildSa::take_group(IkeSa& sa, const NotifyPayload& error) {
  Reader reader(error.data);
  const Group group{reader.u16()};
  const ChildConfig* child = find_child(sa.connection(), m_child);
  const bool offered = child != nullptr && std::ranges::any_of(child->proposals, [&](const EspProposal& p) {
                         return std::ranges::find(p.groups, group) != p.groups.end();
                       });
  if (!reader.ok() || !reader.empty() || !offered || group == Group::none || m_group) {
    return false;
  }
  auto again = std::make_unique<CreateChildSa>(m_child, m_replaces);
  again->m_group = group;
  again->m_temporary_failures = m_temporary_failures;
  sa.enqueue_first(std::move(again));
  return true;
}

void CreateChildSa::take_answer(IkeSa& sa, const ChildConfig& child, const wire::Payloads& answer) {
  const auto* nonce = wire::find<NoncePayload>(answer);
  const auto* ke = wire::find<KePayload>(answer);
  auto agreement = read_child_answer(sa, child, answer, Pfs::as_configured);
  if (!agreement || nonce == nullptr) {
    give_back(sa, answer, Reason::child_answer_unusable,
              "the peer's answer does not fit what it was offered");
    return;
  }
  if (std::ranges::find(m_deleted, agreement->choice.spi) != m_deleted.end()) {
    fail(sa, "the peer has deleted the new Child SA before its answer came");
    return;
  }
  Secret shared_secret;
  if (const Group group = group_of(agreement->choice); group != Group::none) {
    if (ke == nullptr || m_key_exchange == nullptr || m_key_exchange->group() != group ||
        Group{ke->group} != group) {
      give_back(sa, answer, Reason::child_answer_unusable,
                "the peer's answer is of another group than the request");
      return;
    }
    auto secret = m_key_exchange->shared_secret(ke->data);
    if (!secret) {
      give_back(sa, answer, secret.error(), "the peer's public value is one that the group does not allow");
      return;
    }
    shared_secret = std::move(*secret);
  }
  // RFC 7296 section 2.8.1: what comes of the exchange with the lowest of the four nonces goes again.
  Bytes lowest_nonce = lower_of(m_nonce, nonce->data);
  const bool lost = m_collision && sa.children().find(m_collision->made) != nullptr &&
                    is_lower(lowest_nonce, m_collision->lowest_nonce);
  const auto made = install_agreed(sa, std::move(*agreement), *m_spi,
                                   {.initiator = true,
                                    .initiator_nonce = m_nonce,
                                    .responder_nonce = nonce->data,
                                    .shared_secret = shared_secret.view(),
                                    .replaces = m_replaces,
                                    .receive_only = lost});
  if (!made) {
    give_back(sa, answer, Reason::child_refused, made.error().message);
    return;
  }
  if (lost) {
    sa.make_redundant(*made);
    sa.enqueue(std::make_unique<DeleteChildSa>(*made));
    return;
  }
  if (m_collision) {
    sa.make_redundant(m_collision->made);
  }
  if (m_replaces != 0) {
    sa.retire_child(m_replaces);
    sa.terminate_child(m_replaces);
  }
}

void CreateChildSa::give_back(IkeSa& sa, const wire::Payloads& answer, Reason counter,
                              const std::string& reason) {
  sa.environment().counters.count(counter);
  sa.enqueue(std::make_unique<DeleteSpi>(m_spi->value(), answered_protocol(answer)));
  fail(sa, reason);
}

void CreateChildSa::fail(IkeSa& sa, const std::string& reason) {
  if (m_replaces != 0) {
    sa.rekey_child_failed(m_replaces, reason);
  } else {
    sa.emit(Event::Kind::initiate_failed, m_child, reason);
  }
}

}  // namespace espgate::ike
