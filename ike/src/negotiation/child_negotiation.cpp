#include "negotiation/child_negotiation.h"

#include <utility>

#include "exchanges/informational.h"
#include "negotiation/narrowing.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike {
namespace {

using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;
using wire::SaPayload;
using wire::TsPayload;

// All that both ends know of the new Child SA.
struct Agreement {
  const ChildConfig* child;
  EspChoice choice;
  std::uint32_t own_spi;
  bool transport_mode;
  std::vector<TrafficSelector> local_ts;
  std::vector<TrafficSelector> remote_ts;
};

ChildSa make_child(IkeSa& sa, Agreement agreement) {
  const InitMaterial& material = sa.init_material();
  ChildKeys keys = derive_child_keys(agreement.choice.proposal, sa.proposal().prf.front(), sa.keys().d,
                                     material.initiator_nonce, material.responder_nonce);
  const bool initiator = sa.initiator();
  ChildSa made;
  made.id = ++sa.environment().last_child_id;
  made.ike_sa = sa.id();
  made.connection = sa.connection().name;
  made.child = agreement.child->name;
  made.esn = agreement.choice.proposal.esn.front() == EsnMode::yes;
  made.proposal = std::move(agreement.choice.proposal);
  made.transport_mode = agreement.transport_mode;
  made.inbound_spi = agreement.own_spi;
  made.outbound_spi = agreement.choice.spi;
  made.outbound_key = std::move(initiator ? keys.initiator_encryption : keys.responder_encryption);
  made.inbound_key = std::move(initiator ? keys.responder_encryption : keys.initiator_encryption);
  made.outbound_integrity_key = std::move(initiator ? keys.initiator_integrity : keys.responder_integrity);
  made.inbound_integrity_key = std::move(initiator ? keys.responder_integrity : keys.initiator_integrity);
  made.local_address = sa.local().address;
  made.remote_address = sa.remote().address;
  made.udp_encapsulation = sa.udp_encapsulation();
  made.local_port = sa.local().port;
  made.remote_port = sa.remote().port;
  made.local_ts = std::move(agreement.local_ts);
  made.remote_ts = std::move(agreement.remote_ts);
  return made;
}

wire::Payloads refuse(IkeSa& sa, Reason counter, NotifyType type, const std::string& child,
                      const std::string& why) {
  sa.environment().counters.count(counter);
  sa.emit(Event::Kind::peer_rejected, child, wire::to_string(type) + ": " + why);
  return {NotifyPayload{.notify = type}};
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

// How far the responder's children fit what is asked for; the child that comes farthest tells the peer why
// not.
struct Search {
  std::optional<Agreement> found;
  const ChildConfig* selectors_fit = nullptr;
};

Search search_child(const IkeSa& sa, const SaPayload& offered, const TsPayload& ts_initiator,
                    const TsPayload& ts_responder, bool transport_mode, std::size_t max_selectors) {
  Search search;
  const auto their_ts = from_wire(ts_initiator);
  const auto our_ts = from_wire(ts_responder);
  for (const ChildConfig& child : sa.connection().children) {
    auto local_ts = narrow(resolve(child.local_ts, sa.local().address), our_ts, max_selectors);
    auto remote_ts = narrow(remote_selectors(sa, child), their_ts, max_selectors);
    if (local_ts.empty() || remote_ts.empty()) {
      continue;
    }
    if (search.selectors_fit == nullptr) {
      search.selectors_fit = &child;
    }
    if (auto choice = choose_esp(child.proposals, offered)) {
      search.found = Agreement{&child,
                               std::move(*choice),
                               0,
                               transport_mode && child.transport_mode,
                               std::move(local_ts),
                               std::move(remote_ts)};
      return search;
    }
  }
  return search;
}

// What the peer has installed, as far as its answer says.
wire::Protocol answered_protocol(const SaPayload* answer) {
  const bool ah = answer != nullptr && !answer->proposals.empty() &&
                  answer->proposals.front().protocol == wire::Protocol::ah;
  return ah ? wire::Protocol::ah : wire::Protocol::esp;
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

void add_child_offer(wire::Payloads& payloads, const IkeSa& sa, const ChildConfig& child, std::uint32_t spi) {
  payloads.emplace_back(offer_esp(child.proposals, spi));
  payloads.emplace_back(to_wire(PayloadType::ts_initiator, resolve(child.local_ts, sa.local().address)));
  payloads.emplace_back(to_wire(PayloadType::ts_responder, remote_selectors(sa, child)));
  if (child.transport_mode) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::use_transport_mode});
  }
}

wire::Payloads answer_child_offer(IkeSa& sa, const wire::Payloads& request) {
  Environment& environment = sa.environment();
  const auto* offered = wire::find<SaPayload>(request);
  const auto* ts_initiator = wire::find<TsPayload>(request, PayloadType::ts_initiator);
  const auto* ts_responder = wire::find<TsPayload>(request, PayloadType::ts_responder);
  const bool transport = wire::find_notify(request, NotifyType::use_transport_mode) != nullptr;
  Search search =
      search_child(sa, *offered, *ts_initiator, *ts_responder, transport, environment.limits.max_selectors);
  if (search.selectors_fit == nullptr) {
    return refuse(sa, Reason::child_ts_unacceptable, NotifyType::ts_unacceptable, {},
                  "no child has traffic selectors in common with those asked for");
  }
  if (!search.found) {
    return refuse(sa, Reason::child_no_proposal, NotifyType::no_proposal_chosen, search.selectors_fit->name,
                  "no ESP or AH proposal in common");
  }
  auto spi = SpiReservation::allocate(environment.handler);
  if (!spi) {
    return refuse(sa, Reason::child_refused, NotifyType::no_proposal_chosen, search.found->child->name,
                  spi.error().message);
  }
  search.found->own_spi = spi->value();
  const EspChoice choice = search.found->choice;
  const ChildSa child = make_child(sa, std::move(*search.found));
  if (const auto installed = sa.install_child(child); !installed) {
    return refuse(sa, Reason::child_refused, NotifyType::no_proposal_chosen, child.child,
                  installed.error().message);
  }
  spi->keep();
  wire::Payloads answer{answer_esp(choice, child.inbound_spi),
                        to_wire(PayloadType::ts_initiator, child.remote_ts),
                        to_wire(PayloadType::ts_responder, child.local_ts)};
  if (child.transport_mode) {
    answer.emplace_back(NotifyPayload{.notify = NotifyType::use_transport_mode});
  }
  return answer;
}

void accept_child_answer(IkeSa& sa, const ChildConfig& child, SpiReservation spi,
                         const wire::Payloads& answer) {
  Environment& environment = sa.environment();
  const auto give_up = [&](Reason counter, std::string reason) {
    environment.counters.count(counter);
    sa.emit(Event::Kind::initiate_failed, child.name, std::move(reason));
  };
  if (const auto* error = wire::find_error(answer)) {
    give_up(Reason::child_refused, "the peer refused the Child SA with " + wire::to_string(error->notify));
    return;
  }
  const auto* chosen = wire::find<SaPayload>(answer);
  const auto* ts_initiator = wire::find<TsPayload>(answer, PayloadType::ts_initiator);
  const auto* ts_responder = wire::find<TsPayload>(answer, PayloadType::ts_responder);
  auto choice = chosen != nullptr ? accept_esp(child.proposals, *chosen) : std::nullopt;
  auto local_ts = ts_initiator != nullptr ? from_wire(*ts_initiator) : std::vector<TrafficSelector>{};
  auto remote_ts = ts_responder != nullptr ? from_wire(*ts_responder) : std::vector<TrafficSelector>{};
  const bool transport = wire::find_notify(answer, NotifyType::use_transport_mode) != nullptr;
  // RFC 7296 section 2.9: the responder may narrow what was offered, never widen it; section 1.3.1: a
  // responder that keeps silent on transport mode has made a tunnel.
  if (!choice || local_ts.empty() || remote_ts.empty() ||
      !within(local_ts, resolve(child.local_ts, sa.local().address)) ||
      !within(remote_ts, remote_selectors(sa, child)) || transport != child.transport_mode) {
    sa.enqueue(std::make_unique<DeleteUninstalledChild>(spi.value(), answered_protocol(chosen)));
    give_up(Reason::child_answer_unusable,
            "the peer's answer for the Child SA does not fit what it was offered; deleting it there");
    return;
  }
  const ChildSa made = make_child(sa, Agreement{&child, std::move(*choice), spi.value(), transport,
                                                std::move(local_ts), std::move(remote_ts)});
  if (const auto installed = sa.install_child(made); !installed) {
    sa.enqueue(std::make_unique<DeleteUninstalledChild>(spi.value(), answered_protocol(chosen)));
    give_up(Reason::child_refused, installed.error().message);
    return;
  }
  spi.keep();
}

}  // namespace espgate::ike
