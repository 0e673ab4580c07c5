// Messages in fragments (RFC 7383).
#include <gtest/gtest.h>

#include <algorithm>

#include "sa/reassembly.h"
#include "sa/secure_channel.h"
#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;
constexpr std::uint8_t fragment_payload = 53;

Limits small_datagrams() {
  Limits limits;
  limits.fragment_size = 150;
  return limits;
}

bool is_fragment(const Datagram& datagram) {
  return datagram.message[16] == fragment_payload;
}

std::size_t fragments_of(const Network& network) {
  return static_cast<std::size_t>(std::ranges::count_if(network.sent, is_fragment));
}

TEST(Fragments, CarryEveryProtectedMessage) {
  for (const char* ike : {"aes256gcm16-prfsha256-x25519", "aes128-sha256-x25519"}) {
    SCOPED_TRACE(ike);
    Network network(1, small_datagrams());
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      a.proposals = b.proposals = {*parse_ike_proposal(ike)};
    });
    const IkeSaId id = come_up(network);
    expect_crosswise(network);
    EXPECT_GT(fragments_of(network), 5U);
    for (const Datagram& datagram : network.sent) {
      if (datagram.message[18] != 34) {
        EXPECT_LE(datagram.message.size() + 28, 150U);
      }
    }
    ASSERT_TRUE(network.a.stack->rekey_child(network.a.handler.senders.back(), network.now));
    network.run();
    ASSERT_TRUE(network.b.stack->rekey_ike(network.b.stack->list().front().id, network.now));
    network.run();
    expect_crosswise(network);
    EXPECT_NE(network.a.stack->list().front().id, id);
    network.a.stack->shut_down(network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(Fragments, AreSentOnlyWhereBothEndsWantThem) {
  for (const auto& [a_side, b_side] : {std::pair(Fragmentation::no, Fragmentation::yes),
                                       {Fragmentation::yes, Fragmentation::no},
                                       {Fragmentation::accept, Fragmentation::yes},
                                       {Fragmentation::yes, Fragmentation::accept}}) {
    Network network(2, small_datagrams());
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      a.fragmentation = a_side;
      b.fragmentation = b_side;
    });
    come_up(network);
    expect_crosswise(network);
    const auto from = [&](const Peer& peer) {
      return std::ranges::any_of(network.sent, [&](const Datagram& datagram) {
        return is_fragment(datagram) && datagram.local.address == peer.address;
      });
    };
    const bool agreed = a_side != Fragmentation::no && b_side != Fragmentation::no;
    EXPECT_EQ(from(network.a), agreed && a_side == Fragmentation::yes);
    EXPECT_EQ(from(network.b), agreed && b_side == Fragmentation::yes);
  }
}

TEST(Fragments, ComeInAnyOrderAndTwice) {
  Network network(3, small_datagrams());
  configure(network);
  network.hold();
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.collect();
  ASSERT_TRUE(network.deliver_held(network.b));
  ASSERT_TRUE(network.deliver_held(network.a));
  // IKE_AUTH: backwards, each one three times.
  std::vector<Datagram> request = std::exchange(network.held, {});
  ASSERT_GT(request.size(), 2U);
  std::ranges::reverse(request);
  for (const Datagram& datagram : request) {
    for (int i = 0; i < 3; ++i) {
      network.inject(network.b, datagram);
    }
  }
  EXPECT_EQ(network.b.handler.installations, 1U);
  EXPECT_GT(network.b.counter("fragment_repeated"), 2U);
  network.release();
  network.run();
  expect_crosswise(network);
}

TEST(Fragments, RepeatedRequestsBringTheSameBytes) {
  Network network(4, small_datagrams());
  configure(network);
  std::vector<Bytes> request;
  std::vector<Bytes> answer;
  network.on_the_way = [&](Datagram& datagram) {
    if (datagram.message[18] != 35) {
      return true;
    }
    const bool to_b = datagram.local.address == network.b.address;
    (to_b ? request : answer).push_back(datagram.message);
    return to_b;  // no answer arrives
  };
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(20s);
  // Sent three times, answered three times, and every time the same.
  ASSERT_EQ(request.size() % 3, 0U);
  ASSERT_EQ(answer.size() % 3, 0U);
  const std::size_t count = request.size() / 3;
  ASSERT_GT(count, 1U);
  for (std::size_t i = count; i < request.size(); ++i) {
    EXPECT_EQ(request[i], request[i - count]);
  }
  for (std::size_t i = answer.size() / 3; i < answer.size(); ++i) {
    EXPECT_EQ(answer[i], answer[i - (answer.size() / 3)]);
  }
  EXPECT_EQ(network.b.counter("request_repeated"), 2U);
  network.on_the_way = {};
  network.run();
  expect_crosswise(network);
}

TEST(Fragments, EveryLostOneIsMadeUpFor) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Network network(seed, small_datagrams());
    configure(network);
    network.weather = {.loss = 0.1, .duplication = 0.2, .min_delay = 1ms, .max_delay = 3000ms};
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run(std::chrono::minutes(5));
    network.weather = {};
    if (!network.a.of(Kind::ike_up).empty()) {
      expect_crosswise(network);
    }
    network.a.stack->shut_down(network.now);
    network.b.stack->shut_down(network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(Fragments, AlteredOnesChangeNothing) {
  Network network(5, small_datagrams());
  configure(network);
  network.hold();
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.collect();
  ASSERT_TRUE(network.deliver_held(network.b));
  ASSERT_TRUE(network.deliver_held(network.a));
  const std::vector<Datagram> request = std::exchange(network.held, {});
  for (const Datagram& datagram : request) {
    for (std::size_t i = 16; i < datagram.message.size(); ++i) {
      Datagram altered = datagram;
      altered.message[i] ^= 0x11;
      network.inject(network.b, altered);
    }
  }
  EXPECT_EQ(network.b.handler.installations, 0U);
  EXPECT_GT(network.b.counter("integrity_failed"), 100U);
  for (const Datagram& datagram : request) {
    network.inject(network.b, datagram);
  }
  EXPECT_EQ(network.b.handler.installations, 1U);
}

// ---- Reassembly by itself: what an authentic peer, hostile or confused, may send.

wire::FragmentPayload fragment(std::uint16_t number, std::uint16_t total) {
  return {.first_inner = number == 1 ? wire::PayloadType::notify : wire::PayloadType::none,
          .number = number,
          .total = total,
          .body = Bytes(1)};
}
wire::Header header(std::uint32_t message_id, wire::ExchangeType exchange = wire::ExchangeType::ike_auth) {
  return {.exchange = exchange, .message_id = message_id};
}
Secret part(std::string_view text) {
  return Secret(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}
std::string text_of_whole(const Result<std::optional<Reassembly::Whole>>& result) {
  if (!result || !*result) {
    return "-";
  }
  const ByteView bytes = (*result)->payloads.view();
  return {bytes.begin(), bytes.end()};
}

TEST(Reassembly, NeverMixesMessagesOrTotals) {
  const Limits limits;
  Reassembly reassembly(limits);
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(1, 3), part("a"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(2, 3), part("b"), {})), "-");
  // Another exchange under the same ID, and a smaller total: refused. The same number with other bytes: the
  // first one counts.
  EXPECT_EQ(
      reassembly.add(header(1, wire::ExchangeType::informational), fragment(3, 3), part("x"), {}).error(),
      Reason::fragment_refused);
  EXPECT_EQ(reassembly.add(header(1), fragment(2, 2), part("x"), {}).error(), Reason::fragment_refused);
  EXPECT_EQ(reassembly.add(header(1), fragment(2, 3), part("x"), {}).error(), Reason::fragment_repeated);
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(3, 3), part("c"), {})), "abc");
  // A higher total begins anew: nothing of the old cut is left.
  EXPECT_EQ(text_of_whole(reassembly.add(header(2), fragment(1, 2), part("old"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(2), fragment(3, 3), part("3"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(2), fragment(2, 3), part("2"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(2), fragment(1, 3), part("1"), {})), "123");
  // Another message ID does too.
  EXPECT_EQ(text_of_whole(reassembly.add(header(3), fragment(1, 2), part("old"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(4), fragment(2, 2), part("b"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(4), fragment(1, 2), part("a"), {})), "ab");
}

TEST(Reassembly, IsBounded) {
  Limits limits;
  limits.max_fragments = 4;
  limits.max_message_bytes = 10;
  Reassembly reassembly(limits);
  EXPECT_EQ(reassembly.add(header(1), fragment(1, 5), part("a"), {}).error(), Reason::fragment_refused);
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(1, 4), part("12345"), {})), "-");
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(2, 4), part("12345"), {})), "-");
  EXPECT_EQ(reassembly.add(header(1), fragment(3, 4), part("1"), {}).error(), Reason::fragment_refused);
  // Nothing is kept of it.
  EXPECT_EQ(text_of_whole(reassembly.add(header(1), fragment(1, 1), part("ok"), {})), "ok");
}

TEST(FragmentPayload, IsCheckedBeforeItIsRead) {
  const Limits limits;
  const auto decode = [&](Bytes body, bool beside = false) {
    wire::Message message{{.initiator_spi = 1, .responder_spi = 2}, {}};
    wire::Payloads payloads;
    if (beside) {
      payloads.emplace_back(wire::NotifyPayload{});
    }
    payloads.emplace_back(
        wire::UnknownPayload{wire::PayloadType::encrypted_fragment, false, std::move(body)});
    return wire::decode_message(wire::encode_message(message.header, payloads), limits);
  };
  EXPECT_TRUE(decode({0, 1, 0, 1, 9}));
  EXPECT_EQ(decode({0, 0, 0, 1, 9}).error(), Reason::fragment_malformed);
  EXPECT_EQ(decode({0, 2, 0, 1, 9}).error(), Reason::fragment_malformed);
  EXPECT_EQ(decode({0, 1, 0, 1}).error(), Reason::fragment_malformed);
  EXPECT_EQ(decode({0, 1, 0}).error(), Reason::fragment_malformed);
  EXPECT_EQ(decode({0, 1, 0, 1, 9}, true).error(), Reason::fragment_malformed);
}

}  // namespace
}  // namespace espgate::ike::test
