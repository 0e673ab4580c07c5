#include "exchanges/ike_sa_init_responder.h"

#include <utility>

#include "auth/authenticator.h"
#include "auth/signature_auth.h"
#include "crypto/key_exchange.h"
#include "crypto/prf.h"
#include "exchanges/ike_sa_init.h"
#include "negotiation/nat_detection.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike {

using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;

void IkeSaInitResponder::receive(const Datagram& datagram, const wire::Header& header) {
  Counters& counters = m_environment.counters;
  const ResponseCache::Digest digest = sha256(datagram.message);
  if (const IkeSa* known = m_table.find_by_init_request(digest)) {
    counters.count(Reason::request_repeated);
    if (known->state() == SaState::half_open) {
      for (const Bytes& response : known->responses().response()) {
        m_environment.datagrams.push_back({datagram.local, datagram.remote, response});
      }
    }
    return;
  }
  if (!header.from_initiator || header.initiator_spi == 0 || header.responder_spi != 0 ||
      header.message_id != 0) {
    counters.count(Reason::init_malformed);
    return;
  }
  // RFC 7296 section 2.21.1: what is malformed here is dropped, for anyone can send it.
  const auto message = wire::decode_message(datagram.message, m_environment.limits);
  if (!message) {
    counters.count(message.error());
    return;
  }
  const wire::Payloads& payloads = message->payloads;
  const auto* sa = wire::find<wire::SaPayload>(payloads);
  const auto* ke = wire::find<wire::KePayload>(payloads);
  const auto* nonce = wire::find<wire::NoncePayload>(payloads);
  if (sa == nullptr || ke == nullptr || nonce == nullptr ||
      wire::count_of(payloads, PayloadType::security_association) != 1 ||
      wire::count_of(payloads, PayloadType::key_exchange) != 1 ||
      wire::count_of(payloads, PayloadType::nonce) != 1) {
    counters.count(Reason::init_malformed);
    return;
  }
  answer({datagram, *message, *sa, *ke, *nonce, digest});
}

bool IkeSaInitResponder::admit(const Request& request) {
  Counters& counters = m_environment.counters;
  const Limits& limits = m_environment.limits;
  const IpAddress& source = request.datagram.remote.address;
  const wire::Header& header = request.message.header;
  if (m_environment.half_open.total() >= limits.cookie_threshold) {
    const auto* cookie = wire::find_notify(request.message.payloads, NotifyType::cookie);
    const ByteView nonce = request.nonce.data;
    if (cookie != nullptr &&
        !m_cookies.is_ours(cookie->data, nonce, source, header.initiator_spi, m_environment.now)) {
      counters.count(Reason::cookie_invalid);
      cookie = nullptr;
    }
    if (cookie == nullptr) {
      counters.count(Reason::cookie_required);
      refuse(request.datagram, header,
             {.notify = NotifyType::cookie,
              .data = m_cookies.make(nonce, source, header.initiator_spi, m_environment.now)});
      return false;
    }
  }
  if (m_environment.half_open.total() >= limits.max_half_open) {
    counters.count(Reason::half_open_limit);
    return false;
  }
  if (m_environment.half_open.from(source) >= limits.max_half_open_per_source) {
    counters.count(Reason::source_limit);
    return false;
  }
  return true;
}

void IkeSaInitResponder::answer(const Request& request) {
  Counters& counters = m_environment.counters;
  const Datagram& datagram = request.datagram;
  const wire::Header& header = request.message.header;
  if (!admit(request)) {
    return;
  }
  if (const auto* unknown = wire::find_critical_unknown(request.message.payloads)) {
    counters.count(Reason::critical_unknown);
    refuse(
        datagram, header,
        {.notify = NotifyType::unsupported_critical_payload, .data = {std::to_underlying(unknown->which)}});
    return;
  }
  const Group ke_group{request.ke.group};
  const auto connections =
      m_environment.config.find_by_addresses(datagram.local.address, datagram.remote.address);
  for (const ConnectionPtr& connection : connections) {
    const auto choice = choose_ike(connection->proposals, request.sa, ke_group);
    if (!choice) {
      continue;
    }
    const Group group = choice->proposal.groups.front();
    if (group != ke_group) {
      counters.count(Reason::group_mismatch);
      NotifyPayload notify{.notify = NotifyType::invalid_ke_payload, .data = Bytes(2)};
      store_be16(notify.data, 0, std::to_underlying(group));
      refuse(datagram, header, std::move(notify));
      return;
    }
    establish(request, connection, *choice);
    return;
  }
  counters.count(connections.empty() ? Reason::no_connection : Reason::no_proposal_chosen);
  refuse(datagram, header, {.notify = NotifyType::no_proposal_chosen});
}

void IkeSaInitResponder::establish(const Request& request, const ConnectionPtr& connection,
                                   const IkeChoice& choice) {
  const Datagram& datagram = request.datagram;
  const wire::Header& header = request.message.header;
  const auto key_exchange = KeyExchange::generate(choice.proposal.groups.front(), m_environment.random);
  const auto secret = key_exchange->shared_secret(request.ke.data);
  if (!secret) {
    // RFC 6989 section 2.5: no answer to a value that may be a probe.
    m_environment.counters.count(secret.error());
    return;
  }
  Bytes nonce(own_nonce_size);
  m_environment.random.fill(nonce);
  IkeSa& sa = m_table.add(m_environment, {.id = m_table.fresh_id(),
                                          .initiator = false,
                                          .own_spi = m_table.fresh_spi(m_environment.random),
                                          .peer_spi = header.initiator_spi,
                                          .local = datagram.local,
                                          .remote = datagram.remote,
                                          .connection = connection});
  const NatFinding nat = find_nat(request.message.payloads, header, datagram.local, datagram.remote);
  sa.set_nat(nat.local, nat.remote,
             nat.supported && (nat.local || nat.remote || connection->force_udp_encapsulation));

  wire::Payloads payloads{answer_ike(choice), wire::KePayload{request.ke.group, key_exchange->public_value()},
                          wire::NoncePayload{nonce}};
  if (nat.supported) {
    add_nat_detection(payloads, sa.initiator_spi(), sa.responder_spi(), datagram.local, datagram.remote,
                      connection->force_udp_encapsulation, m_environment.random);
  }
  auto peer_hashes = announced_hashes(request.message.payloads);
  if (peer_hashes) {
    payloads.emplace_back(announce_hashes());
  }
  if (auto wanted = request_certificates(m_environment.config, *connection, m_environment.limits)) {
    payloads.emplace_back(std::move(*wanted));
  }
  const bool fragmentation =
      connection->fragmentation != Fragmentation::no &&
      wire::find_notify(request.message.payloads, NotifyType::fragmentation_supported) != nullptr;
  sa.allow_fragmentation(fragmentation);
  if (fragmentation) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::fragmentation_supported});
  }
  if (connection->childless != Childless::never) {
    payloads.emplace_back(NotifyPayload{.notify = NotifyType::childless_ikev2_supported});
  }
  const wire::Header answer_header{.initiator_spi = sa.initiator_spi(),
                                   .responder_spi = sa.responder_spi(),
                                   .exchange = wire::ExchangeType::ike_sa_init,
                                   .response = true};
  Bytes response = wire::encode_message(answer_header, payloads);
  IkeKeys keys = derive_ike_keys(choice.proposal, secret->view(), request.nonce.data, nonce,
                                 sa.initiator_spi(), sa.responder_spi());
  sa.set_keys(choice.proposal, std::move(keys),
              std::make_unique<InitMaterial>(InitMaterial{.initiator_nonce = request.nonce.data,
                                                          .responder_nonce = std::move(nonce),
                                                          .request = datagram.message,
                                                          .response = response,
                                                          .peer_hashes = std::move(peer_hashes)}),
              header.initiator_spi);
  sa.set_state(SaState::half_open, {});
  m_table.remember_init_request(request.digest, sa);
  sa.answer_init(request.digest, std::move(response), datagram);
}

void IkeSaInitResponder::refuse(const Datagram& datagram, const wire::Header& header, NotifyPayload notify) {
  const wire::Header answer_header{.initiator_spi = header.initiator_spi,
                                   .responder_spi = 0,
                                   .exchange = wire::ExchangeType::ike_sa_init,
                                   .response = true};
  m_environment.datagrams.push_back(
      {datagram.local, datagram.remote, wire::encode_message(answer_header, {std::move(notify)})});
}

}  // namespace espgate::ike
