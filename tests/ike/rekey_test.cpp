// Further Child SAs, and SAs replaced by others, without anything in the way.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;

void use_esp(ConnectionConfig& connection, const char* proposal) {
  for (ChildConfig& child : connection.children) {
    child.proposals = {*parse_esp_proposal(proposal)};
  }
}

void add_second_child(ConnectionConfig& a, ConnectionConfig& b) {
  for (ConnectionConfig* connection : {&a, &b}) {
    ChildConfig child = connection->children.front();
    child.name = "other";
    child.local_ts = {*TrafficSelector::parse(connection == &a ? "10.3.0.0/24" : "10.4.0.0/24")};
    child.remote_ts = {*TrafficSelector::parse(connection == &a ? "10.4.0.0/24" : "10.3.0.0/24")};
    connection->children.push_back(child);
  }
}

std::vector<ChildSaView> children_of(const Peer& peer) {
  std::vector<ChildSaView> all;
  for (const IkeSaView& view : peer.stack->list()) {
    all.insert(all.end(), view.children.begin(), view.children.end());
  }
  return all;
}

void end(Network& network) {
  network.a.stack->shut_down(network.now);
  network.run();
  expect_empty(network);
}

//   A                                     B
//   CREATE_CHILD_SA(SA, Ni, [KEi], TS) ->
//                                      <- CREATE_CHILD_SA(SA, Nr, [KEr], TS)
TEST(FurtherChild, ComesUpOnTheIkeSaThatIsThere) {
  for (const char* esp : {"aes256gcm16-esn", "aes256gcm16-x25519-esn", "aes128-sha256-ecp256-noesn"}) {
    SCOPED_TRACE(esp);
    Network network(1);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      add_second_child(a, b);
      use_esp(a, esp);
      use_esp(b, esp);
    });
    const IkeSaId id = come_up(network);
    network.sent.clear();
    EXPECT_EQ(network.a.stack->initiate("site", "other", network.now).value(), id);
    network.run();
    EXPECT_EQ(network.sent.size(), 2U);
    EXPECT_EQ(network.a.stack->list().size(), 1U);
    EXPECT_EQ(children_of(network.a).size(), 2U);
    EXPECT_EQ(network.a.of(Kind::child_up).size(), 2U);
    expect_agreed(network);
    // From the responder's side too; it is there already.
    EXPECT_EQ(network.b.stack->initiate("site", "other", network.now).value(),
              network.b.stack->list().front().id);
    EXPECT_EQ(network.b.stack->list().size(), 1U);
    end(network);
  }
}

TEST(FurtherChild, AskedForDuringTheHandshakeFollowsIt) {
  Network network(2);
  configure(network, add_second_child);
  const auto first = network.a.stack->initiate("site", "net", network.now);
  EXPECT_EQ(network.a.stack->initiate("site", "other", network.now).value(), first.value());
  EXPECT_EQ(network.a.stack->initiate("site", "other", network.now).value(), first.value());
  network.run();
  EXPECT_EQ(network.sent.size(), 6U);
  EXPECT_EQ(children_of(network.b).size(), 2U);
  expect_agreed(network);
  end(network);
}

TEST(FurtherChild, RefusedOnesLeaveTheIkeSa) {
  const auto refused = [](const char* notify, const auto& change) {
    SCOPED_TRACE(notify);
    Network network(3);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      add_second_child(a, b);
      change(network, b.children.back());
    });
    come_up(network);
    network.b.handler.refuse_installation = std::string_view(notify).empty();
    ASSERT_TRUE(network.a.stack->initiate("site", "other", network.now));
    network.run();
    const auto failed = network.a.of(Kind::initiate_failed);
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed.front().child, "other");
    EXPECT_NE(failed.front().reason.find(notify), std::string::npos) << failed.front().reason;
    EXPECT_EQ(network.a.stack->list().front().state, IkeSaState::established);
    EXPECT_EQ(children_of(network.a).size(), 1U);
    expect_agreed(network);
    EXPECT_TRUE(network.a.handler.reserved.empty());
    EXPECT_TRUE(network.b.handler.reserved.empty());
    end(network);
  };
  refused("TS_UNACCEPTABLE",
          [](Network&, ChildConfig& child) { child.local_ts = {*TrafficSelector::parse("10.9.0.0/24")}; });
  refused("NO_PROPOSAL_CHOSEN",
          [](Network&, ChildConfig& child) { child.proposals = {*parse_esp_proposal("aes128gcm16-esn")}; });
  refused("NO_PROPOSAL_CHOSEN", [](Network&, ChildConfig& child) {
    child.proposals = {*parse_esp_proposal("aes256gcm16-x25519-esn")};  // PFS wanted, none offered
  });
  refused("", [](Network&, ChildConfig&) {});
}

// What A cannot install, it deletes at B.
TEST(FurtherChild, ThatCannotBeInstalledIsDeletedAtThePeer) {
  Network network(4);
  configure(network, add_second_child);
  come_up(network);
  network.a.handler.refuse_installation = true;
  ASSERT_TRUE(network.a.stack->initiate("site", "other", network.now));
  network.run();
  EXPECT_EQ(children_of(network.b).size(), 1U);
  EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
  expect_agreed(network);
  end(network);
}

//   A                                                B
//   CREATE_CHILD_SA(N(REKEY_SA), SA, Ni, [KEi], TS) ->   old: both send and receive
//                                                 <- CREATE_CHILD_SA(SA, Nr, [KEr], TS)
//   A sends with the new one                             B receives with both, sends with the old one
//   INFORMATIONAL(D old) ->                              B sends with the new one
//                                                 <- INFORMATIONAL(D old)
TEST(ChildRekey, IsMadeBeforeBreakingFromEitherSide) {
  for (const char* esp : {"aes256gcm16-esn", "aes256gcm16-x25519-esn", "aes128-sha256-ecp384-noesn"}) {
    for (const bool by_initiator : {true, false}) {
      SCOPED_TRACE(std::string(esp) + (by_initiator ? " A" : " B"));
      Network network(5);
      configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
        use_esp(a, esp);
        use_esp(b, esp);
      });
      come_up(network);
      Peer& one = by_initiator ? network.a : network.b;
      Peer& two = by_initiator ? network.b : network.a;
      const ChildSaId old_one = one.handler.senders.back();
      const ChildSaId old_two = two.handler.senders.back();
      const std::string old_key = to_hex(one.handler.installed.at(old_one).outbound_key.view());
      network.hold();
      EXPECT_TRUE(one.stack->rekey_child(old_one, network.now));
      EXPECT_FALSE(one.stack->rekey_child(old_one, network.now));
      network.collect();
      ASSERT_TRUE(network.deliver_held(two));
      EXPECT_EQ(two.handler.installed.size(), 2U);
      EXPECT_EQ(two.handler.senders, std::vector{old_two});
      EXPECT_EQ(one.handler.installed.size(), 1U);
      ASSERT_TRUE(network.deliver_held(one));
      EXPECT_EQ(one.handler.installed.size(), 2U);
      const ChildSaId new_one = one.handler.senders.back();
      EXPECT_NE(new_one, old_one);
      EXPECT_EQ(one.handler.installed.at(new_one).replaces, old_one);
      EXPECT_EQ(two.handler.senders, std::vector{old_two});
      ASSERT_TRUE(network.deliver_held(two));
      EXPECT_EQ(two.handler.installed.size(), 1U);
      EXPECT_NE(two.handler.senders, std::vector{old_two});
      ASSERT_TRUE(network.deliver_held(one));
      EXPECT_EQ(one.handler.installed.size(), 1U);
      expect_crosswise(network);
      EXPECT_NE(to_hex(one.handler.installed.at(new_one).outbound_key.view()), old_key);
      for (const Peer* peer : {&one, &two}) {
        ASSERT_EQ(peer->of(Kind::child_rekeyed).size(), 1U);
        EXPECT_EQ(peer->of(Kind::child_rekeyed).front().child_sa, peer->handler.senders.back());
        EXPECT_TRUE(peer->of(Kind::child_down).empty());
      }
      EXPECT_EQ(one.of(Kind::child_rekeyed).front().replaced, old_one);
      // What was under way when the deletion was sent still arrives; then it is over.
      EXPECT_EQ(one.handler.draining, std::set{old_one});
      EXPECT_EQ(two.handler.draining, std::set{old_two});
      network.release();
      network.run(Limits{}.drain_time - 1s);
      EXPECT_FALSE(one.handler.draining.empty());
      network.run(2s);
      EXPECT_TRUE(one.handler.draining.empty());
      EXPECT_TRUE(two.handler.draining.empty());
      end(network);
      EXPECT_EQ(network.a.of(Kind::child_down).size(), 1U);
    }
  }
}

// A peer that replaces without end does not fill the data path.
TEST(ChildRekey, LeavesNoMoreThanSoManyBehind) {
  Network network(6, {.max_draining = 3});
  configure(network);
  come_up(network);
  std::set<ChildSaId> newest;
  for (unsigned i = 0; i < 5; ++i) {
    newest.insert(network.b.handler.senders.back());
    newest = i < 3 ? newest : std::set(std::next(newest.begin()), newest.end());
    ASSERT_TRUE(network.a.stack->rekey_child(network.a.handler.senders.back(), network.now));
    network.deliver();
    EXPECT_EQ(network.b.handler.draining, newest);
  }
  // They go with the stack.
  network.b.stack.reset();
  EXPECT_TRUE(network.b.handler.draining.empty());
  EXPECT_EQ(network.b.handler.faults, 0U);
}

TEST(ChildRekey, WithAnotherGroupThanThePreferredOne) {
  Network network(6);
  configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
    use_esp(a, "aes256gcm16-x25519-ecp256-esn");
    use_esp(b, "aes256gcm16-ecp256-esn");
  });
  come_up(network);
  network.sent.clear();
  ASSERT_TRUE(network.a.stack->rekey_child(network.a.handler.senders.back(), network.now));
  network.run();
  // INVALID_KE_PAYLOAD, the second try, and the deletion.
  EXPECT_EQ(network.sent.size(), 6U);
  EXPECT_EQ(network.b.counter("group_mismatch"), 1U);
  expect_crosswise(network);
  EXPECT_EQ(network.a.handler.installed.begin()->second.proposal.groups, std::vector{Group::ecp_256});
  end(network);
}

TEST(ChildRekey, FailsAndIsTriedAgain) {
  Network network(7);
  configure(network);
  come_up(network);
  network.b.handler.refuse_installation = true;
  const ChildSaId old = network.a.handler.senders.back();
  ASSERT_TRUE(network.a.stack->rekey_child(old, network.now));
  network.run(4s);
  EXPECT_EQ(network.a.of(Kind::rekey_failed).size(), 1U);
  EXPECT_EQ(network.a.handler.senders, std::vector{old});
  network.b.handler.refuse_installation = false;
  network.run(15s);
  EXPECT_NE(network.a.handler.senders, std::vector{old});
  expect_crosswise(network);
  end(network);
}

TEST(ChildRekey, OfWhatThePeerHasLostMakesANewOne) {
  Network network(8);
  configure(network);
  come_up(network);
  const ChildSaId old = network.a.handler.senders.back();
  // B deletes, and A hears nothing of it; its request comes from a window of its own.
  network.on_the_way = [](Datagram&) { return false; };
  network.b.stack->terminate_child(network.b.handler.senders.back(), network.now);
  network.collect();
  network.now += 1s;
  ASSERT_TRUE(network.a.stack->rekey_child(old, network.now));
  network.on_the_way = {};
  network.run(20s);
  EXPECT_EQ(network.a.handler.installed.size(), network.b.handler.installed.size());
  end(network);
}

//   A                                     B
//   CREATE_CHILD_SA(SA(SPI), Ni, KEi) ->
//                                      <- CREATE_CHILD_SA(SA(SPI), Nr, KEr)
//   INFORMATIONAL(D) on the old one ->
//                                      <- INFORMATIONAL
TEST(IkeRekey, TheChildSasMoveToTheNewOne) {
  for (const char* ike : {"aes256gcm16-prfsha256-x25519", "aes128-sha512-ecp384"}) {
    for (const bool by_initiator : {true, false}) {
      SCOPED_TRACE(std::string(ike) + (by_initiator ? " A" : " B"));
      Network network(9);
      configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
        add_second_child(a, b);
        a.proposals = b.proposals = {*parse_ike_proposal(ike)};
      });
      come_up(network);
      ASSERT_TRUE(network.a.stack->initiate("site", "other", network.now));
      network.run();
      Peer& one = by_initiator ? network.a : network.b;
      const IkeSaView before = one.stack->list().front();
      const auto installed = one.handler.installations;
      network.sent.clear();
      EXPECT_TRUE(one.stack->rekey_ike(before.id, network.now));
      EXPECT_FALSE(one.stack->rekey_ike(before.id, network.now));
      network.run();
      EXPECT_EQ(network.sent.size(), 4U);
      for (const Peer* peer : {&network.a, &network.b}) {
        ASSERT_EQ(peer->stack->list().size(), 1U);
        const IkeSaView view = peer->stack->list().front();
        EXPECT_EQ(view.state, IkeSaState::established);
        EXPECT_NE(view.initiator_spi, before.initiator_spi);
        EXPECT_NE(view.responder_spi, before.responder_spi);
        EXPECT_EQ(view.children.size(), 2U);
        EXPECT_EQ(view.initiator, peer == &one);
        EXPECT_FALSE(view.remote_id.data.empty());
        EXPECT_EQ(peer->of(Kind::ike_up).size(), 1U);
        EXPECT_EQ(peer->of(Kind::ike_rekeyed).size(), 1U);
        EXPECT_TRUE(peer->of(Kind::ike_down).empty());
        EXPECT_TRUE(peer->of(Kind::child_down).empty());
      }
      EXPECT_EQ(one.of(Kind::ike_rekeyed).front().replaced, before.id);
      EXPECT_EQ(one.handler.installations, installed);
      // The new one works for both, again and again.
      for (int i = 0; i < 3; ++i) {
        for (Peer* peer : {&network.a, &network.b}) {
          EXPECT_TRUE(peer->stack->rekey_child(peer->handler.senders.back(), network.now));
          network.run();
          EXPECT_TRUE(peer->stack->rekey_ike(peer->stack->list().front().id, network.now));
          network.run();
          expect_agreed(network);
          EXPECT_EQ(peer->handler.installed.size(), 2U);
        }
      }
      end(network);
      EXPECT_EQ(network.a.of(Kind::ike_down).size(), 1U);
      EXPECT_EQ(network.b.of(Kind::ike_down).size(), 1U);
    }
  }
}

TEST(IkeRekey, WithAnotherGroupThanBefore) {
  Network network(10);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    a.proposals = b.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-x25519-ecp256")};
  });
  come_up(network);
  // B's configuration changes. What is live keeps what it was made from: the group stays.
  ConnectionConfig changed = make_connection(network.b, network.a, false);
  changed.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-ecp256")};
  ASSERT_TRUE(network.b.stack->load_connection(changed));
  ASSERT_TRUE(network.a.stack->rekey_ike(network.a.stack->list().front().id, network.now));
  network.run();
  EXPECT_EQ(network.a.stack->list().front().proposal.groups, std::vector{Group::curve25519});
  expect_crosswise(network);
  end(network);
}

TEST(IkeRekey, WhatWaitsIsDoneOnTheNewOne) {
  Network network(11);
  configure(network, add_second_child);
  come_up(network);
  ASSERT_TRUE(network.a.stack->rekey_ike(network.a.stack->list().front().id, network.now));
  ASSERT_TRUE(network.a.stack->initiate("site", "other", network.now));
  ASSERT_TRUE(network.a.stack->terminate_child(network.a.handler.senders.front(), network.now));
  network.run();
  ASSERT_EQ(network.a.stack->list().size(), 1U);
  EXPECT_EQ(children_of(network.a).size(), 1U);
  EXPECT_EQ(children_of(network.a).front().name, "other");
  expect_agreed(network);
  end(network);
}

TEST(IkeRekey, ThenTheEndInTheMiddleOfIt) {
  for (int messages = 0; messages <= 4; ++messages) {
    for (const bool by_initiator : {true, false}) {
      SCOPED_TRACE(messages);
      Network network(12);
      configure(network);
      come_up(network);
      Peer& ending = by_initiator ? network.a : network.b;
      network.hold();
      ASSERT_TRUE(network.a.stack->rekey_ike(network.a.stack->list().front().id, network.now));
      network.collect();
      for (int i = 0; i < messages; ++i) {
        ASSERT_TRUE(network.deliver_held(i % 2 == 0 ? network.b : network.a));
      }
      for (const IkeSaView& view : ending.stack->list()) {
        ending.stack->terminate_ike(view.id, network.now);
      }
      network.release();
      network.run();
      EXPECT_EQ(network.a.of(Kind::ike_down).size(), 1U);
      EXPECT_EQ(network.b.of(Kind::ike_down).size(), 1U);
      expect_empty(network);
    }
  }
}

TEST(MessageIds, AreNotUsedTwice) {
  Limits limits;
  limits.rekey_message_id = 20;
  limits.last_message_id = 24;
  Network network(13, limits);
  configure(network);
  come_up(network);
  const std::uint64_t first_spi = network.a.stack->list().front().initiator_spi;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(network.a.stack->rekey_child(network.a.handler.senders.back(), network.now));
    network.run();
  }
  // Two messages each: it was replaced in time, and nothing was lost.
  EXPECT_NE(network.a.stack->list().front().initiator_spi, first_spi);
  EXPECT_EQ(network.a.stack->list().size(), 1U);
  EXPECT_EQ(network.a.counter("message_ids_used_up"), 0U);
  expect_crosswise(network);
  end(network);
}

// Were it not replaced in time, it would end rather than begin with the IDs again.
TEST(MessageIds, EndTheIkeSaWhenTheyAreUsedUp) {
  for (const bool by_initiator : {true, false}) {
    Limits limits;
    limits.rekey_message_id = 1000;
    limits.last_message_id = 24;
    Network network(14, limits);
    configure(network);
    come_up(network);
    Peer& busy = by_initiator ? network.a : network.b;
    std::uint32_t highest = 0;
    network.on_the_way = [&](Datagram& datagram) {
      highest = std::max(highest, load_be32(datagram.message, 20));
      return true;
    };
    for (int i = 0; i < 40 && !busy.stack->list().empty(); ++i) {
      busy.stack->rekey_child(busy.handler.senders.back(), network.now);
      network.run();
    }
    EXPECT_EQ(highest, limits.last_message_id - 1);
    EXPECT_EQ(network.a.counter("message_ids_used_up"), 1U);
    EXPECT_EQ(network.b.counter("message_ids_used_up"), 1U);
    EXPECT_NE(busy.of(Kind::ike_down).front().reason.find("message IDs"), std::string::npos);
    expect_empty(network);
  }
}

// A peer that keeps no more Child SAs than it has (RFC 7296 sections 1.3 and 2.8): what it refuses to replace
// is replaced together with its IKE SA.
struct Refused : testing::Test {
  Network network{1, [] {
                    Limits limits;
                    limits.max_children = 1;
                    return limits;
                  }()};
  bool ever_without = false;

  void come_up_watched() {
    come_up(network);
    network.on_the_way = [this](Datagram& /*datagram*/) {
      ever_without =
          ever_without || network.a.handler.installed.empty() || network.b.handler.installed.empty();
      return true;
    };
  }
  void expect_one_new(IkeSaId before) {
    ASSERT_EQ(network.a.stack->list().size(), 1U);
    ASSERT_EQ(network.b.stack->list().size(), 1U);
    EXPECT_NE(network.a.stack->list().front().id, before);
    expect_crosswise(network);
    EXPECT_FALSE(ever_without);
  }
};

TEST_F(Refused, ChildSaIsReplacedWithItsIkeSa) {
  configure(network);
  come_up_watched();
  const IkeSaView before = network.a.stack->list().front();
  EXPECT_TRUE(network.a.stack->rekey_child(before.children.front().id, network.now));
  network.run(2min);
  expect_one_new(before.id);
  ASSERT_EQ(network.a.of(Kind::rekey_failed).size(), 1U);
  EXPECT_NE(
      network.a.of(Kind::rekey_failed).front().reason.find("NO_ADDITIONAL_SAS; another IKE SA is begun"),
      std::string::npos);
  EXPECT_EQ(network.b.counter("no_additional_sas"), 1U);
}

TEST_F(Refused, ByTheResponderToo) {
  configure(network);
  come_up_watched();
  const IkeSaView before = network.a.stack->list().front();
  EXPECT_TRUE(network.b.stack->rekey_child(network.b.stack->list().front().children.front().id, network.now));
  network.run(2min);
  expect_one_new(before.id);
  EXPECT_TRUE(network.b.stack->list().front().initiator);
}

TEST_F(Refused, BothAtOnceMakeOne) {
  configure(network);
  come_up_watched();
  const IkeSaView before = network.a.stack->list().front();
  EXPECT_TRUE(network.a.stack->rekey_child(before.children.front().id, network.now));
  EXPECT_TRUE(network.b.stack->rekey_child(network.b.stack->list().front().children.front().id, network.now));
  network.run(5min);
  expect_one_new(before.id);
}

TEST_F(Refused, TheOldOneStaysUntilTheNewOneWorks) {
  configure(network);
  come_up_watched();
  const IkeSaView before = network.a.stack->list().front();
  network.b.stack->load_shared_secrets(make_secrets("another secret"));
  EXPECT_TRUE(network.a.stack->rekey_child(before.children.front().id, network.now));
  network.run(3s);
  ASSERT_EQ(network.a.stack->list().size(), 1U);
  EXPECT_EQ(network.a.stack->list().front().id, before.id);
  EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
  expect_crosswise(network);
  // It is tried again, and works in the end.
  network.b.stack->load_shared_secrets(make_secrets());
  network.run(2min);
  expect_one_new(before.id);
}

TEST(RefusedWithTwo, BothChildrenMove) {
  Limits limits;
  limits.max_children = 2;
  Network network(2, limits);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    for (ConnectionConfig* connection : {&a, &b}) {
      ChildConfig second = connection->children.front();
      second.name = "net2";
      for (TrafficSelector* selector : {&second.local_ts.front(), &second.remote_ts.front()}) {
        selector->protocol = 17;
      }
      connection->children.push_back(second);
    }
  });
  come_up(network);
  ASSERT_TRUE(network.a.stack->initiate("site", "net2", network.now));
  network.run(1min);
  const IkeSaView before = network.a.stack->list().front();
  ASSERT_EQ(before.children.size(), 2U);
  EXPECT_TRUE(network.a.stack->rekey_child(before.children.front().id, network.now));
  EXPECT_TRUE(network.a.stack->rekey_child(before.children.back().id, network.now));
  network.run(2min);
  ASSERT_EQ(network.a.stack->list().size(), 1U);
  const IkeSaView after = network.a.stack->list().front();
  EXPECT_NE(after.id, before.id);
  ASSERT_EQ(after.children.size(), 2U);
  EXPECT_NE(after.children.front().name, after.children.back().name);
  expect_agreed(network);
}

}  // namespace
}  // namespace espgate::ike::test
