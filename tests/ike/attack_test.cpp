// What strangers and men in the middle can send, and that it changes nothing.
#include <gtest/gtest.h>

#include <utility>

#include "negotiation/nat_detection.h"
#include "sa/secure_channel.h"
#include "simulated_peers.h"
#include "wire/message.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using wire::ExchangeType;
using wire::NotifyPayload;
using wire::NotifyType;

wire::Message decode(const Datagram& datagram) {
  return wire::decode_message(datagram.message, Limits{}).value();
}

// A datagram as the other side received it, from where it came.
Datagram received(const Datagram& sent) {
  return {sent.remote, sent.local, sent.message};
}

Datagram stranger(const Network& network, Bytes message, unsigned number = 1) {
  return {{network.b.address, 500}, {IpAddress::v4(0xc6336400U + number), 500}, std::move(message)};
}

// All that a change of state would show in.
std::string state_of(const Peer& peer) {
  std::string state;
  for (const IkeSaView& view : peer.stack->list()) {
    state += std::to_string(view.id) + std::string(to_string(view.state)) + view.remote.address.to_string() +
             ":" + std::to_string(view.remote.port) + "/" + std::to_string(view.children.size()) + ";";
  }
  return state + std::to_string(peer.handler.installations) + "," + std::to_string(peer.events.size());
}

TEST(Attack, EveryReplayedMessageChangesNothing) {
  Network network(1);
  configure(network);
  come_up(network);
  network.a.stack->terminate_child(network.a.handler.installed.begin()->first, network.now);
  network.run();
  const std::vector<Datagram> recorded = network.sent;
  const std::string a = state_of(network.a);
  const std::string b = state_of(network.b);
  for (const Datagram& datagram : recorded) {
    for (Peer* peer : {&network.a, &network.b}) {
      network.inject(*peer, received(datagram));
      network.inject(*peer, {{peer->address, 500}, {IpAddress::v4(0xc6336401), 500}, datagram.message});
    }
  }
  EXPECT_EQ(state_of(network.a), a);
  EXPECT_EQ(state_of(network.b), b);
}

TEST(Attack, EveryAlteredByteOfAProtectedMessageIsRefused) {
  Network network(2);
  configure(network);
  const IkeSaId id = come_up(network);
  // The deletion on its way, altered byte by byte before it arrives.
  network.a.stack->terminate_ike(id, network.now);
  network.on_the_way = [](Datagram&) { return false; };
  network.collect();
  const Datagram deletion = received(network.sent.back());
  const std::string before = state_of(network.b);
  for (std::size_t i = 0; i < deletion.message.size(); ++i) {
    Datagram altered = deletion;
    altered.message[i] ^= 0x04;
    network.inject(network.b, altered);
    EXPECT_EQ(state_of(network.b), before) << "byte " << i;
    Datagram cut = deletion;
    cut.message.resize(i);
    network.inject(network.b, cut);
    EXPECT_EQ(state_of(network.b), before) << "cut to " << i;
  }
  EXPECT_GT(network.b.counter("integrity_failed"), 30U);
  network.inject(network.b, deletion);
  EXPECT_TRUE(network.b.stack->list().empty());
}

TEST(Attack, AlteredHandshakesDoNotComeUp) {
  // Each message of the handshake in turn is altered at a byte of its own; only the good one may come up.
  for (std::size_t message = 0; message < 4; ++message) {
    for (std::size_t byte = 0; byte < 250; byte += 7) {
      SCOPED_TRACE(std::to_string(message) + "/" + std::to_string(byte));
      Network network(3);
      configure(network);
      network.on_the_way = [&, index = std::size_t{0}](Datagram& datagram) mutable {
        if (index++ == message && byte < datagram.message.size()) {
          datagram.message[byte] ^= 0x21;
        }
        return true;
      };
      ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
      network.run(std::chrono::minutes(10));
      if (!network.a.handler.installed.empty() || !network.b.handler.installed.empty()) {
        expect_crosswise(network);
      }
      network.on_the_way = {};
      network.a.stack->shut_down(network.now);
      network.b.stack->shut_down(network.now);
      network.run(std::chrono::minutes(10));
      expect_empty(network);
    }
  }
}

TEST(Attack, EncryptedMessagesOfAStranger) {
  Network network(4);
  configure(network);
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.on_the_way = [](Datagram& datagram) { return datagram.message[18] == 34; };
  network.deliver();
  ASSERT_EQ(network.b.stack->list().size(), 1U);
  const IkeSaView half_open = network.b.stack->list().front();
  // Right SPIs, wrong key.
  const IkeProposal proposal = *parse_ike_proposal("aes256gcm16-prfsha256-x25519");
  IkeKeys keys = derive_ike_keys(proposal, Bytes(32, 1), Bytes(32, 2), Bytes(32, 3), 1, 2);
  SecureChannel channel(proposal, keys, true);
  SeededRandom random(4);
  for (const ExchangeType exchange :
       {ExchangeType::ike_auth, ExchangeType::informational, ExchangeType::create_child_sa}) {
    const wire::Header header{.initiator_spi = half_open.initiator_spi,
                              .responder_spi = half_open.responder_spi,
                              .exchange = exchange,
                              .from_initiator = true,
                              .message_id = 1};
    network.inject(
        network.b,
        stranger(network, channel.protect(header, {wire::DeletePayload::ike_sa()}, random).front()));
  }
  EXPECT_EQ(network.b.counter("integrity_failed"), 1U);
  EXPECT_EQ(network.b.counter("exchange_unexpected"), 2U);
  EXPECT_EQ(network.b.stack->list().front().state, IkeSaState::connecting);
  network.on_the_way = {};
  network.run();
  expect_crosswise(network);
}

TEST(Attack, UnprotectedNotifiesAreHintsOnly) {
  Network network(5);
  configure(network);
  come_up(network);
  const IkeSaView view = network.a.stack->list().front();
  const wire::Header header{.initiator_spi = view.initiator_spi,
                            .responder_spi = view.responder_spi,
                            .exchange = ExchangeType::informational,
                            .response = true,
                            .message_id = 2};
  network.sent.clear();
  for (const NotifyType type : {NotifyType::invalid_ike_spi, NotifyType::invalid_ike_spi,
                                NotifyType::authentication_failed, NotifyType::invalid_syntax}) {
    network.inject(network.a, {{network.a.address, 500},
                               {network.b.address, 500},
                               wire::encode_message(header, {NotifyPayload{.notify = type}})});
  }
  // One liveness check, which B answers; the second hint came too soon.
  network.run();
  EXPECT_EQ(network.sent.size(), 2U);
  EXPECT_EQ(network.a.counter("unprotected_hint"), 2U);
  EXPECT_EQ(network.a.counter("encrypted_missing"), 2U);
  EXPECT_EQ(network.a.stack->list().front().state, IkeSaState::established);
}

TEST(Attack, MessageIdsOutsideTheWindow) {
  Network network(6);
  configure(network);
  come_up(network);
  Datagram request = received(network.sent[2]);
  for (const std::uint32_t id : {0U, 3U, 100U, 0xffffffffU}) {
    store_be32(request.message, 20, id);
    network.inject(network.b, request);
  }
  EXPECT_EQ(network.b.counter("message_id_unexpected"), 4U);
  store_be32(request.message, 20, 1);
  request.message.back() ^= 1;
  network.inject(network.b, request);
  EXPECT_EQ(network.b.counter("request_altered"), 1U);
}

TEST(Version, HigherMajorIsAnsweredLowerIsNot) {
  Network network(7);
  configure(network);
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.on_the_way = [](Datagram&) { return false; };
  network.collect();
  Datagram request = received(network.sent.front());
  network.sent.clear();
  request.message[17] = 0x30;
  network.inject(network.b, request);
  ASSERT_EQ(network.sent.size(), 1U);
  const wire::Message answer = decode(network.sent.front());
  EXPECT_NE(wire::find_notify(answer.payloads, NotifyType::invalid_major_version), nullptr);
  EXPECT_EQ(answer.header.major_version, 2);
  EXPECT_TRUE(answer.header.response);
  request.message[17] = 0x10;
  network.inject(network.b, request);
  EXPECT_EQ(network.sent.size(), 1U);
  EXPECT_EQ(network.b.counter("version_old"), 1U);
  EXPECT_EQ(network.b.counter("version_unsupported"), 1U);
  // A higher minor version is none of our business (RFC 7296 section 2.5).
  request.message[17] = 0x25;
  network.inject(network.b, request);
  EXPECT_EQ(network.b.stack->list().size(), 1U);
}

TEST(InvalidIkeSpi, IsSentToRequestsAndNotTooOften) {
  Network network(8);
  configure(network);
  const wire::Header header{.initiator_spi = 1,
                            .responder_spi = 2,
                            .exchange = ExchangeType::informational,
                            .from_initiator = true,
                            .message_id = 5};
  const Bytes request =
      wire::encode_message(header, {wire::EncryptedPayload{wire::PayloadType::none, Bytes(40)}});
  for (int i = 0; i < 15; ++i) {
    network.inject(network.b, stranger(network, request));
  }
  ASSERT_EQ(network.sent.size(), 10U);
  const wire::Message answer = decode(network.sent.front());
  EXPECT_NE(wire::find_notify(answer.payloads, NotifyType::invalid_ike_spi), nullptr);
  EXPECT_EQ(answer.header.message_id, 5U);
  EXPECT_TRUE(answer.header.response);
  EXPECT_FALSE(answer.header.from_initiator);
  EXPECT_EQ(network.b.counter("notify_rate_limited"), 5U);
  EXPECT_EQ(network.b.counter("spi_unknown"), 15U);
  // Never to a response: two stacks must not answer each other for ever.
  network.inject(network.a, received(network.sent.front()));
  EXPECT_EQ(network.sent.size(), 10U);
}

wire::Message init_request(unsigned number, const Network& network) {
  SeededRandom random(number);
  Bytes value(32);
  Bytes nonce(32);
  random.fill(value);
  random.fill(nonce);
  return {{.initiator_spi = number, .from_initiator = true},
          {wire::SaPayload{{{1,
                             wire::Protocol::ike,
                             {},
                             {{wire::TransformType::encryption, 20, {{14, true, 256, {}}}},
                              {wire::TransformType::prf, 5, {}},
                              {wire::TransformType::key_exchange, 31, {}}}}}},
           wire::KePayload{31, value}, wire::NoncePayload{nonce},
           NotifyPayload{.notify = NotifyType::nat_detection_source_ip,
                         .data = nat_hash(number, 0, {network.b.address, 500})},
           NotifyPayload{.notify = NotifyType::nat_detection_destination_ip,
                         .data = nat_hash(number, 0, {network.b.address, 500})}}};
}

Bytes encode(const wire::Message& message) {
  return wire::encode_message(message.header, message.payloads);
}

Network open_responder(const Limits& limits) {
  return Network(9, limits);
}

TEST(HalfOpen, CookiesAreAskedForUnderLoad) {
  Limits limits;
  limits.cookie_threshold = 3;
  limits.max_half_open = 5;
  Network network = open_responder(limits);
  configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  for (unsigned i = 1; i <= 3; ++i) {
    network.inject(network.b, stranger(network, encode(init_request(i, network)), i));
  }
  EXPECT_EQ(network.b.stack->list().size(), 3U);

  // Without a cookie, and with one of somebody else: one more is asked for, nothing is kept.
  network.sent.clear();
  wire::Message request = init_request(4, network);
  network.inject(network.b, stranger(network, encode(request), 4));
  const wire::Message answer = decode(network.sent.back());
  EXPECT_EQ(answer.header.responder_spi, 0U);
  const NotifyPayload* cookie = wire::find_notify(answer.payloads, NotifyType::cookie);
  ASSERT_NE(cookie, nullptr);
  EXPECT_LE(cookie->data.size(), 64U);
  request.payloads.insert(request.payloads.begin(), *cookie);
  network.inject(network.b, stranger(network, encode(request), 5));
  EXPECT_EQ(network.b.counter("cookie_invalid"), 1U);
  EXPECT_EQ(network.b.stack->list().size(), 3U);

  // From the right address it counts, still after the secret has changed once, but not for ever.
  network.now += limits.cookie_secret_lifetime / 2;
  network.inject(network.b, stranger(network, encode(request), 4));
  EXPECT_EQ(network.b.stack->list().size(), 4U);
}

TEST(HalfOpen, CookiesGrowOld) {
  Limits limits;
  limits.cookie_threshold = 0;
  for (const auto& [age, good] : {std::pair(1, true), {59, true}, {90, true}, {121, false}, {600, false}}) {
    SCOPED_TRACE(age);
    Network network = open_responder(limits);
    configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
    wire::Message request = init_request(1, network);
    network.inject(network.b, stranger(network, encode(request)));
    const wire::Message answer = decode(network.sent.back());
    request.payloads.insert(request.payloads.begin(),
                            *wire::find_notify(answer.payloads, NotifyType::cookie));
    network.now += std::chrono::seconds(age);
    network.inject(network.b, stranger(network, encode(request)));
    EXPECT_EQ(network.b.stack->list().size(), good ? 1U : 0U);
  }
}

//   A                           B under load
//   IKE_SA_INIT ->           <- N(COOKIE)
//   IKE_SA_INIT(N(COOKIE)) -> <- IKE_SA_INIT
TEST(HalfOpen, AnInitiatorBringsTheCookie) {
  Limits limits;
  limits.cookie_threshold = 0;
  for (const bool other_group : {false, true}) {
    Network network = open_responder(limits);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& /*b*/) {
      if (other_group) {
        a.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-ecp256-x25519")};
      }
    });
    const IkeSaId id = come_up(network);
    expect_crosswise(network);
    EXPECT_EQ(network.sent.size(), other_group ? 8U : 6U);
    network.a.stack->terminate_ike(id, network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(HalfOpen, LimitsHold) {
  Limits limits;
  limits.cookie_threshold = 1000;
  limits.max_half_open = 8;
  limits.max_half_open_per_source = 3;
  Network network = open_responder(limits);
  configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  for (unsigned i = 1; i <= 5; ++i) {
    network.inject(network.b, stranger(network, encode(init_request(i, network)), 1));
  }
  EXPECT_EQ(network.b.stack->list().size(), 3U);
  EXPECT_EQ(network.b.counter("source_limit"), 2U);
  for (unsigned i = 10; i < 20; ++i) {
    network.inject(network.b, stranger(network, encode(init_request(i, network)), i));
  }
  EXPECT_EQ(network.b.stack->list().size(), 8U);
  EXPECT_EQ(network.b.counter("half_open_limit"), 5U);
  // They run out, and there is room again.
  network.run(std::chrono::seconds(60));
  expect_empty(network);
  network.inject(network.b, stranger(network, encode(init_request(30, network)), 1));
  EXPECT_EQ(network.b.stack->list().size(), 1U);
}

TEST(Init, MalformedRequestsAreDroppedAndCounted) {
  Network network(10);
  configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  const auto expect_dropped = [&](wire::Message request, std::string_view counter) {
    const std::uint64_t before = network.b.counter(counter);
    network.sent.clear();
    network.inject(network.b, stranger(network, encode(request)));
    EXPECT_EQ(network.b.counter(counter), before + 1) << counter;
    EXPECT_TRUE(network.sent.empty());
    EXPECT_TRUE(network.b.stack->list().empty());
  };
  wire::Message request = init_request(1, network);
  request.header.initiator_spi = 0;
  expect_dropped(request, "init_malformed");
  request = init_request(1, network);
  request.header.responder_spi = 5;
  expect_dropped(request, "init_malformed");
  request = init_request(1, network);
  request.header.message_id = 1;
  expect_dropped(request, "init_malformed");
  request = init_request(1, network);
  request.header.from_initiator = false;
  expect_dropped(request, "init_malformed");
  for (std::size_t missing = 0; missing < 3; ++missing) {
    request = init_request(1, network);
    request.payloads.erase(request.payloads.begin() + static_cast<std::ptrdiff_t>(missing));
    expect_dropped(request, "init_malformed");
  }
  request = init_request(1, network);
  std::get<wire::NoncePayload>(request.payloads[2]).data.resize(15);
  expect_dropped(request, "nonce_malformed");
  request = init_request(1, network);
  std::get<wire::KePayload>(request.payloads[1]).data = Bytes(32);
  expect_dropped(request, "public_value_refused");
  request = init_request(1, network);
  std::get<wire::KePayload>(request.payloads[1]).data.resize(31);
  expect_dropped(request, "public_value_refused");
  request = init_request(1, network);
  request.header.exchange = ExchangeType{99};
  expect_dropped(request, "exchange_unknown");
}

TEST(Init, UnknownCriticalPayloadIsNamedAndUnknownOthersAreNot) {
  Network network(11);
  configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  wire::Message request = init_request(1, network);
  request.payloads.emplace_back(wire::UnknownPayload{wire::PayloadType{200}, true, {1}});
  network.inject(network.b, stranger(network, encode(request)));
  const wire::Message answer = decode(network.sent.back());
  const NotifyPayload* notify = wire::find_notify(answer.payloads, NotifyType::unsupported_critical_payload);
  ASSERT_NE(notify, nullptr);
  EXPECT_EQ(notify->data, Bytes{200});
  EXPECT_TRUE(network.b.stack->list().empty());
  // What strongSwan 5.9.8 sends besides: vendor IDs, fragmentation, hash algorithms, redirect, unknown types.
  request = init_request(2, network);
  request.payloads.emplace_back(wire::UnknownPayload{wire::PayloadType{200}, false, {1}});
  request.payloads.emplace_back(wire::VendorIdPayload{Bytes(16, 1)});
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{16430, 16431, 16406, 16404, 16418}) {
    request.payloads.emplace_back(NotifyPayload{.notify = NotifyType{type}, .data = {0, 2, 0, 3}});
  }
  network.inject(network.b, stranger(network, encode(request)));
  EXPECT_EQ(network.b.stack->list().size(), 1U);
}

}  // namespace
}  // namespace espgate::ike::test
