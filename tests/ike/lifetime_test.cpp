// What an IKE SA does by itself: replacing, ending, asking whether the peer lives, keeping a NAT awake; and
// what becomes of its children then.
#include <gtest/gtest.h>

#include <algorithm>

#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;

ChildConfig& child_of(ConnectionConfig& connection) {
  return connection.children.front();
}

void end(Network& network) {
  network.a.stack->shut_down(network.now);
  network.b.stack->shut_down(network.now);
  network.run();
  expect_empty(network);
}

TEST(Lifetime, SasAreReplacedInTime) {
  Network network(1);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    for (ConnectionConfig* connection : {&a, &b}) {
      connection->lifetime = lifetime_of(4h);
      child_of(*connection).lifetime = lifetime_of(1h);
    }
  });
  const auto begun = network.now;
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(50min);
  const IkeSaView view = network.a.stack->list().front();
  EXPECT_GE(view.rekey_at.value() - begun, 4h - 24min);
  EXPECT_LE(view.rekey_at.value() - begun, 4h + 1s);
  EXPECT_EQ(std::chrono::round<std::chrono::minutes>(view.expires_at.value() - begun), 4h + 24min);
  EXPECT_EQ(network.a.handler.installations, 1U);
  network.run(13h);
  expect_crosswise(network);
  // About one an hour, and one in four hours; each end has its own chance.
  EXPECT_GE(network.a.of(Kind::child_rekeyed).size(), 13U);
  EXPECT_LE(network.a.of(Kind::child_rekeyed).size(), 17U);
  EXPECT_GE(network.a.of(Kind::ike_rekeyed).size(), 3U);
  EXPECT_LE(network.a.of(Kind::ike_rekeyed).size(), 4U);
  EXPECT_TRUE(network.a.of(Kind::child_down).empty());
  EXPECT_TRUE(network.a.of(Kind::ike_down).empty());
  end(network);
}

TEST(Lifetime, IsDrawnAnewForEach) {
  std::set<std::int64_t> times;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Network network(seed);
    configure(network, [](ConnectionConfig& a, ConnectionConfig&) { a.lifetime = lifetime_of(4h); });
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run(1s);
    times.insert(network.a.stack->list().front().rekey_at.value().count());
  }
  EXPECT_GT(times.size(), 15U);
}

TEST(Lifetime, AChildThatIsNotReplacedEnds) {
  Network network(2);
  configure(network, [](ConnectionConfig& a, ConnectionConfig&) { child_of(a).lifetime = lifetime_of(1h); });
  come_up(network);
  network.b.handler.refuse_installation = true;
  network.run(70min);
  EXPECT_TRUE(network.a.handler.installed.empty());
  EXPECT_TRUE(network.b.handler.installed.empty());
  EXPECT_GT(network.a.of(Kind::rekey_failed).size(), 2U);
  ASSERT_EQ(network.a.of(Kind::child_down).size(), 1U);
  EXPECT_EQ(network.a.of(Kind::child_down).front().reason, "its lifetime is over");
  EXPECT_EQ(network.a.stack->list().front().state, IkeSaState::established);
  end(network);
}

TEST(Lifetime, AnIkeSaThatIsNotReplacedEnds) {
  Network network(3);
  configure(network, [](ConnectionConfig& a, ConnectionConfig&) {
    a.lifetime = {.rekey = 0s, .hard = 1h, .random = 0s};
  });
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(59min);
  EXPECT_EQ(network.a.stack->list().size(), 1U);
  network.run(3min);
  EXPECT_EQ(network.a.of(Kind::ike_down).front().reason, "its lifetime is over");
  expect_empty(network);
}

TEST(Volume, ReplacesAtTheSoftLimitAndEndsAtTheHardOne) {
  Network network(4);
  configure(network, [](ConnectionConfig& a, ConnectionConfig&) {
    child_of(a).bytes = {.rekey = 1000, .hard = 2000, .random = 100};
    child_of(a).packets = {.rekey = 50, .hard = 60, .random = 0};
  });
  come_up(network);
  const ChildSa& installed = network.a.handler.installed.begin()->second;
  EXPECT_GE(installed.bytes.rekey, 900U);
  EXPECT_LE(installed.bytes.rekey, 1000U);
  EXPECT_EQ(installed.bytes.hard, 2000U);
  EXPECT_EQ(installed.packets.rekey, 50U);
  EXPECT_EQ(network.b.handler.installed.begin()->second.bytes.hard, 0U);
  const ChildSaId old = installed.id;
  EXPECT_TRUE(network.a.stack->child_expired(old, false, network.now));
  EXPECT_TRUE(network.a.stack->child_expired(old, false, network.now)) << "told again, it is under way";
  network.run();
  EXPECT_NE(network.a.handler.senders.back(), old);
  expect_crosswise(network);
  EXPECT_FALSE(network.a.stack->child_expired(old, true, network.now));
  // Hard: here at once, whether the peer hears of it or not.
  network.on_the_way = [](Datagram&) { return false; };
  EXPECT_TRUE(network.a.stack->child_expired(network.a.handler.senders.back(), true, network.now));
  EXPECT_TRUE(network.a.handler.installed.empty());
  network.on_the_way = {};
  network.run();
  EXPECT_TRUE(network.b.handler.installed.empty());
  end(network);
}

TEST(Liveness, IsAskedForWhenNothingIsHeard) {
  Network network(5);
  configure(network, [](ConnectionConfig& a, ConnectionConfig&) { a.dpd_delay = 30s; });
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(1s);
  network.sent.clear();
  network.run(299s);
  // Every 30 s a request and its answer.
  EXPECT_GE(network.sent.size(), 18U);
  EXPECT_LE(network.sent.size(), 20U);
  // A peer that asks by itself is heard.
  network.sent.clear();
  for (int i = 0; i < 20; ++i) {
    network.b.stack->rekey_child(network.b.handler.senders.back(), network.now);
    network.run(20s);
  }
  EXPECT_EQ(network.sent.size(), 80U);
  EXPECT_EQ(network.a.stack->list().size(), 1U);
  end(network);
}

TEST(Liveness, ADeadPeerEndsTheIkeSaAndTheActionFollows) {
  for (const bool restart : {false, true}) {
    SCOPED_TRACE(restart);
    Network network(6);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig&) {
      a.dpd_delay = 30s;
      child_of(a).dpd_action = restart ? EndAction::start : EndAction::none;
    });
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run(1s);
    // B starts again, and knows nothing; its INVALID_IKE_SPI is a hint that anybody could send.
    network.b.stack = Stack::create(network.b.random, network.b.handler);
    ASSERT_TRUE(network.b.stack->load_connection(make_connection(network.b, network.a, false)));
    network.b.stack->load_shared_secrets(make_secrets());
    network.run(4min);
    ASSERT_EQ(network.a.of(Kind::ike_down).size(), 1U);
    EXPECT_EQ(network.a.of(Kind::ike_down).front().reason,
              "no answer to INFORMATIONAL after all retransmissions");
    EXPECT_EQ(network.a.stack->list().size(), restart ? 1U : 0U);
    if (restart) {
      expect_crosswise(network);
    }
    end(network);
  }
}

TEST(CloseAction, BringsUpAgainWhatThePeerDeletes) {
  for (const bool whole : {false, true}) {
    SCOPED_TRACE(whole);
    Network network(7);
    configure(network,
              [&](ConnectionConfig& a, ConnectionConfig&) { child_of(a).close_action = EndAction::start; });
    come_up(network);
    const IkeSaView view = network.b.stack->list().front();
    if (whole) {
      network.b.stack->terminate_ike(view.id, network.now);
    } else {
      network.b.stack->terminate_child(view.children.front().id, network.now);
    }
    network.run(2s);
    EXPECT_TRUE(network.a.handler.installed.empty());
    network.run(10s);
    expect_crosswise(network);
    EXPECT_EQ(network.a.stack->list().size(), 1U);
    // What we delete ourselves stays down; what is replaced is not brought up again.
    network.a.stack->rekey_child(network.a.handler.senders.back(), network.now);
    network.run(1min);
    expect_crosswise(network);
    network.a.stack->terminate_child(network.a.handler.senders.back(), network.now);
    network.run(1min);
    EXPECT_TRUE(network.a.handler.installed.empty());
    end(network);
  }
}

TEST(KeyingTries, BeginAnew) {
  for (const unsigned tries : {1U, 3U}) {
    Network network(8);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig&) { a.keying_tries = tries; });
    network.on_the_way = [](Datagram&) { return false; };
    std::set<std::uint64_t> spis;
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run();
    for (const Datagram& datagram : network.sent) {
      spis.insert(load_be64(datagram.message));
    }
    EXPECT_EQ(spis.size(), tries);
    EXPECT_EQ(network.a.of(Kind::initiate_again).size(), tries - 1);
    EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
    expect_empty(network);
  }
  // For ever, until somebody answers.
  Network network(9);
  configure(network, [](ConnectionConfig& a, ConnectionConfig&) { a.keying_tries = 0; });
  network.on_the_way = [](Datagram&) { return false; };
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(2h);
  network.on_the_way = {};
  network.run(1h);
  expect_crosswise(network);
  EXPECT_TRUE(network.a.of(Kind::initiate_failed).empty());
  end(network);
}

TEST(Keepalive, GoesOutFromBehindANat) {
  Network network(10);
  configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  const IpAddress outside = *IpAddress::parse("198.51.100.1");
  network.on_the_way = [&](Datagram& datagram) {
    if (datagram.remote.address == network.a.address) {
      datagram.remote.address = outside;
    } else if (datagram.local.address == outside) {
      datagram.local.address = network.a.address;
    }
    return true;
  };
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.run(305s);
  ASSERT_EQ(network.a.keepalives.size(), 15U);
  EXPECT_EQ(network.a.keepalives.front().local, (Endpoint{network.a.address, 4500}));
  EXPECT_EQ(network.a.keepalives.front().remote, (Endpoint{network.b.address, 4500}));
  EXPECT_TRUE(network.b.keepalives.empty());
}

// The NAT gives A another port: B's data path follows, or the Child SA is replaced by one that does.
TEST(NatRebinding, IsFollowedByTheDataPath) {
  for (const bool can_move : {true, false}) {
    SCOPED_TRACE(can_move);
    Network network(11);
    network.b.handler.can_move = can_move;
    configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
    std::uint16_t port = 20000;
    const IpAddress outside = *IpAddress::parse("198.51.100.1");
    network.on_the_way = [&](Datagram& datagram) {
      if (datagram.remote.address == network.a.address) {
        datagram.remote = {outside,
                           static_cast<std::uint16_t>(port + (datagram.remote.port == 4500 ? 1 : 0))};
      } else if (datagram.local.address == outside) {
        if (datagram.local.port != port && datagram.local.port != port + 1) {
          return false;
        }
        datagram.local = {network.a.address,
                          static_cast<std::uint16_t>(datagram.local.port == port ? 500 : 4500)};
      }
      return true;
    };
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run(10s);
    EXPECT_EQ(network.b.handler.installed.begin()->second.remote_port, 20001);
    port = 30000;
    ASSERT_TRUE(network.a.stack->rekey_ike(network.a.stack->list().front().id, network.now));
    network.run(60s);
    ASSERT_EQ(network.b.handler.installed.size(), 1U);
    EXPECT_EQ(network.b.handler.installed.begin()->second.remote_port, 30001);
    EXPECT_EQ(network.b.handler.installations, can_move ? 1U : 2U);
    expect_agreed(network);
  }
}

TEST(Unique, Policies) {
  struct Case {
    Unique policy;
    std::size_t ike_sas;
  };
  for (const Case c : {Case{Unique::never, 2}, {Unique::no, 2}, {Unique::replace, 1}, {Unique::keep, 1}}) {
    SCOPED_TRACE(static_cast<int>(c.policy));
    Network network(12);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) { a.unique = b.unique = c.policy; });
    come_up(network);
    const std::uint64_t first = network.b.stack->list().front().initiator_spi;
    // A second one of the same identities, begun by a stack at A that has not lost the first: another name.
    ConnectionConfig again = make_connection(network.a, network.b, true);
    again.name = "again";
    again.unique = c.policy;
    ASSERT_TRUE(network.a.stack->load_connection(again));
    ASSERT_TRUE(network.a.stack->initiate("again", "net", network.now));
    network.run();
    ASSERT_EQ(network.b.stack->list().size(), c.ike_sas);
    EXPECT_EQ(network.a.stack->list().size(), c.ike_sas);
    EXPECT_EQ(network.b.stack->list().front().initiator_spi == first, c.policy != Unique::replace);
    EXPECT_EQ(network.b.counter("peer_not_unique"), c.policy == Unique::keep ? 1U : 0U);
    end(network);
  }
}

TEST(Unique, InitialContactIsHeardUnlessNever) {
  for (const Unique policy : {Unique::never, Unique::no, Unique::keep, Unique::replace}) {
    SCOPED_TRACE(static_cast<int>(policy));
    Network network(13);
    configure(network, [&](ConnectionConfig&, ConnectionConfig& b) { b.unique = policy; });
    come_up(network);
    network.a.stack = Stack::create(network.a.random, network.a.handler);
    ASSERT_TRUE(network.a.stack->load_connection(make_connection(network.a, network.b, true)));
    network.a.stack->load_shared_secrets(make_secrets());
    network.now += 10s;
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.run(30s);
    EXPECT_EQ(network.b.stack->list().size(), policy == Unique::never ? 2U : 1U);
  }
}

TEST(Childless, BothWays) {
  for (const Childless initiator :
       {Childless::never, Childless::allow, Childless::prefer, Childless::force}) {
    for (const Childless responder :
         {Childless::never, Childless::allow, Childless::prefer, Childless::force}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(initiator)) + std::to_string(static_cast<int>(responder)));
      Network network(14);
      configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
        a.childless = initiator;
        b.childless = responder;
      });
      ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
      network.run();
      const bool wants = initiator == Childless::prefer || initiator == Childless::force;
      const bool childless = wants && responder != Childless::never;
      const bool refused = (initiator == Childless::force && responder == Childless::never) ||
                           (responder == Childless::force && !wants);
      if (refused) {
        EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
        EXPECT_TRUE(network.a.is_empty());
        continue;
      }
      EXPECT_EQ(network.sent.size(), childless ? 6U : 4U);
      expect_crosswise(network);
      end(network);
    }
  }
}

TEST(Childless, AnIkeSaAloneAndChildrenLater) {
  Network network(15);
  configure(network);
  const auto id = network.a.stack->initiate("site", network.now);
  ASSERT_TRUE(id);
  network.run();
  EXPECT_EQ(network.sent.size(), 4U);
  ASSERT_EQ(network.b.stack->list().size(), 1U);
  EXPECT_EQ(network.b.stack->list().front().state, IkeSaState::established);
  EXPECT_TRUE(network.a.handler.installed.empty());
  EXPECT_EQ(network.a.stack->initiate("site", network.now).value(), *id);
  EXPECT_EQ(network.b.stack->initiate("site", "net", network.now).value(),
            network.b.stack->list().front().id);
  network.run();
  expect_crosswise(network);
  end(network);
}

}  // namespace
}  // namespace espgate::ike::test
