#include "exchanges/ike_sa_init.h"

#include <algorithm>
#include <utility>

#include "auth/signature_auth.h"
#include "base/reader.h"
#include "exchanges/create_child_sa.h"
#include "exchanges/ike_auth.h"
#include "negotiation/nat_detection.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike {
namespace {

using wire::KePayload;
using wire::NoncePayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::SaPayload;

// More are asked for only by somebody who wants to keep us busy; one is usual, two when a secret has just
// been changed.
constexpr unsigned max_cookies = 3;
constexpr std::size_t max_cookie_size = 64;
constexpr std::uint16_t ike_port_behind_nat = 4500;

}  // namespace

bool offers_group(const ConnectionConfig& connection, Group group) {
  return std::ranges::any_of(connection.proposals, [&](const IkeProposal& proposal) {
    return std::ranges::find(proposal.groups, group) != proposal.groups.end();
  });
}

std::optional<wire::Payloads> IkeSaInit::build(IkeSa& sa) {
  Random& random = sa.environment().random;
  if (m_nonce.empty()) {
    m_nonce.resize(own_nonce_size);
    random.fill(m_nonce);
  }
  if (m_key_exchange == nullptr) {
    m_key_exchange = KeyExchange::generate(sa.connection().proposals.front().groups.front(), random);
    m_groups_tried.insert(m_key_exchange->group());
  }
  wire::Payloads payloads;
  if (!m_cookie.empty()) {
    // RFC 7296 section 2.6: first, and all the others unchanged.
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::cookie, .data = m_cookie});
  }
  payloads.emplace_back(offer_ike(sa.connection().proposals));
  payloads.emplace_back(
      KePayload{std::to_underlying(m_key_exchange->group()), m_key_exchange->public_value()});
  payloads.emplace_back(NoncePayload{m_nonce});
  add_nat_detection(payloads, sa.initiator_spi(), 0, sa.local(), sa.remote(),
                    sa.connection().force_udp_encapsulation, random);
  payloads.emplace_back(announce_hashes());
  if (sa.connection().fragmentation != Fragmentation::no) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::fragmentation_supported});
  }
  return payloads;
}

Exchange::Outcome IkeSaInit::process(IkeSa& sa, const Incoming& response) {
  if (const auto* notify = wire::find_notify(response.payloads, NotifyType::cookie)) {
    return take_cookie(sa, *notify);
  }
  if (const auto* notify = wire::find_notify(response.payloads, NotifyType::invalid_ke_payload)) {
    return take_group(sa, *notify);
  }
  if (const auto* error = wire::find_error(response.payloads)) {
    m_refusal = "the peer answered IKE_SA_INIT with " + wire::to_string(error->notify);
    return Outcome::keep_waiting;
  }
  return take_answer(sa, response);
}

Exchange::Outcome IkeSaInit::take_cookie(IkeSa& sa, const NotifyPayload& notify) {
  if (notify.data.empty() || notify.data.size() > max_cookie_size || notify.data == m_cookie ||
      m_cookies_taken == max_cookies) {
    sa.environment().counters.count(Reason::init_unusable);
    return Outcome::keep_waiting;
  }
  ++m_cookies_taken;
  m_cookie = notify.data;
  return Outcome::send_again;
}

Exchange::Outcome IkeSaInit::take_group(IkeSa& sa, const NotifyPayload& notify) {
  // RFC 7296 section 1.3: the group in two bytes. Each group is tried once, so that this comes to an end.
  Reader reader(notify.data);
  const Group group{reader.u16()};
  if (!reader.ok() || !reader.empty() || !offers_group(sa.connection(), group) ||
      !m_groups_tried.insert(group).second) {
    sa.environment().counters.count(Reason::init_unusable);
    return Outcome::keep_waiting;
  }
  m_key_exchange = KeyExchange::generate(group, sa.environment().random);
  return Outcome::send_again;
}

Exchange::Outcome IkeSaInit::take_answer(IkeSa& sa, const Incoming& response) {
  Environment& environment = sa.environment();
  const auto* answer = wire::find<SaPayload>(response.payloads);
  const auto* ke = wire::find<KePayload>(response.payloads);
  const auto* nonce = wire::find<NoncePayload>(response.payloads);
  auto choice = answer != nullptr ? accept_ike(sa.connection().proposals, *answer) : std::nullopt;
  if (!choice || ke == nullptr || nonce == nullptr || response.header.responder_spi == 0 ||
      Group{ke->group} != m_key_exchange->group() ||
      choice->proposal.groups.front() != m_key_exchange->group()) {
    environment.counters.count(Reason::init_unusable);
    return Outcome::keep_waiting;
  }
  const auto secret = m_key_exchange->shared_secret(ke->data);
  if (!secret) {
    environment.counters.count(secret.error());
    return Outcome::keep_waiting;
  }
  const std::uint64_t responder_spi = response.header.responder_spi;
  IkeKeys keys = derive_ike_keys(choice->proposal, secret->view(), m_nonce, nonce->data, sa.initiator_spi(),
                                 responder_spi);
  sa.set_keys(std::move(choice->proposal), std::move(keys),
              std::make_unique<InitMaterial>(
                  InitMaterial{.initiator_nonce = std::move(m_nonce),
                               .responder_nonce = nonce->data,
                               .request = sa.init_request(),
                               .response = response.datagram.message,
                               .peer_hashes = announced_hashes(response.payloads),
                               .certificate_wish = certificate_wish(response.payloads, environment.limits)}),
              responder_spi);

  sa.allow_fragmentation(sa.connection().fragmentation != Fragmentation::no &&
                         wire::find_notify(response.payloads, NotifyType::fragmentation_supported) !=
                             nullptr);
  const NatFinding nat =
      find_nat(response.payloads, response.header, response.datagram.local, response.datagram.remote);
  const bool encapsulation =
      nat.supported && (nat.local || nat.remote || sa.connection().force_udp_encapsulation);
  sa.set_nat(nat.local, nat.remote, encapsulation);
  if (encapsulation) {
    // RFC 7296 section 2.23: from IKE_AUTH on between the ports 4500.
    sa.move_endpoints({sa.local().address, ike_port_behind_nat}, {sa.remote().address, ike_port_behind_nat});
  }
  begin_auth(sa, wire::find_notify(response.payloads, NotifyType::childless_ikev2_supported) != nullptr);
  return Outcome::done;
}

// RFC 6023: the first Child SA comes with IKE_AUTH, or by itself after it.
void IkeSaInit::begin_auth(IkeSa& sa, bool childless_supported) {
  const Childless policy = sa.connection().childless;
  if (!childless_supported && (m_child.empty() || policy == Childless::force)) {
    sa.set_state(SaState::gone, "the peer does not take IKE SAs without a Child SA (RFC 6023)");
    return;
  }
  sa.set_state(SaState::auth_sent, {});
  const bool later = childless_supported && (policy == Childless::prefer || policy == Childless::force);
  if (later && !m_child.empty()) {
    sa.enqueue_first(std::make_unique<CreateChildSa>(m_child));
  }
  sa.enqueue_first(std::make_unique<IkeAuth>(later ? std::string() : m_child));
}

}  // namespace espgate::ike
