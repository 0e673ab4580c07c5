// Exchanges in each other's way (RFC 7296 sections 2.8.1, 2.8.2 and 2.25). Which of two nonces is lower is
// chance, so each ladder is climbed from several seeds, until both outcomes were there.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;

// Two peers with a Child SA, and a network that delivers by hand.
struct Ladder {
  explicit Ladder(std::uint64_t seed) : network(seed) {
    configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
      for (ConnectionConfig* connection : {&a, &b}) {
        ChildConfig child = connection->children.front();
        child.name = "other";
        child.local_ts = {*TrafficSelector::parse(connection == &a ? "10.3.0.0/24" : "10.4.0.0/24")};
        child.remote_ts = {*TrafficSelector::parse(connection == &a ? "10.4.0.0/24" : "10.3.0.0/24")};
        connection->children.push_back(child);
      }
    });
    come_up(network);
    network.hold();
  }

  Peer& a() { return network.a; }
  Peer& b() { return network.b; }
  void rekey_child(Peer& peer) {
    EXPECT_TRUE(peer.stack->rekey_child(peer.handler.senders.back(), network.now));
    network.collect();
  }
  void rekey_ike(Peer& peer) {
    EXPECT_TRUE(peer.stack->rekey_ike(peer.stack->list().front().id, network.now));
    network.collect();
  }
  void delete_child(Peer& peer) {
    EXPECT_TRUE(peer.stack->terminate_child(peer.handler.senders.back(), network.now));
    network.collect();
  }
  void delete_ike(Peer& peer) {
    EXPECT_TRUE(peer.stack->terminate_ike(peer.stack->list().front().id, network.now));
    network.collect();
  }
  void add_child(Peer& peer) {
    EXPECT_TRUE(peer.stack->initiate("site", "other", network.now));
    network.collect();
  }
  // One message arrives.
  void to(Peer& peer) { EXPECT_TRUE(network.deliver_held(peer)); }
  // Everything arrives, and what waits for a short time happens.
  void finish() {
    network.release();
    network.run(40s);
  }
  // One IKE SA and `children` Child SAs, the same on both sides, and each side sends.
  void expect_one(std::size_t children = 1) {
    expect_agreed(network);
    for (Peer* peer : {&network.a, &network.b}) {
      ASSERT_EQ(peer->stack->list().size(), 1U);
      EXPECT_EQ(peer->stack->list().front().state, IkeSaState::established);
      EXPECT_EQ(peer->stack->list().front().children.size(), children);
      EXPECT_EQ(peer->handler.senders.size(), children);
      EXPECT_TRUE(peer->handler.reserved.empty());
      EXPECT_EQ(peer->of(Kind::ike_up).size(), 1U);
      EXPECT_TRUE(peer->of(Kind::ike_down).empty());
      for (const ChildSaView& child : peer->stack->list().front().children) {
        EXPECT_EQ(child.state, ChildSaState::installed);
      }
    }
    EXPECT_EQ(network.a.stack->list().front().initiator_spi, network.b.stack->list().front().initiator_spi);
    EXPECT_EQ(network.a.stack->list().front().responder_spi, network.b.stack->list().front().responder_spi);
  }
  void end() {
    network.a.stack->shut_down(network.now);
    network.run();
    expect_empty(network);
  }

  Network network;
};

constexpr std::uint64_t seeds = 16;

//   A                                   B
//   CREATE_CHILD_SA(REKEY X, Ni1) -> <- CREATE_CHILD_SA(REKEY X, Ni2)
//   CREATE_CHILD_SA(Nr2) ->          <- CREATE_CHILD_SA(Nr1)
//   Who asked with the lowest of Ni1, Nr1, Ni2, Nr2 deletes what came of it; the other one deletes X.
TEST(Collision, ChildAndChild) {
  std::set<bool> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Ladder ladder(seed);
    ladder.rekey_child(ladder.a());
    ladder.rekey_child(ladder.b());
    ladder.to(ladder.b());
    ladder.to(ladder.a());
    ladder.to(ladder.b());
    ladder.to(ladder.a());
    // X, and the two that replace it; nobody sends with the one that lost.
    EXPECT_EQ(ladder.a().handler.installed.size(), 3U);
    EXPECT_EQ(ladder.b().handler.installed.size(), 3U);
    const bool a_won = ladder.a().handler.senders.size() == 2;
    EXPECT_EQ(ladder.b().handler.senders.size(), a_won ? 1U : 2U);
    outcomes.insert(a_won);
    ladder.finish();
    ladder.expect_one();
    for (Peer* peer : {&ladder.a(), &ladder.b()}) {
      EXPECT_EQ(peer->of(Kind::child_rekeyed).size(), 1U);
      EXPECT_EQ(peer->of(Kind::child_up).size(), 1U);
      EXPECT_TRUE(peer->of(Kind::child_down).empty());
      EXPECT_EQ(peer->handler.installations, 3U);
    }
    // Whose exchange replaced it: the winner's new SA is the one that is left.
    const ChildSaId left = (a_won ? ladder.a() : ladder.b()).of(Kind::child_rekeyed).front().child_sa;
    EXPECT_TRUE((a_won ? ladder.a() : ladder.b()).handler.installed.contains(left));
    ladder.end();
  }
  EXPECT_EQ(outcomes.size(), 2U);
}

//   A                                   B
//   CREATE_CHILD_SA(REKEY X) -> (late)
//                                    <- CREATE_CHILD_SA(REKEY X)
//   CREATE_CHILD_SA ->
//                                    <- INFORMATIONAL(D X)
//   (A's request arrives)
//                                    <- CREATE_CHILD_SA(TEMPORARY_FAILURE)
//   INFORMATIONAL(D X) ->
TEST(Collision, ChildAndChildThatOnlyOneNotices) {
  for (const bool after_the_deletion : {false, true}) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      SCOPED_TRACE(seed);
      Ladder ladder(seed);
      ladder.rekey_child(ladder.a());
      auto late = ladder.network.held;
      ladder.network.held.clear();
      ladder.rekey_child(ladder.b());
      ladder.to(ladder.a());
      ladder.to(ladder.b());
      if (after_the_deletion) {
        ladder.to(ladder.a());
        ladder.to(ladder.b());
        // X is gone: CHILD_SA_NOT_FOUND.
      }
      ladder.network.inject(ladder.b(), late.front());
      EXPECT_EQ(ladder.b().counter("temporary_failure"), after_the_deletion ? 0U : 1U);
      EXPECT_EQ(ladder.b().counter("child_sa_not_found"), after_the_deletion ? 1U : 0U);
      ladder.finish();
      ladder.expect_one();
      EXPECT_EQ(ladder.a().handler.installations, 2U);
      ladder.end();
    }
  }
}

//   A                                   B
//   CREATE_CHILD_SA(REKEY X) ->      <- INFORMATIONAL(D X)
//   INFORMATIONAL(D X) ->            <- CREATE_CHILD_SA(TEMPORARY_FAILURE)
TEST(Collision, ChildRekeyAndChildDelete) {
  for (const bool delete_first : {false, true}) {
    Ladder ladder(1);
    ladder.rekey_child(ladder.a());
    ladder.delete_child(ladder.b());
    if (delete_first) {
      ladder.to(ladder.a());
    }
    ladder.finish();
    EXPECT_EQ(ladder.b().counter("temporary_failure"), 1U);
    expect_agreed(ladder.network);
    EXPECT_TRUE(ladder.a().handler.installed.empty());
    EXPECT_EQ(ladder.a().of(Kind::child_down).size(), 1U);
    EXPECT_EQ(ladder.b().of(Kind::child_down).size(), 1U);
    ladder.end();
  }
}

//   A                     B
//   INFORMATIONAL(D) -> <- INFORMATIONAL(D)
//   INFORMATIONAL() ->  <- INFORMATIONAL()
TEST(Collision, ChildDeleteAndChildDelete) {
  Ladder ladder(2);
  ladder.delete_child(ladder.a());
  ladder.delete_child(ladder.b());
  ladder.finish();
  EXPECT_TRUE(ladder.a().handler.installed.empty());
  EXPECT_TRUE(ladder.b().handler.installed.empty());
  EXPECT_EQ(ladder.a().stack->list().size(), 1U);
  ladder.end();
}

//   A                                   B
//   CREATE_CHILD_SA(IKE, Ni1) ->     <- CREATE_CHILD_SA(IKE, Ni2)
//   CREATE_CHILD_SA(Nr2) ->          <- CREATE_CHILD_SA(Nr1)
//   Who asked with the lowest nonce deletes what came of it; the other one deletes the old IKE SA.
TEST(Collision, IkeAndIke) {
  std::set<bool> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Ladder ladder(seed);
    ladder.rekey_ike(ladder.a());
    ladder.rekey_ike(ladder.b());
    ladder.to(ladder.b());
    ladder.to(ladder.a());
    EXPECT_EQ(ladder.a().stack->list().size(), 2U);
    EXPECT_EQ(ladder.b().stack->list().size(), 2U);
    ladder.finish();
    ladder.expect_one();
    const bool a_won = ladder.a().stack->list().front().initiator;
    EXPECT_EQ(ladder.b().stack->list().front().initiator, !a_won);
    outcomes.insert(a_won);
    for (Peer* peer : {&ladder.a(), &ladder.b()}) {
      EXPECT_EQ(peer->of(Kind::ike_rekeyed).size(), 1U);
      EXPECT_TRUE(peer->of(Kind::child_down).empty());
      EXPECT_EQ(peer->handler.installations, 1U);
    }
    ladder.end();
  }
  EXPECT_EQ(outcomes.size(), 2U);
}

//   A                                   B
//   CREATE_CHILD_SA(IKE) -> (late)
//                                    <- CREATE_CHILD_SA(IKE)
//   CREATE_CHILD_SA ->
//                                    <- INFORMATIONAL(D) on the old one
//   (A's request arrives before A has heard of the deletion)
//                                    <- CREATE_CHILD_SA(TEMPORARY_FAILURE)
TEST(Collision, IkeAndIkeThatOnlyOneNotices) {
  for (const bool deletion_first : {false, true}) {
    SCOPED_TRACE(deletion_first);
    Ladder ladder(3);
    ladder.rekey_ike(ladder.a());
    auto late = ladder.network.held;
    ladder.network.held.clear();
    ladder.rekey_ike(ladder.b());
    ladder.to(ladder.a());
    ladder.to(ladder.b());
    if (deletion_first) {
      ladder.to(ladder.a());
      // Kept for the answer to A's request.
      EXPECT_EQ(ladder.a().stack->list().front().state, IkeSaState::rekeyed);
      EXPECT_TRUE(ladder.a().stack->list().front().children.empty());
    }
    ladder.network.inject(ladder.b(), late.front());
    EXPECT_EQ(ladder.b().counter("temporary_failure"), 1U);
    ladder.finish();
    ladder.expect_one();
    EXPECT_FALSE(ladder.a().stack->list().front().initiator);
    ladder.end();
  }
}

// B, which has won, uses the new IKE SA before A has the answer that tells it so.
TEST(Collision, IkeAndIkeAndAChildAtOnceOnTheNewOne) {
  unsigned covered = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Ladder ladder(seed);
    ladder.rekey_ike(ladder.a());
    ladder.rekey_ike(ladder.b());
    ladder.to(ladder.b());  // A's request
    ladder.to(ladder.a());  // B's request
    const auto answer_to_a = std::ranges::find_if(ladder.network.held, [&](const Datagram& datagram) {
      return datagram.local.address == ladder.a().address;
    });
    const Datagram late = *answer_to_a;
    ladder.network.held.erase(answer_to_a);
    ladder.to(ladder.b());  // A's answer: B decides
    if (!ladder.b().of(Kind::ike_rekeyed).empty() && ladder.b().stack->list().back().initiator) {
      ++covered;
    }
    const ChildSaId child = ladder.b().handler.senders.back();
    ladder.b().stack->rekey_child(child, ladder.network.now);
    ladder.network.collect();
    ladder.network.release();
    ladder.network.inject(ladder.a(), late);
    ladder.network.run(40s);
    ladder.expect_one();
    ladder.end();
  }
  EXPECT_GT(covered, 2U);
}

//   A                                B
//   CREATE_CHILD_SA(IKE) ->       <- CREATE_CHILD_SA(REKEY X)
//   (TEMPORARY_FAILURE) ->        <- (TEMPORARY_FAILURE)
//   ... and each tries again after a time of its own.
TEST(Collision, IkeAndChild) {
  for (const bool further : {false, true}) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      SCOPED_TRACE(seed);
      Ladder ladder(seed);
      ladder.rekey_ike(ladder.a());
      if (further) {
        ladder.add_child(ladder.b());
      } else {
        ladder.rekey_child(ladder.b());
      }
      ladder.to(ladder.b());
      ladder.to(ladder.a());
      EXPECT_EQ(ladder.a().counter("temporary_failure"), 1U);
      EXPECT_EQ(ladder.b().counter("temporary_failure"), 1U);
      ladder.finish();
      ladder.expect_one(further ? 2 : 1);
      for (Peer* peer : {&ladder.a(), &ladder.b()}) {
        EXPECT_EQ(peer->of(Kind::ike_rekeyed).size(), 1U);
        EXPECT_EQ(peer->handler.installations, 2U);
      }
      ladder.end();
    }
  }
}

//   A                                B
//   CREATE_CHILD_SA(IKE) ->       <- INFORMATIONAL(D X)
//   INFORMATIONAL(D X) ->         <- CREATE_CHILD_SA(TEMPORARY_FAILURE)
TEST(Collision, IkeRekeyAndChildDelete) {
  Ladder ladder(4);
  ladder.rekey_ike(ladder.a());
  ladder.delete_child(ladder.b());
  ladder.finish();
  ladder.expect_one(0);
  EXPECT_EQ(ladder.b().counter("temporary_failure"), 1U);
  EXPECT_EQ(ladder.a().of(Kind::ike_rekeyed).size(), 1U);
  ladder.end();
}

//   A                                B
//   CREATE_CHILD_SA(IKE) ->       <- INFORMATIONAL(D)
//   INFORMATIONAL() ->            <- CREATE_CHILD_SA(TEMPORARY_FAILURE)
TEST(Collision, IkeRekeyAndIkeDelete) {
  for (const bool deletion_first : {false, true}) {
    Ladder ladder(5);
    ladder.rekey_ike(ladder.a());
    ladder.delete_ike(ladder.b());
    if (deletion_first) {
      ladder.to(ladder.a());
    }
    ladder.finish();
    EXPECT_EQ(ladder.a().of(Kind::ike_down).size(), 1U);
    EXPECT_EQ(ladder.b().of(Kind::ike_down).size(), 1U);
    ladder.network.run();
    expect_empty(ladder.network);
  }
}

//   A                                B
//   CREATE_CHILD_SA(REKEY X) ->   <- INFORMATIONAL(D) of the IKE SA
TEST(Collision, ChildRekeyAndIkeDelete) {
  for (const bool deletion_first : {false, true}) {
    Ladder ladder(6);
    ladder.rekey_child(ladder.a());
    ladder.delete_ike(ladder.b());
    if (deletion_first) {
      ladder.to(ladder.a());
    }
    ladder.finish();
    EXPECT_EQ(ladder.b().of(Kind::ike_down).size(), 1U);
    ladder.network.run();
    expect_empty(ladder.network);
  }
}

// Two of the same at the same time: both are wanted, and stay.
TEST(Collision, FurtherChildFromBothSides) {
  Ladder ladder(7);
  ladder.add_child(ladder.a());
  ladder.add_child(ladder.b());
  ladder.finish();
  ladder.expect_one(3);
  ladder.end();
}

// The peer answers, replaces, and then never deletes what it replaced: we do.
TEST(Collision, AReplacedSaIsNotKeptForEver) {
  for (const bool ike : {false, true}) {
    SCOPED_TRACE(ike);
    Ladder ladder(8);
    if (ike) {
      ladder.rekey_ike(ladder.a());
    } else {
      ladder.rekey_child(ladder.a());
    }
    ladder.to(ladder.b());
    // A does not come back.
    ladder.network.held.clear();
    ladder.network.on_the_way = [&](Datagram& datagram) {
      return datagram.local.address == ladder.network.a.address;
    };
    ladder.network.a.stack = Stack::create(ladder.network.a.random, ladder.network.a.handler);
    ladder.network.run(std::chrono::minutes(10));
    if (ike) {
      ASSERT_EQ(ladder.b().stack->list().size(), 1U);
      EXPECT_EQ(ladder.b().stack->list().front().children.size(), 1U);
    } else {
      // No answer to the deletion: the IKE SA is dead.
      EXPECT_TRUE(ladder.b().stack->list().empty());
    }
  }
}

}  // namespace
}  // namespace espgate::ike::test
