// The messages of an IKE SA: which are let in, in which state, and who handles them.
#include <algorithm>
#include <array>
#include <utility>

#include "crypto/prf.h"
#include "exchanges/create_child_sa.h"
#include "exchanges/ike_auth.h"
#include "exchanges/informational.h"
#include "sa/ike_sa.h"

namespace espgate::ike {
namespace {

using wire::ExchangeType;
using wire::NotifyPayload;
using wire::NotifyType;

// Which request is expected in which state, and who answers it. IKE_SA_INIT requests make an IKE SA and are
// answered before there is one.
struct Rule {
  SaState state;
  ExchangeType exchange;
  Reply (*answer)(IkeSa& sa, const Incoming& request);
};
constexpr std::array rules{
    Rule{SaState::half_open, ExchangeType::ike_auth, answer_ike_auth},
    Rule{SaState::established, ExchangeType::informational, answer_informational},
    Rule{SaState::established, ExchangeType::create_child_sa, answer_create_child_sa},
    Rule{SaState::rekeyed, ExchangeType::informational, answer_informational},
    Rule{SaState::rekeyed, ExchangeType::create_child_sa, answer_create_child_sa},
    Rule{SaState::deleting, ExchangeType::informational, answer_informational},
    Rule{SaState::deleting, ExchangeType::create_child_sa, answer_create_child_sa},
};

const Rule* find_rule(SaState state, ExchangeType exchange) {
  for (const Rule& rule : rules) {
    if (rule.state == state && rule.exchange == exchange) {
      return &rule;
    }
  }
  return nullptr;
}

Reply fatal(NotifyPayload notify, std::string reason) {
  return {{std::move(notify)}, Reply::Move{SaState::gone, std::move(reason)}};
}

}  // namespace

void IkeSa::receive(const Datagram& datagram, const wire::Header& header) {
  Counters& counters = m_environment.counters;
  if (header.exchange == ExchangeType::ike_sa_init) {
    receive_init_response(datagram, header);
    return;
  }
  if (header.from_initiator == m_initiator || header.initiator_spi != m_initiator_spi ||
      header.responder_spi != m_responder_spi) {
    counters.count(Reason::spi_mismatch);
    return;
  }
  // Repetitions are told by their bytes alone, without any cryptography.
  const bool answered = !header.response && m_responses.is_last(header.message_id);
  if (answered && m_responses.is_same(sha256(datagram.message))) {
    repeat_response(datagram);
    return;
  }
  if (answered && header.first_payload != wire::PayloadType::encrypted_fragment) {
    counters.count(Reason::request_altered);
    return;
  }
  const auto message = wire::decode_message(datagram.message, m_environment.limits);
  if (!message) {
    counters.count(message.error());
    return;
  }
  if (answered) {
    receive_answered_fragment(datagram, *message);
    return;
  }
  if (header.response) {
    receive_response(datagram, *message);
  } else {
    receive_request(datagram, *message);
  }
}

void IkeSa::repeat_response(const Datagram& datagram) {
  m_environment.counters.count(Reason::request_repeated);
  for (const Bytes& response : m_responses.response()) {
    m_environment.datagrams.push_back({datagram.local, datagram.remote, response});
  }
}

// RFC 7383 section 2.6.1: only the first fragment of a request that is repeated brings the answer again. The
// peer may have cut it anew, so that its bytes are others.
void IkeSa::receive_answered_fragment(const Datagram& datagram, const wire::Message& message) {
  const auto* fragment = wire::find<wire::FragmentPayload>(message.payloads);
  if (!m_fragmentation || fragment == nullptr || m_channel == nullptr) {
    m_environment.counters.count(Reason::fragment_unexpected);
  } else if (fragment->number != 1) {
    m_environment.counters.count(Reason::fragment_repeated);
  } else if (const auto opened = m_channel->open(datagram.message, *fragment)) {
    repeat_response(datagram);
  } else {
    m_environment.counters.count(opened.error());
  }
}

// What is inside; nullopt, and counted where it is of no use, when there is nothing, or not yet all of it.
std::optional<IkeSa::Opened> IkeSa::open(const Datagram& datagram, const wire::Message& message,
                                         Reassembly& reassembly) {
  Counters& counters = m_environment.counters;
  if (const auto* encrypted = wire::find<wire::EncryptedPayload>(message.payloads)) {
    auto opened = m_channel->open(datagram.message, *encrypted);
    if (!opened) {
      counters.count(opened.error());
      return std::nullopt;
    }
    m_last_heard = m_environment.now;
    Opened inside{opened->first, std::move(opened->payloads)};
    if (!message.header.response) {
      inside.digest = sha256(datagram.message);
    }
    return inside;
  }
  const auto* fragment = wire::find<wire::FragmentPayload>(message.payloads);
  if (fragment == nullptr || !m_fragmentation) {
    counters.count(fragment == nullptr ? Reason::encrypted_missing : Reason::fragment_unexpected);
    return std::nullopt;
  }
  if (const auto wanted = reassembly.wants(message.header, *fragment); !wanted) {
    counters.count(wanted.error());
    return std::nullopt;
  }
  auto part = m_channel->open(datagram.message, *fragment);
  if (!part) {
    counters.count(part.error());
    return std::nullopt;
  }
  auto whole = reassembly.add(message.header, *fragment, std::move(*part), sha256(datagram.message));
  if (!whole) {
    counters.count(whole.error());
    return std::nullopt;
  }
  if (!*whole) {
    return std::nullopt;
  }
  m_last_heard = m_environment.now;
  return Opened{(*whole)->first, std::move((*whole)->payloads), (*whole)->first_digest};
}

void IkeSa::receive_request(const Datagram& datagram, const wire::Message& message) {
  Counters& counters = m_environment.counters;
  if (message.header.message_id != m_responses.expected_id()) {
    counters.count(Reason::message_id_unexpected);
    return;
  }
  if (m_channel == nullptr || find_rule(m_state, message.header.exchange) == nullptr) {
    counters.count(Reason::exchange_unexpected);
    return;
  }
  const auto opened = open(datagram, message, m_request_fragments);
  if (!opened) {
    return;
  }
  follow_peer(datagram);
  const Reply reply = answer(datagram, message, *opened);
  send_response(datagram, message.header, reply.payloads, opened->digest);
  IkeSa* successor = reply.successor == 0 ? nullptr : m_environment.neighbours.find(reply.successor);
  if (successor != nullptr) {
    hand_over(*successor);
  }
  if (reply.then) {
    set_state(reply.then->to, reply.then->reason);
  }
  watch_message_ids();
  start_exchanges();
}

// The request is authentic from here on.
Reply IkeSa::answer(const Datagram& datagram, const wire::Message& message, const Opened& opened) {
  Counters& counters = m_environment.counters;
  const auto payloads = wire::decode_payloads(opened.first, opened.payloads.view(), m_environment.limits);
  if (!payloads || wire::find<wire::EncryptedPayload>(*payloads) != nullptr) {
    // RFC 7296 section 2.21.3: fatal for both ends.
    counters.count(Reason::syntax_refused);
    return fatal(
        {.notify = NotifyType::invalid_syntax},
        "INVALID_SYNTAX: " + std::string(text_of(payloads ? Reason::encrypted_malformed : payloads.error())));
  }
  if (const auto* unknown = wire::find_critical_unknown(*payloads)) {
    counters.count(Reason::critical_unknown);
    NotifyPayload notify{.notify = NotifyType::unsupported_critical_payload,
                         .data = {std::to_underlying(unknown->which)}};
    if (m_state == SaState::half_open) {
      return fatal(std::move(notify), "UNSUPPORTED_CRITICAL_PAYLOAD in IKE_AUTH");
    }
    return {{std::move(notify)}, std::nullopt};
  }
  claim_inheritance(message, *payloads);
  return find_rule(m_state, message.header.exchange)->answer(*this, {datagram, message.header, *payloads});
}

void IkeSa::send_response(const Datagram& datagram, const wire::Header& header,
                          const wire::Payloads& payloads, const ResponseCache::Digest& digest) {
  const wire::Header response_header{.initiator_spi = m_initiator_spi,
                                     .responder_spi = m_responder_spi,
                                     .exchange = header.exchange,
                                     .from_initiator = m_initiator,
                                     .response = true,
                                     .message_id = header.message_id};
  std::vector<Bytes> response =
      m_channel->protect(response_header, payloads, m_environment.random, max_message());
  // RFC 7296 section 2.11: back to where the request came from.
  for (const Bytes& part : response) {
    m_environment.datagrams.push_back({datagram.local, datagram.remote, part});
  }
  m_responses.answer(digest, std::move(response));
}

// RFC 7296 section 2.23: the initiator may have moved to port 4500; a peer behind a NAT may be given another
// address or port at any time, unless we are behind one ourselves.
void IkeSa::follow_peer(const Datagram& datagram) {
  if (m_state == SaState::half_open || (m_nat_remote && !m_nat_local)) {
    move_endpoints(datagram.local, datagram.remote);
  }
}

void IkeSa::receive_response(const Datagram& datagram, const wire::Message& message) {
  Counters& counters = m_environment.counters;
  Exchange* exchange = m_requests.active();
  if (wire::find<wire::EncryptedPayload>(message.payloads) == nullptr &&
      wire::find<wire::FragmentPayload>(message.payloads) == nullptr) {
    take_unprotected_response(message);
    return;
  }
  if (exchange == nullptr || exchange->type() != message.header.exchange ||
      message.header.message_id != m_requests.message_id() || m_channel == nullptr) {
    counters.count(Reason::response_unexpected);
    return;
  }
  const auto opened = open(datagram, message, m_response_fragments);
  if (!opened) {
    return;
  }
  const auto payloads = wire::decode_payloads(opened->first, opened->payloads.view(), m_environment.limits);
  if (!payloads || wire::find_critical_unknown(*payloads) != nullptr) {
    // An authentic peer that sends what cannot be understood: nothing can be agreed with it.
    counters.count(payloads ? Reason::critical_unknown : payloads.error());
    m_requests.finish();
    if (m_state == SaState::auth_sent) {
      refuse_peer("the IKE_AUTH response is malformed or has an unknown critical payload");
    } else if (m_state == SaState::established) {
      terminate("a response was malformed or had an unknown critical payload");
    } else {
      set_state(SaState::gone, "a response was malformed or had an unknown critical payload");
    }
    start_exchanges();
    return;
  }
  settle_response(exchange->process(*this, {datagram, message.header, *payloads}));
}

// Anyone can send these: they never change a state (RFC 7296 sections 2.4 and 2.21.4).
void IkeSa::take_unprotected_response(const wire::Message& message) {
  Counters& counters = m_environment.counters;
  if (wire::find_notify(message.payloads, NotifyType::invalid_ike_spi) == nullptr) {
    counters.count(Reason::encrypted_missing);
    return;
  }
  counters.count(Reason::unprotected_hint);
  const Instant now = m_environment.now;
  if (m_state == SaState::established && m_requests.active() == nullptr &&
      (!m_last_hint || now - *m_last_hint >= m_environment.limits.liveness_hint_interval)) {
    m_last_hint = now;
    check_liveness();
  }
}

void IkeSa::receive_init_response(const Datagram& datagram, const wire::Header& header) {
  Counters& counters = m_environment.counters;
  if (m_state != SaState::init_sent || m_requests.active() == nullptr || !header.response ||
      header.from_initiator || header.message_id != 0) {
    counters.count(Reason::response_unexpected);
    return;
  }
  const auto message = wire::decode_message(datagram.message, m_environment.limits);
  if (!message) {
    counters.count(message.error());
    return;
  }
  if (wire::find_critical_unknown(message->payloads) != nullptr) {
    counters.count(Reason::critical_unknown);
    return;
  }
  settle_response(m_requests.active()->process(*this, {datagram, message->header, message->payloads}));
}

void IkeSa::settle_response(Exchange::Outcome outcome) {
  switch (outcome) {
    case Exchange::Outcome::done:
      m_requests.finish();
      watch_message_ids();
      if (m_state == SaState::established && m_terminate_when_established) {
        m_terminate_when_established = false;
        terminate(std::move(m_end_reason));
      }
      start_exchanges();
      break;
    case Exchange::Outcome::keep_waiting:
      break;
    case Exchange::Outcome::send_again:
      if (auto payloads = m_requests.active()->build(*this)) {
        m_requests.restart(encode_request(*m_requests.active(), *payloads), m_environment.now);
        send_request();
      }
      break;
  }
}

void IkeSa::start_exchanges() {
  finish_superseding();
  while (m_state != SaState::gone) {
    if (m_requests.active() == nullptr && !m_requests.waiting().empty() &&
        !may_start(*m_requests.waiting().front())) {
      return;
    }
    auto exchange = m_requests.next();
    if (exchange == nullptr) {
      return;
    }
    const auto payloads = exchange->build(*this);
    if (!payloads) {
      continue;
    }
    std::vector<Bytes> request = encode_request(*exchange, *payloads);
    m_requests.start(std::move(exchange), std::move(request), m_environment.now);
    send_request();
    m_environment.neighbours.touched(*this);
  }
}

// Nothing but the handshake before both ends are authenticated.
bool IkeSa::may_start(const Exchange& exchange) const {
  const bool handshake =
      exchange.type() == ExchangeType::ike_sa_init || exchange.type() == ExchangeType::ike_auth;
  const bool authenticated =
      m_state == SaState::established || m_state == SaState::rekeyed || m_state == SaState::deleting;
  return handshake || authenticated;
}

std::vector<Bytes> IkeSa::encode_request(const Exchange& exchange, const wire::Payloads& payloads) {
  const wire::Header header{.initiator_spi = m_initiator_spi,
                            .responder_spi = m_responder_spi,
                            .exchange = exchange.type(),
                            .from_initiator = m_initiator,
                            .response = false,
                            .message_id = m_requests.message_id()};
  if (exchange.type() == ExchangeType::ike_sa_init) {
    return {wire::encode_message(header, payloads)};
  }
  return m_channel->protect(header, payloads, m_environment.random, max_message());
}

void IkeSa::send_request() {
  m_last_sent = m_environment.now;
  for (const Bytes& message : m_requests.request()) {
    m_environment.datagrams.push_back({m_local, m_remote, message});
  }
}

// Bytes of an IKE message that fits a datagram of the configured size; 0 when messages are not cut.
std::size_t IkeSa::max_message() const {
  if (!m_fragmentation || m_connection->fragmentation != Fragmentation::yes) {
    return 0;
  }
  constexpr std::size_t udp_header = 8;
  constexpr std::size_t non_esp_marker = 4;
  const std::size_t ip_header = m_remote.address.is_v4() ? 20 : 40;
  const std::size_t before = ip_header + udp_header + (m_remote.port == 500 ? 0 : non_esp_marker);
  return limits().fragment_size - std::min(before, limits().fragment_size);
}

void IkeSa::answer_init(const ResponseCache::Digest& request_digest, Bytes response,
                        const Datagram& request) {
  m_environment.datagrams.push_back({request.local, request.remote, response});
  m_responses.answer(request_digest, {std::move(response)});
}

}  // namespace espgate::ike
