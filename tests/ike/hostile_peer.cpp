#include "hostile_peer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/writer.h"
#include "negotiation/narrowing.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike::test {

using wire::ExchangeType;
using wire::PayloadType;

HostilePeer::HostilePeer(Network& network, bool fragmentation)
    : m_network(network),
      m_fragmentation(fragmentation),
      m_proposal(*parse_ike_proposal("aes256gcm16-prfsha256-x25519")) {
  m_network.on_the_way = [this](Datagram& datagram) {
    if (datagram.local.address == m_network.a.address) {
      m_received.push_back(datagram.message);
    }
    return false;
  };
}

void HostilePeer::send(Bytes message) {
  m_network.inject(m_network.b, {{m_network.b.address, 500}, {m_network.a.address, 500}, std::move(message)});
}

void HostilePeer::init() {
  SeededRandom random(77);
  const auto key_exchange = KeyExchange::generate(Group::curve25519, random);
  m_nonce.resize(32);
  random.fill(m_nonce);
  const wire::Header header{.initiator_spi = m_own_spi, .from_initiator = true};
  wire::Payloads payloads{
      offer_ike(std::span(&m_proposal, 1)),
      wire::KePayload{std::to_underlying(Group::curve25519), key_exchange->public_value()},
      wire::NoncePayload{m_nonce}};
  if (m_fragmentation) {
    payloads.emplace_back(wire::NotifyPayload{.notify = wire::NotifyType::fragmentation_supported});
  }
  m_init_request = wire::encode_message(header, payloads);
  send(m_init_request);
  ASSERT_EQ(m_received.size(), 1U);
  const auto answer = wire::decode_message(m_received.back(), Limits{});
  ASSERT_TRUE(answer);
  const auto* ke = wire::find<wire::KePayload>(answer->payloads);
  const auto* nonce = wire::find<wire::NoncePayload>(answer->payloads);
  ASSERT_TRUE(ke != nullptr && nonce != nullptr);
  m_peer_spi = answer->header.responder_spi;
  m_peer_nonce = nonce->data;
  m_keys = derive_ike_keys(m_proposal, key_exchange->shared_secret(ke->data)->view(), m_nonce, nonce->data,
                           m_own_spi, m_peer_spi);
  m_outbound = SkCipher::create(m_proposal.encryption.front(), Integrity::none, m_keys.ei.clone(), Secret());
  m_inbound = SkCipher::create(m_proposal.encryption.front(), Integrity::none, m_keys.er.clone(), Secret());
}

wire::Payloads HostilePeer::child_offer(std::uint32_t spi) {
  const std::vector proposals{*parse_esp_proposal("aes256gcm16-esn")};
  return {offer_esp(proposals, spi),
          to_wire(PayloadType::ts_initiator, std::vector{*TrafficSelector::parse("10.1.0.0/24")}),
          to_wire(PayloadType::ts_responder, std::vector{*TrafficSelector::parse("10.2.0.0/24")})};
}

std::optional<wire::Payloads> HostilePeer::authenticate(const wire::Payloads& extra) {
  const Identity own = *Identity::parse("a.example.org");
  const wire::IdPayload id{
      .which = PayloadType::id_initiator, .id_type = std::to_underlying(own.type), .data = own.data};
  Writer body;
  id.encode(body);
  const std::string_view psk = "a secret only for tests";
  const Secret proof = shared_key_auth(m_proposal.prf.front(), Secret(Bytes(psk.begin(), psk.end())),
                                       m_init_request, m_peer_nonce, m_keys.pi, body.view());
  wire::Payloads payloads{
      id, wire::AuthPayload{wire::AuthMethod::shared_key, Bytes(proof.view().begin(), proof.view().end())}};
  for (const wire::Payloads& more : {child_offer(own_child_spi), extra}) {
    payloads.insert(payloads.end(), more.begin(), more.end());
  }
  auto answer = request(ExchangeType::ike_auth, payloads);
  if (answer && !m_network.b.handler.installed.empty()) {
    m_peer_child_spi = m_network.b.handler.installed.begin()->second.inbound_spi;
  }
  return answer;
}

std::optional<wire::Payloads> HostilePeer::request(ExchangeType exchange, const wire::Payloads& payloads) {
  Writer inner;
  wire::encode_payloads(inner, payloads);
  return request_bytes(exchange, wire::first_type(payloads), inner.view());
}

wire::Header HostilePeer::next_header(ExchangeType exchange) const {
  return {.initiator_spi = m_own_spi,
          .responder_spi = m_peer_spi,
          .exchange = exchange,
          .from_initiator = true,
          .message_id = m_next_id};
}

std::optional<wire::Payloads> HostilePeer::answer_since(std::size_t before) {
  for (std::size_t i = before; i < m_received.size(); ++i) {
    auto message = open(m_received[i]);
    if (message && message->header.response && message->header.message_id == m_next_id) {
      ++m_next_id;
      return std::move(message->payloads);
    }
  }
  return std::nullopt;
}

std::optional<wire::Payloads> HostilePeer::request_bytes(ExchangeType exchange, PayloadType first,
                                                         ByteView inner) {
  const std::size_t before = m_received.size();
  send(seal(next_header(exchange), first, inner));
  return answer_since(before);
}

std::optional<wire::Payloads> HostilePeer::request_fragment(ExchangeType exchange, PayloadType first,
                                                            ByteView piece, std::uint16_t number,
                                                            std::uint16_t total) {
  const std::size_t before = m_received.size();
  send(seal_fragment(next_header(exchange), first, piece, number, total));
  return answer_since(before);
}

std::optional<wire::Payloads> HostilePeer::request_fragments(ExchangeType exchange, PayloadType first,
                                                             ByteView inner, std::uint16_t pieces) {
  const std::size_t step = (inner.size() + pieces - 1) / pieces;
  std::optional<wire::Payloads> answer;
  for (std::uint16_t number = 1; number <= pieces; ++number) {
    const std::size_t from = std::min(inner.size(), (number - 1U) * step);
    const ByteView piece = inner.subspan(from, std::min(step, inner.size() - from));
    answer = request_fragment(exchange, number == 1 ? first : PayloadType::none, piece, number, pieces);
  }
  return answer;
}

std::optional<HostilePeer::Asked> HostilePeer::asked() {
  for (auto message = m_received.rbegin(); message != m_received.rend(); ++message) {
    auto opened = open(*message);
    if (opened && !opened->header.response) {
      return opened;
    }
  }
  return std::nullopt;
}

void HostilePeer::answer(const Asked& request, const wire::Payloads& payloads) {
  wire::Header header = request.header;
  header.response = true;
  header.from_initiator = true;
  Writer inner;
  wire::encode_payloads(inner, payloads);
  send(seal(header, wire::first_type(payloads), inner.view()));
}

Bytes HostilePeer::seal(wire::Header header, PayloadType first, ByteView inner) {
  SeededRandom random(1);
  const std::size_t size = wire::payload_header_size + m_outbound->body_size(inner.size());
  header.first_payload = PayloadType::encrypted;
  Writer out;
  header.encode(out, wire::header_size + size);
  out.u8(std::to_underlying(first));
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(size));
  const Bytes body = m_outbound->seal(out.view(), inner, random);
  out.bytes(body);
  return std::move(out).finish();
}

Bytes HostilePeer::seal_fragment(wire::Header header, PayloadType first, ByteView piece, std::uint16_t number,
                                 std::uint16_t total) {
  SeededRandom random(1);
  constexpr std::size_t numbers_size = 4;
  const std::size_t size = wire::payload_header_size + numbers_size + m_outbound->body_size(piece.size());
  header.first_payload = PayloadType::encrypted_fragment;
  Writer out;
  header.encode(out, wire::header_size + size);
  out.u8(std::to_underlying(first));
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(size));
  out.u16(number);
  out.u16(total);
  const Bytes body = m_outbound->seal(out.view(), piece, random);
  out.bytes(body);
  return std::move(out).finish();
}

std::optional<HostilePeer::Asked> HostilePeer::open(ByteView message) const {
  const auto decoded = wire::decode_message(message, Limits{});
  const auto* encrypted = decoded ? wire::find<wire::EncryptedPayload>(decoded->payloads) : nullptr;
  if (encrypted == nullptr || m_inbound == nullptr) {
    return std::nullopt;
  }
  const auto inner = m_inbound->open(message.first(message.size() - encrypted->body.size()), encrypted->body);
  if (!inner) {
    return std::nullopt;
  }
  auto payloads = wire::decode_payloads(encrypted->first_inner, *inner, Limits{});
  if (!payloads) {
    return std::nullopt;
  }
  return Asked{decoded->header, std::move(*payloads)};
}

}  // namespace espgate::ike::test
