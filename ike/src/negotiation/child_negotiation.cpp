#include "negotiation/child_negotiation.h"

#include <utility>

#include "exchanges/informational.h"
#include "negotiation/narrowing.h"
#include "sa/lifetimes.h"

namespace espgate::ike {
namespace {

using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;
using wire::SaPayload;
using wire::TsPayload;

ChildSa make_child(IkeSa& sa, ChildAgreement agreement, std::uint32_t own_spi, const ChildMaking& making) {
  ChildKeys keys = derive_child_keys(agreement.choice.proposal, sa.proposal().prf.front(), sa.sk_d(),
                                     making.initiator_nonce, making.responder_nonce, making.shared_secret);
  const bool initiator = making.initiator;
  ChildSa made;
  made.id = ++sa.environment().last_child_id;
  made.ike_sa = sa.id();
  made.connection = sa.connection().name;
  made.child = agreement.child->name;
  made.esn = agreement.choice.proposal.esn.front() == EsnMode::yes;
  made.bytes = draw_volume(agreement.child->bytes, sa.environment().random);
  made.packets = draw_volume(agreement.child->packets, sa.environment().random);
  made.proposal = std::move(agreement.choice.proposal);
  made.transport_mode = agreement.transport_mode;
  made.inbound_spi = own_spi;
  made.outbound_spi = agreement.choice.spi;
  made.outbound_key = std::move(initiator ? keys.initiator_encryption : keys.responder_encryption);
  made.inbound_key = std::move(initiator ? keys.responder_encryption : keys.initiator_encryption);
  made.outbound_integrity_key = std::move(initiator ? keys.initiator_integrity : keys.responder_integrity);
  made.inbound_integrity_key = std::move(initiator ? keys.responder_integrity : keys.initiator_integrity);
  made.replaces = making.replaces;
  made.receive_only = making.receive_only;
  made.local_address = sa.local().address;
  made.remote_address = sa.remote().address;
  made.udp_encapsulation = sa.udp_encapsulation();
  made.local_port = sa.local().port;
  made.remote_port = sa.remote().port;
  made.local_ts = std::move(agreement.local_ts);
  made.remote_ts = std::move(agreement.remote_ts);
  return made;
}

// What the child may reach on the peer's side: as configured, and no more than the peer's PAD entry allows
// (RFC 4301 section 4.4.3.4).
std::vector<TrafficSelector> remote_selectors(const IkeSa& sa, const ChildConfig& child) {
  auto selectors = resolve(child.remote_ts, sa.remote().address);
  const std::vector<IpRange>& allowed = sa.connection().allowed_remote;
  if (allowed.empty()) {
    return selectors;
  }
  std::vector<TrafficSelector> bounds;
  bounds.reserve(allowed.size());
  for (const IpRange& range : allowed) {
    bounds.push_back({.addresses = range});
  }
  return narrow(selectors, bounds, selectors.size() * bounds.size());
}

// The nonces of IKE_SA_INIT are those of the first Child SA.
ChildMaking first_child(const IkeSa& sa) {
  return {.initiator = sa.initiator(),
          .initiator_nonce = sa.init_material().initiator_nonce,
          .responder_nonce = sa.init_material().responder_nonce};
}

}  // namespace

Expected<SpiReservation> SpiReservation::allocate(ChildSaHandler& handler) {
  const auto spi = handler.allocate_spi();
  if (!spi) {
    return std::unexpected(spi.error());
  }
  return SpiReservation(handler, *spi);
}

SpiReservation::SpiReservation(SpiReservation&& other) noexcept
    : m_handler(other.m_handler), m_spi(std::exchange(other.m_spi, 0)) {}

SpiReservation& SpiReservation::operator=(SpiReservation&& other) noexcept {
  if (this != &other) {
    give_back();
    m_handler = other.m_handler;
    m_spi = std::exchange(other.m_spi, 0);
  }
  return *this;
}

void SpiReservation::give_back() {
  if (m_spi != 0) {
    m_handler->release_spi(std::exchange(m_spi, 0));
  }
}

wire::Payloads refuse_child(IkeSa& sa, const ChildRefusal& refusal) {
  sa.environment().counters.count(refusal.counter);
  sa.emit(Event::Kind::peer_rejected, refusal.child, wire::to_string(refusal.notify) + ": " + refusal.why);
  return {NotifyPayload{.notify = refusal.notify}};
}

void add_child_offer(wire::Payloads& payloads, const IkeSa& sa, const ChildConfig& child, std::uint32_t spi,
                     Pfs pfs) {
  payloads.emplace_back(offer_esp(child.proposals, spi, pfs));
  payloads.emplace_back(to_wire(PayloadType::ts_initiator, resolve(child.local_ts, sa.local().address)));
  payloads.emplace_back(to_wire(PayloadType::ts_responder, remote_selectors(sa, child)));
  if (child.transport_mode) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::use_transport_mode});
  }
}

// The child that comes farthest tells the peer why not.
std::expected<ChildAgreement, ChildRefusal> agree_on_child(const IkeSa& sa, const wire::Payloads& request,
                                                           Pfs pfs, std::optional<Group> ke_group,
                                                           const std::string& only) {
  const auto& offered = *wire::find<SaPayload>(request);
  const auto their_ts = from_wire(*wire::find<TsPayload>(request, PayloadType::ts_initiator));
  const auto our_ts = from_wire(*wire::find<TsPayload>(request, PayloadType::ts_responder));
  const bool transport = wire::find_notify(request, NotifyType::use_transport_mode) != nullptr;
  const std::size_t max_selectors = sa.limits().max_selectors;
  const ChildConfig* selectors_fit = nullptr;
  for (const ChildConfig& child : sa.connection().children) {
    if (!only.empty() && child.name != only) {
      continue;
    }
    auto local_ts = narrow(resolve(child.local_ts, sa.local().address), our_ts, max_selectors);
    auto remote_ts = narrow(remote_selectors(sa, child), their_ts, max_selectors);
    if (local_ts.empty() || remote_ts.empty()) {
      continue;
    }
    if (selectors_fit == nullptr) {
      selectors_fit = &child;
    }
    if (auto choice = choose_esp(child.proposals, offered, pfs, ke_group)) {
      return ChildAgreement{&child, std::move(*choice), transport && child.transport_mode,
                            std::move(local_ts), std::move(remote_ts)};
    }
  }
  if (selectors_fit == nullptr) {
    return std::unexpected(ChildRefusal{Reason::child_ts_unacceptable, NotifyType::ts_unacceptable, only,
                                        "no child has traffic selectors in common with those asked for"});
  }
  return std::unexpected(ChildRefusal{Reason::child_no_proposal, NotifyType::no_proposal_chosen,
                                      selectors_fit->name, "no ESP or AH proposal in common"});
}

std::expected<ChildAnswer, ChildRefusal> grant_child(IkeSa& sa, ChildAgreement agreement,
                                                     const ChildMaking& making) {
  const auto not_carried = [&](const Error& error) {
    return std::unexpected(ChildRefusal{Reason::child_refused, NotifyType::no_proposal_chosen,
                                        agreement.child->name, error.message});
  };
  auto spi = SpiReservation::allocate(sa.environment().handler);
  if (!spi) {
    return not_carried(spi.error());
  }
  ChildAnswer answer;
  answer.payloads.emplace_back(answer_esp(agreement.choice, spi->value()));
  answer.payloads.emplace_back(to_wire(PayloadType::ts_initiator, agreement.remote_ts));
  answer.payloads.emplace_back(to_wire(PayloadType::ts_responder, agreement.local_ts));
  if (agreement.transport_mode) {
    answer.payloads.emplace_back(NotifyPayload{.notify = NotifyType::use_transport_mode});
  }
  const auto installed = install_agreed(sa, agreement, *spi, making);
  if (!installed) {
    return not_carried(installed.error());
  }
  answer.id = *installed;
  return answer;
}

std::optional<ChildAgreement> read_child_answer(const IkeSa& sa, const ChildConfig& child,
                                                const wire::Payloads& answer, Pfs pfs) {
  const auto* chosen = wire::find<SaPayload>(answer);
  const auto* ts_initiator = wire::find<TsPayload>(answer, PayloadType::ts_initiator);
  const auto* ts_responder = wire::find<TsPayload>(answer, PayloadType::ts_responder);
  if (chosen == nullptr || ts_initiator == nullptr || ts_responder == nullptr) {
    return std::nullopt;
  }
  auto choice = accept_esp(child.proposals, *chosen, pfs);
  auto local_ts = from_wire(*ts_initiator);
  auto remote_ts = from_wire(*ts_responder);
  const bool transport = wire::find_notify(answer, NotifyType::use_transport_mode) != nullptr;
  // RFC 7296 section 2.9: the responder may narrow what was offered, never widen it; section 1.3.1: a
  // responder that keeps silent on transport mode has made a tunnel.
  if (!choice || local_ts.empty() || remote_ts.empty() ||
      !within(local_ts, resolve(child.local_ts, sa.local().address)) ||
      !within(remote_ts, remote_selectors(sa, child)) || transport != child.transport_mode) {
    return std::nullopt;
  }
  return ChildAgreement{&child, std::move(*choice), transport, std::move(local_ts), std::move(remote_ts)};
}

wire::Protocol answered_protocol(const wire::Payloads& answer) {
  const auto* chosen = wire::find<SaPayload>(answer);
  const bool ah = chosen != nullptr && !chosen->proposals.empty() &&
                  chosen->proposals.front().protocol == wire::Protocol::ah;
  return ah ? wire::Protocol::ah : wire::Protocol::esp;
}

Expected<ChildSaId> install_agreed(IkeSa& sa, ChildAgreement agreement, SpiReservation& spi,
                                   const ChildMaking& making) {
  const Lifetime lifetime = agreement.child->lifetime;
  const ChildSa made = make_child(sa, std::move(agreement), spi.value(), making);
  if (const auto installed = sa.install_child(made, lifetime); !installed) {
    return std::unexpected(installed.error());
  }
  spi.keep();
  return made.id;
}

wire::Payloads answer_child_offer(IkeSa& sa, const wire::Payloads& request) {
  auto agreement = agree_on_child(sa, request, Pfs::none, std::nullopt);
  if (!agreement) {
    return refuse_child(sa, agreement.error());
  }
  auto granted = grant_child(sa, std::move(*agreement), first_child(sa));
  return granted ? std::move(granted->payloads) : refuse_child(sa, granted.error());
}

void accept_child_answer(IkeSa& sa, const ChildConfig& child, SpiReservation spi,
                         const wire::Payloads& answer) {
  const auto give_up = [&](Reason counter, std::string reason) {
    sa.environment().counters.count(counter);
    sa.emit(Event::Kind::initiate_failed, child.name, std::move(reason));
  };
  if (const auto* error = wire::find_error(answer)) {
    give_up(Reason::child_refused, "the peer refused the Child SA with " + wire::to_string(error->notify));
    return;
  }
  auto agreement = read_child_answer(sa, child, answer, Pfs::none);
  if (!agreement) {
    sa.enqueue(std::make_unique<DeleteSpi>(spi.value(), answered_protocol(answer)));
    give_up(Reason::child_answer_unusable,
            "the peer's answer for the Child SA does not fit what it was offered; deleting it there");
    return;
  }
  if (const auto installed = install_agreed(sa, std::move(*agreement), spi, first_child(sa)); !installed) {
    sa.enqueue(std::make_unique<DeleteSpi>(spi.value(), answered_protocol(answer)));
    give_up(Reason::child_refused, installed.error().message);
  }
}

}  // namespace espgate::ike
