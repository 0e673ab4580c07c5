// Retransmission, and handshakes through loss, duplication and reordering from a few hundred seeds.
#include <gtest/gtest.h>

#include <algorithm>

#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;

// Comes up, deletes a child or the IKE SA from one side, and is empty in the end on both.
void run_in_weather(std::uint64_t seed, const Weather& weather, bool must_come_up) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Network network(seed);
  configure(network, [seed](ConnectionConfig& a, ConnectionConfig& b) {
    if (seed % 3 == 1) {
      a.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-ecp256-x25519")};
      b.proposals = {*parse_ike_proposal("aes128-sha256-x25519"),
                     *parse_ike_proposal("aes256gcm16-prfsha256-x25519")};
    }
    a.force_udp_encapsulation = seed % 5 == 2;
  });
  network.weather = weather;
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(std::chrono::minutes(10));
  const bool up = network.a.of(Kind::ike_up).size() == 1;
  EXPECT_TRUE(up || !must_come_up);
  if (up) {
    expect_crosswise(network);
    EXPECT_TRUE(network.a.of(Kind::initiate_failed).empty());
  } else {
    EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
    EXPECT_TRUE(network.a.is_empty());
  }
  Peer& ending = seed % 2 == 0 ? network.a : network.b;
  if (up && seed % 4 < 2) {
    ending.stack->terminate_child(ending.handler.installed.begin()->first, network.now);
    network.run(std::chrono::minutes(10));
    EXPECT_TRUE(network.a.handler.installed.empty());
    EXPECT_TRUE(!must_come_up || network.b.handler.installed.empty());
  }
  for (const IkeSaView& view : ending.stack->list()) {
    ending.stack->terminate_ike(view.id, network.now);
  }
  network.run(std::chrono::minutes(10));
  // When the weather ate every copy of the deletion, the other side still has its SA, and is told to end it.
  network.weather = {};
  network.a.stack->shut_down(network.now);
  network.b.stack->shut_down(network.now);
  network.run(std::chrono::minutes(10));
  expect_empty(network);
}

TEST(Weather, Reordering) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    run_in_weather(seed, {.duplication = 0.5, .min_delay = 1ms, .max_delay = 9000ms}, true);
  }
}

TEST(Weather, Loss) {
  for (std::uint64_t seed = 100; seed < 250; ++seed) {
    run_in_weather(seed, {.loss = 0.1, .duplication = 0.2, .min_delay = 1ms, .max_delay = 50ms}, true);
  }
}

TEST(Weather, Storm) {
  for (std::uint64_t seed = 250; seed < 350; ++seed) {
    run_in_weather(seed, {.loss = 0.6, .duplication = 0.4, .min_delay = 1ms, .max_delay = 12000ms}, false);
  }
}

TEST(Retransmission, SendsTheSameBytesAndGivesUp) {
  Network network(1);
  configure(network);
  std::vector<Instant> times;
  network.on_the_way = [&](Datagram&) {
    times.push_back(network.now);
    return false;
  };
  come_up(network);
  // Once, and Limits::retransmit_tries times more: after 4 s, then 1.8 times as long each time.
  ASSERT_EQ(network.sent.size(), 6U);
  for (const Datagram& datagram : network.sent) {
    EXPECT_EQ(datagram.message, network.sent.front().message);
  }
  EXPECT_EQ(times[1] - times[0], 4s);
  EXPECT_EQ(times[2] - times[1], 7200ms);
  EXPECT_EQ(times[3] - times[2], 12960ms);
  const auto failed = network.a.of(Kind::initiate_failed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().reason, "no answer to IKE_SA_INIT after all retransmissions");
  EXPECT_EQ(network.a.counter("gave_up"), 1U);
  EXPECT_EQ(network.a.counter("retransmitted"), 5U);
  EXPECT_NEAR(std::chrono::duration<double>(network.now - times[0]).count(), 165.06, 0.1);
  expect_empty(network);
}

TEST(Retransmission, OfAnEncryptedRequestIsIdenticalToo) {
  Network network(2);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    // Random IVs: encrypted anew, the bytes would differ.
    a.proposals = b.proposals = {*parse_ike_proposal("aes128-sha256-x25519")};
  });
  network.on_the_way = [&](Datagram& datagram) { return datagram.message[18] == 34; };
  come_up(network);
  ASSERT_EQ(network.sent.size(), 8U);
  for (std::size_t i = 3; i < 8; ++i) {
    EXPECT_EQ(network.sent[i].message, network.sent[2].message);
  }
  expect_empty(network);
}

TEST(Retransmission, OfTheRequestBringsTheSameResponse) {
  Network network(3);
  configure(network);
  come_up(network);
  // IKE_AUTH once more: answered from the cache, and nothing is installed again.
  const Datagram request = network.sent[2];
  network.sent.clear();
  network.inject(network.b, {request.remote, request.local, request.message});
  ASSERT_EQ(network.sent.size(), 1U);
  EXPECT_EQ(network.b.counter("request_repeated"), 1U);
  EXPECT_EQ(network.b.handler.installations, 1U);
  EXPECT_EQ(network.b.stack->list().size(), 1U);
}

TEST(Retransmission, OfADeletionIsAnsweredAfterTheEnd) {
  Network network(4);
  configure(network);
  const IkeSaId id = come_up(network);
  bool drop = true;
  network.on_the_way = [&](Datagram& datagram) {
    // B's first answer is lost.
    return datagram.local.address != network.a.address || !std::exchange(drop, false);
  };
  const Instant start = network.now;
  network.a.stack->terminate_ike(id, network.now);
  network.run();
  EXPECT_LT(network.now - start, 5s);
  EXPECT_EQ(network.b.counter("spi_unknown"), 0U);
  EXPECT_EQ(network.a.of(Kind::ike_down).front().reason, "terminated by request");
  expect_empty(network);
}

TEST(Retransmission, OfADeletionToADeadPeerEnds) {
  Network network(5);
  configure(network);
  const IkeSaId id = come_up(network);
  network.on_the_way = [](Datagram&) { return false; };
  network.a.stack->terminate_ike(id, network.now);
  network.run();
  EXPECT_TRUE(network.a.is_empty());
  EXPECT_EQ(network.a.of(Kind::ike_down).size(), 1U);
}

TEST(HalfOpen, RunsOut) {
  Network network(6);
  configure(network);
  network.on_the_way = [&](Datagram& datagram) { return datagram.message[18] == 34; };
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(20s);
  EXPECT_EQ(network.b.stack->list().size(), 1U);
  network.run(15s);
  EXPECT_TRUE(network.b.stack->list().empty());
  EXPECT_EQ(network.b.counter("half_open_expired"), 1U);
  EXPECT_TRUE(network.b.events.empty());
}

}  // namespace
}  // namespace espgate::ike::test
