// Handshakes that must not come up, or not whole: who says what, and that nothing is left behind.
#include <gtest/gtest.h>

#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;

void expect_failed_with(const Network& network, std::string_view reason) {
  const auto failed = network.a.of(Kind::initiate_failed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_NE(failed.front().reason.find(reason), std::string::npos) << failed.front().reason;
  EXPECT_TRUE(network.a.of(Kind::ike_up).empty());
  expect_empty(network);
}

TEST(Refusal, WrongSecret) {
  Network network(1);
  configure(network);
  network.b.stack->load_shared_secrets(make_secrets("another secret"));
  come_up(network);
  expect_failed_with(network, "AUTHENTICATION_FAILED");
  EXPECT_EQ(network.b.counter("authentication_failed"), 1U);
  ASSERT_EQ(network.b.of(Kind::peer_rejected).size(), 1U);
  EXPECT_TRUE(network.b.of(Kind::ike_up).empty());
  EXPECT_EQ(network.b.handler.installations, 0U);
}

TEST(Refusal, NoSecretAtTheResponder) {
  Network network(2);
  configure(network);
  network.b.stack->load_shared_secrets({});
  come_up(network);
  expect_failed_with(network, "AUTHENTICATION_FAILED");
  EXPECT_EQ(network.b.counter("secret_missing"), 1U);
}

TEST(Refusal, UnknownIdentityAtTheResponder) {
  Network network(3);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.remote_id = *Identity::parse("c.example.org");
  });
  come_up(network);
  expect_failed_with(network, "AUTHENTICATION_FAILED");
  EXPECT_EQ(network.b.counter("identity_refused"), 1U);
}

TEST(Refusal, WantedIdentityIsNotTheResponders) {
  Network network(4);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& /*b*/) {
    a.remote_id = *Identity::parse("c.example.org");
  });
  std::vector<SharedSecret> secrets(1);
  secrets.front().value = Secret(Bytes(16, 1));
  network.a.stack->load_shared_secrets(std::move(secrets));
  come_up(network);
  expect_failed_with(network, "AUTHENTICATION_FAILED");
}

//   A                                            B
//   IKE_AUTH ->                               <- IKE_AUTH(IDr of another)
//   INFORMATIONAL(N(AUTHENTICATION_FAILED)) -> <- INFORMATIONAL()
TEST(Refusal, InitiatorDoesNotAcceptTheResponder) {
  Network network(5);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& /*b*/) { a.remote_id = {}; });
  // A's secret fits A and B but not the other way round: B's proof cannot be checked at A.
  network.a.stack->load_shared_secrets([] {
    std::vector<SharedSecret> secrets(2);
    secrets[0].owners = {*Identity::parse("192.0.2.2")};
    secrets[0].value = Secret(ByteView(reinterpret_cast<const std::uint8_t*>("a secret only for tests"), 23));
    secrets[1].owners = {*Identity::parse("b.example.org")};
    secrets[1].value = Secret(Bytes(16, 2));
    return secrets;
  }());
  come_up(network);
  expect_failed_with(network, "does not prove");
  EXPECT_EQ(network.a.handler.installations, 0U);
  ASSERT_EQ(network.b.of(Kind::ike_down).size(), 1U);
  EXPECT_NE(network.b.of(Kind::ike_down).front().reason.find("AUTHENTICATION_FAILED"), std::string::npos);
}

TEST(Refusal, NoCommonIkeProposal) {
  Network network(6);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.proposals = {*parse_ike_proposal("aes128gcm16-prfsha384-x25519")};
  });
  come_up(network);
  expect_failed_with(network, "NO_PROPOSAL_CHOSEN");
  EXPECT_GE(network.b.counter("no_proposal_chosen"), 1U);
  EXPECT_EQ(network.a.handler.installations, 0U);
}

TEST(Refusal, NoConnectionForTheAddresses) {
  Network network(7);
  configure(network);
  network.b.stack->unload_connection("site");
  come_up(network);
  expect_failed_with(network, "NO_PROPOSAL_CHOSEN");
  EXPECT_GE(network.b.counter("no_connection"), 1U);
}

// RFC 7296 section 2.21.1: an error in IKE_SA_INIT is not authenticated; a genuine answer still wins.
TEST(Refusal, ForgedErrorDoesNotStopTheHandshake) {
  Network network(8);
  configure(network);
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  network.collect();
  const Datagram request = network.sent.front();
  Bytes forged(request.message.begin(), request.message.begin() + 8);
  const Bytes rest{0, 0, 0, 0, 0, 0,  0, 0, 41, 0x20, 34, 0x20, 0, 0,
                   0, 0, 0, 0, 0, 36, 0, 0, 0,  8,    0,  0,    0, 14};
  forged.insert(forged.end(), rest.begin(), rest.end());
  network.inject(network.a, {request.local, request.remote, forged});
  network.run();
  expect_crosswise(network);
}

//   A                                 B
//   IKE_SA_INIT(KE x25519) ->
//                                  <- N(INVALID_KE_PAYLOAD, ecp384)
//   IKE_SA_INIT(KE ecp384) ->      <- IKE_SA_INIT(...)
TEST(Groups, WrongGuessIsTriedAgain) {
  Network network(9);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    a.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-x25519-ecp256-ecp384")};
    b.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-ecp384")};
  });
  come_up(network);
  expect_crosswise(network);
  EXPECT_EQ(network.sent.size(), 6U);
  EXPECT_EQ(network.b.counter("group_mismatch"), 1U);
  EXPECT_EQ(network.a.stack->list().front().proposal.groups, std::vector{Group::ecp_384});
}

TEST(Groups, AResponderThatAlwaysWantsAnotherIsNotFollowedForEver) {
  Network network(10);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& /*b*/) {
    a.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-x25519-ecp256-ecp384")};
  });
  std::uint8_t group = 0;
  network.on_the_way = [&](Datagram& datagram) {
    if (datagram.remote.address == network.b.address || datagram.message.size() < 36) {
      return false;
    }
    // In B's place: names each group in turn, and some that were never offered.
    const std::uint8_t groups[] = {19, 20, 31, 14};
    Bytes answer(datagram.message.begin(), datagram.message.begin() + 8);
    const Bytes rest{0, 0, 0, 0, 0,  0, 0, 0, 41, 0x20, 34, 0x20, 0,  0, 0,
                     0, 0, 0, 0, 38, 0, 0, 0, 10, 0,    0,  0,    17, 0, groups[group++ % 4]};
    answer.insert(answer.end(), rest.begin(), rest.end());
    network.a.stack->receive({datagram.remote, datagram.local, answer}, network.now);
    return false;
  };
  come_up(network);
  EXPECT_EQ(network.a.of(Kind::initiate_failed).size(), 1U);
  expect_empty(network);
  EXPECT_LT(network.sent.size(), 20U);
}

TEST(Selectors, AreNarrowedToWhatBothWant) {
  Network network(11);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    a.children.front().local_ts = {*TrafficSelector::parse("10.1.0.0/16")};
    a.children.front().remote_ts = {*TrafficSelector::parse("10.0.0.0/8")};
    b.children.front().local_ts = {*TrafficSelector::parse("10.2.0.0/24[tcp]")};
    b.children.front().remote_ts = {*TrafficSelector::parse("10.1.7.0/24")};
  });
  come_up(network);
  expect_crosswise(network);
  const ChildSa& child = network.a.handler.installed.begin()->second;
  EXPECT_EQ(child.local_ts.front().to_string(), "10.1.7.0/24");
  EXPECT_EQ(child.remote_ts.front().to_string(), "10.2.0.0/24[tcp]");
}

// The IKE SA stays, without a Child SA (RFC 7296 section 2.21.2).
void expect_childless(Network& network, std::string_view reason) {
  for (const Peer* peer : {&network.a, &network.b}) {
    ASSERT_EQ(peer->stack->list().size(), 1U);
    EXPECT_EQ(peer->stack->list().front().state, IkeSaState::established);
    EXPECT_TRUE(peer->stack->list().front().children.empty());
    EXPECT_TRUE(peer->handler.installed.empty());
    EXPECT_TRUE(peer->handler.reserved.empty());
    EXPECT_EQ(peer->of(Kind::ike_up).size(), 1U);
  }
  const auto failed = network.a.of(Kind::initiate_failed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().child, "net");
  EXPECT_NE(failed.front().reason.find(reason), std::string::npos) << failed.front().reason;
  network.b.stack->shut_down(network.now);
  network.run();
  expect_empty(network);
}

TEST(Child, NoCommonSelectors) {
  Network network(12);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.children.front().local_ts = {*TrafficSelector::parse("172.16.0.0/12")};
  });
  come_up(network);
  EXPECT_EQ(network.b.counter("child_ts_unacceptable"), 1U);
  expect_childless(network, "TS_UNACCEPTABLE");
}

TEST(Child, NoCommonProposal) {
  Network network(13);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.children.front().proposals = {*parse_esp_proposal("aes128gcm16-esn")};
  });
  come_up(network);
  EXPECT_EQ(network.b.counter("child_no_proposal"), 1U);
  expect_childless(network, "NO_PROPOSAL_CHOSEN");
}

TEST(Child, RefusedByTheRespondersDataPath) {
  Network network(14);
  configure(network);
  network.b.handler.refuse_installation = true;
  come_up(network);
  ASSERT_EQ(network.b.of(Kind::peer_rejected).size(), 1U);
  EXPECT_NE(network.b.of(Kind::peer_rejected).front().reason.find("the test refuses"), std::string::npos);
  expect_childless(network, "NO_PROPOSAL_CHOSEN");
}

TEST(Child, NoSpiAtTheResponder) {
  Network network(15);
  configure(network);
  network.b.handler.refuse_allocation = true;
  come_up(network);
  expect_childless(network, "NO_PROPOSAL_CHOSEN");
}

//   A                          B
//   IKE_AUTH ->             <- IKE_AUTH      (A cannot install)
//   INFORMATIONAL(D ESP) -> <- INFORMATIONAL(D ESP)
TEST(Child, RefusedByTheInitiatorsDataPath) {
  Network network(16);
  configure(network);
  network.a.handler.refuse_installation = true;
  come_up(network);
  EXPECT_EQ(network.b.handler.installations, 1U);
  EXPECT_EQ(network.b.of(Kind::child_down).size(), 1U);
  expect_childless(network, "the test refuses");
}

TEST(Child, NoSpiAtTheInitiator) {
  Network network(17);
  configure(network);
  network.a.handler.refuse_allocation = true;
  come_up(network);
  expect_failed_with(network, "the test has no SPI");
  EXPECT_EQ(network.b.counter("half_open_expired"), 1U);
}

TEST(Child, TransportModeNeedsBothSides) {
  for (const bool both : {true, false}) {
    SCOPED_TRACE(both);
    Network network(18);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      a.children.front().transport_mode = true;
      b.children.front().transport_mode = both;
    });
    come_up(network);
    if (both) {
      expect_crosswise(network);
      EXPECT_TRUE(network.a.handler.installed.begin()->second.transport_mode);
      EXPECT_TRUE(network.b.handler.installed.begin()->second.transport_mode);
    } else {
      expect_childless(network, "does not fit");
    }
  }
}

}  // namespace
}  // namespace espgate::ike::test
