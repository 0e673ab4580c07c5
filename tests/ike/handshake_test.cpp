// Two stacks come up, carry, and go down again.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;

//   A                                   B
//   IKE_SA_INIT(SA, KE, Ni, N(NATD)) ->
//                                    <- IKE_SA_INIT(SA, KE, Nr, N(NATD))
//   IKE_AUTH(IDi, IDr, AUTH, SA, TS) ->
//                                    <- IKE_AUTH(IDr, AUTH, SA, TS)
TEST(Handshake, ComesUpInFourMessages) {
  Network network(1);
  configure(network);
  const auto id = network.a.stack->initiate("site", "net", network.now);
  ASSERT_TRUE(id) << id.error().message;
  network.run();
  EXPECT_EQ(network.sent.size(), 4U);
  expect_crosswise(network);

  const auto views = network.a.stack->list();
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views.front().state, IkeSaState::established);
  EXPECT_TRUE(views.front().initiator);
  EXPECT_EQ(views.front().remote_id.to_string(), "b.example.org");
  EXPECT_EQ(to_string(views.front().proposal), "aes256gcm16-prfsha256-x25519");
  EXPECT_FALSE(views.front().nat_local);
  EXPECT_FALSE(views.front().nat_remote);
  const ChildSa& child = network.a.handler.installed.begin()->second;
  EXPECT_TRUE(child.esn);
  EXPECT_FALSE(child.udp_encapsulation);
  EXPECT_EQ(child.inbound_key.size(), 36U);
  EXPECT_EQ(child.local_ts.front().to_string(), "10.1.0.0/24");
  EXPECT_EQ(network.a.of(Kind::ike_up).size(), 1U);
  EXPECT_EQ(network.b.of(Kind::ike_up).size(), 1U);
  EXPECT_EQ(network.a.of(Kind::child_up).size(), 1U);
  EXPECT_EQ(network.b.of(Kind::child_up).size(), 1U);

  ASSERT_TRUE(network.a.stack->terminate_ike(*id, network.now));
  network.run();
  expect_empty(network);
}

TEST(Handshake, EverySuiteAndGroup) {
  for (const auto& [ike, esp] : {std::pair("aes128gcm16-prfsha256-ecp256", "aes128gcm16-esn"),
                                 {"aes256-sha256-ecp384", "aes256gcm16-noesn"},
                                 {"aes128-sha384-x25519", "aes128-sha256-noesn"},
                                 {"aes192-sha512-ecp256", "aes256-sha512-esn"},
                                 {"aes128gcm8-prfaescmac-x448", "aes128gmac-esn"},
                                 {"aes256gcm12-prfsha512-ecp521", "aes128gcm8-noesn"},
                                 {"chacha20poly1305-prfsha384-x448", "chacha20poly1305-esn"},
                                 {"aes256ctr-aescmac-modp2048", "aes192ctr-aesxcbc-esn"},
                                 {"aes128-aescmac-prfaescmac-modp3072", "null-aescmac-noesn"},
                                 {"aes128-sha1-modp4096", "aes128-sha1-noesn"},
                                 {"aes128gcm16-prfsha256-modp6144", "aes256ccm12-esn"},
                                 {"aes128gcm16-prfsha256-modp8192", "aes128ccm8-esn"},
                                 {"aes256gcm16-prfsha256-x25519", "ah:sha256-esn"},
                                 {"aes256gcm16-prfsha256-x25519", "ah:aescmac-noesn"},
                                 {"default", "default"}}) {
    SCOPED_TRACE(ike);
    Network network(7);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      for (ConnectionConfig* connection : {&a, &b}) {
        const std::string_view text(esp);
        connection->proposals = {*parse_ike_proposal(ike)};
        connection->children.front().proposals = {text.starts_with("ah:") ? *parse_ah_proposal(text.substr(3))
                                                                          : *parse_esp_proposal(text)};
      }
    });
    const IkeSaId id = come_up(network);
    expect_crosswise(network);
    network.a.stack->terminate_ike(id, network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(Handshake, IntegrityKeysComeWithCbc) {
  Network network(8);
  configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
    a.children.front().proposals = b.children.front().proposals = {*parse_esp_proposal("aes256-sha512-esn")};
  });
  come_up(network);
  expect_crosswise(network);
  EXPECT_EQ(network.a.handler.installed.begin()->second.inbound_key.size(), 32U);
  EXPECT_EQ(network.a.handler.installed.begin()->second.inbound_integrity_key.size(), 64U);
}

// Sizes by RFC: 3-byte salts with AES-CCM, 4-byte ones with AES-CTR, GMAC and ChaCha20-Poly1305, none with
// AH.
TEST(Handshake, KeysAreAsLongAsTheAlgorithmsTake) {
  struct Case {
    Expected<EspProposal> proposal;
    std::size_t key;
    std::size_t integrity_key;
  };
  const Case cases[] = {
      {parse_esp_proposal("aes128ccm16"), 19, 0},
      {parse_esp_proposal("aes256gcm8"), 36, 0},
      {parse_esp_proposal("chacha20poly1305"), 36, 0},
      {parse_esp_proposal("aes192gmac"), 28, 0},
      {parse_esp_proposal("aes256ctr-sha384"), 36, 48},
      {parse_esp_proposal("null-sha1"), 0, 20},
      {parse_ah_proposal("aesxcbc"), 0, 16},
  };
  for (const Case& c : cases) {
    Network network(8);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      a.children.front().proposals = b.children.front().proposals = {c.proposal.value()};
    });
    come_up(network);
    ASSERT_EQ(network.a.handler.installed.size(), 1U);
    ASSERT_EQ(network.b.handler.installed.size(), 1U);
    const ChildSa& a = network.a.handler.installed.begin()->second;
    const ChildSa& b = network.b.handler.installed.begin()->second;
    EXPECT_EQ(a.inbound_key.size(), c.key);
    EXPECT_EQ(a.outbound_integrity_key.size(), c.integrity_key);
    EXPECT_EQ(to_hex(a.inbound_key.view()), to_hex(b.outbound_key.view()));
    EXPECT_EQ(to_hex(a.outbound_integrity_key.view()), to_hex(b.inbound_integrity_key.view()));
  }
}

// RFC 7296 section 3.11: the SPIs of AH are deleted as AH's.
TEST(Handshake, AhIsDeletedAsAh) {
  Network network(8);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    a.children.front().proposals = b.children.front().proposals = {*parse_ah_proposal("sha256")};
  });
  come_up(network);
  ASSERT_EQ(network.a.handler.installed.size(), 1U);
  network.a.stack->terminate_child(network.a.handler.installed.begin()->first, network.now);
  network.run();
  EXPECT_TRUE(network.a.handler.installed.empty());
  EXPECT_TRUE(network.b.handler.installed.empty());
  EXPECT_EQ(network.b.of(Kind::child_down).size(), 1U);
}

TEST(Handshake, EsnIsNegotiated) {
  Network network(9);
  configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
    a.children.front().proposals = {*parse_esp_proposal("aes256gcm16-esn-noesn")};
    b.children.front().proposals = {*parse_esp_proposal("aes256gcm16-noesn")};
  });
  come_up(network);
  expect_crosswise(network);
  EXPECT_FALSE(network.a.handler.installed.begin()->second.esn);
}

// IKE_SA_INIT is paid for, then the responder deletes.
TEST(Delete, OfTheIkeSaByTheResponder) {
  Network network(10);
  configure(network);
  come_up(network);
  const IkeSaId id = network.b.stack->list().front().id;
  EXPECT_TRUE(network.b.stack->terminate_ike(id, network.now));
  EXPECT_EQ(network.b.stack->list().front().state, IkeSaState::deleting);
  network.run();
  expect_empty(network);
  ASSERT_EQ(network.a.of(Kind::ike_down).size(), 1U);
  EXPECT_EQ(network.a.of(Kind::ike_down).front().reason, "deleted by the peer");
  EXPECT_EQ(network.b.of(Kind::ike_down).front().reason, "terminated by request");
  EXPECT_EQ(network.a.of(Kind::child_down).size(), 1U);
  EXPECT_EQ(network.b.of(Kind::child_down).size(), 1U);
  EXPECT_FALSE(network.b.stack->terminate_ike(id, network.now));
}

TEST(Delete, OfTheChildLeavesTheIkeSa) {
  for (const bool by_initiator : {true, false}) {
    SCOPED_TRACE(by_initiator);
    Network network(11);
    configure(network);
    const IkeSaId id = come_up(network);
    Peer& peer = by_initiator ? network.a : network.b;
    const ChildSaId child = peer.handler.installed.begin()->first;
    EXPECT_TRUE(peer.stack->terminate_child(child, network.now));
    network.run();
    for (const Peer* side : {&network.a, &network.b}) {
      EXPECT_TRUE(side->handler.installed.empty());
      ASSERT_EQ(side->stack->list().size(), 1U);
      EXPECT_EQ(side->stack->list().front().state, IkeSaState::established);
      EXPECT_TRUE(side->stack->list().front().children.empty());
      EXPECT_EQ(side->of(Kind::child_down).size(), 1U);
    }
    EXPECT_FALSE(peer.stack->terminate_child(child, network.now));
    network.a.stack->terminate_ike(id, network.now);
    network.run();
    expect_empty(network);
  }
}

//   A                      B
//   INFORMATIONAL(D) ->  <- INFORMATIONAL(D)
TEST(Delete, FromBothSidesAtOnce) {
  for (const bool whole : {true, false}) {
    Network network(12);
    configure(network);
    come_up(network);
    for (Peer* peer : {&network.a, &network.b}) {
      const IkeSaView view = peer->stack->list().front();
      if (whole) {
        peer->stack->terminate_ike(view.id, network.now);
      } else {
        peer->stack->terminate_child(view.children.front().id, network.now);
      }
    }
    network.run();
    EXPECT_TRUE(network.a.handler.installed.empty());
    EXPECT_TRUE(network.b.handler.installed.empty());
    if (!whole) {
      EXPECT_EQ(network.a.stack->list().size(), 1U);
      network.a.stack->shut_down(network.now);
      network.run();
    }
    expect_empty(network);
  }
}

TEST(ShutDown, DeletesEverythingAndAcceptsNothing) {
  Network network(13);
  configure(network);
  come_up(network);
  network.a.stack->shut_down(network.now);
  EXPECT_FALSE(network.a.stack->initiate("site", "net", network.now));
  network.run();
  expect_empty(network);
  EXPECT_TRUE(network.b.stack->initiate("site", "net", network.now));
  network.run();
  expect_empty(network);
  EXPECT_GT(network.a.counter("shutting_down"), 0U);
  EXPECT_EQ(network.b.of(Kind::initiate_failed).size(), 1U);
}

TEST(ShutDown, InTheMiddleOfTheHandshake) {
  for (int messages = 0; messages <= 4; ++messages) {
    SCOPED_TRACE(messages);
    Network network(14);
    configure(network);
    ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
    network.on_the_way = [&, left = messages](Datagram&) mutable { return left-- > 0; };
    network.deliver();
    network.on_the_way = {};
    network.a.stack->shut_down(network.now);
    network.run();
    EXPECT_TRUE(network.a.is_empty());
    network.b.stack->shut_down(network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(Initiate, ReturnsWhatIsUpOrComingUp) {
  Network network(15);
  configure(network);
  const auto first = network.a.stack->initiate("site", "net", network.now);
  const auto second = network.a.stack->initiate("site", "net", network.now);
  network.run();
  const auto third = network.a.stack->initiate("site", "net", network.now);
  EXPECT_EQ(first.value(), second.value());
  EXPECT_EQ(first.value(), third.value());
  EXPECT_EQ(network.a.stack->list().size(), 1U);
}

TEST(Initiate, SaysWhatIsMissing) {
  Network network(16);
  configure(network);
  const auto error = [&](const char* connection, const char* child) {
    const auto started = network.a.stack->initiate(connection, child, network.now);
    return started ? std::string() : started.error().message;
  };
  EXPECT_NE(error("nope", "net").find("no connection 'nope'"), std::string::npos);
  EXPECT_NE(error("site", "nope").find("no child 'nope'"), std::string::npos);
  network.a.stack->load_shared_secrets({});
  EXPECT_NE(error("site", "net").find("no shared secret for 'a.example.org' and 'b.example.org'"),
            std::string::npos);
  ConnectionConfig roaming = make_connection(network.a, network.b, true);
  roaming.remote_addresses.clear();
  ASSERT_TRUE(network.a.stack->load_connection(roaming));
  EXPECT_NE(error("site", "net").find("single remote address"), std::string::npos);
  EXPECT_TRUE(network.a.stack->list().empty());
}

// Both begin at the same time: two IKE SAs result, and INITIAL_CONTACT ends neither.
TEST(Initiate, FromBothSidesAtOnce) {
  Network network(17);
  configure(network);
  ASSERT_TRUE(network.a.stack->initiate("site", "net", network.now));
  ASSERT_TRUE(network.b.stack->initiate("site", "net", network.now));
  network.run();
  EXPECT_EQ(network.a.stack->list().size(), 2U);
  EXPECT_EQ(network.b.stack->list().size(), 2U);
  EXPECT_EQ(network.a.handler.installed.size(), 2U);
  EXPECT_EQ(network.b.handler.installed.size(), 2U);
  network.a.stack->shut_down(network.now);
  network.run();
  expect_empty(network);
}

// A has lost everything and comes again: B drops what it still has.
TEST(InitialContact, EndsWhatThePeerHasLost) {
  Network network(18);
  configure(network);
  come_up(network);
  network.a.stack = Stack::create(network.a.random, network.a.handler);
  EXPECT_TRUE(network.a.handler.installed.empty());
  ASSERT_TRUE(network.a.stack->load_connection(make_connection(network.a, network.b, true)));
  network.a.stack->load_shared_secrets(make_secrets());
  network.now += std::chrono::seconds(10);
  come_up(network);
  EXPECT_EQ(network.b.stack->list().size(), 1U);
  expect_crosswise(network);
  EXPECT_NE(network.b.of(Kind::ike_down).front().reason.find("INITIAL_CONTACT"), std::string::npos);
}

TEST(Connections, AreFoundByIdentityAmongThoseOfTheSameAddresses) {
  Network network(19);
  configure(network);
  // Loaded first at B, for the same addresses, but for somebody else.
  ConnectionConfig other = make_connection(network.b, network.a, false);
  other.name = "other";
  other.remote_id = *Identity::parse("c.example.org");
  network.b.stack->unload_connection("site");
  ASSERT_TRUE(network.b.stack->load_connection(other));
  ASSERT_TRUE(network.b.stack->load_connection(make_connection(network.b, network.a, false)));
  come_up(network);
  ASSERT_EQ(network.b.stack->list().size(), 1U);
  EXPECT_EQ(network.b.stack->list().front().connection, "site");
  EXPECT_EQ(network.b.stack->connections().size(), 2U);
}

TEST(Connections, AnyIdentityAndDynamicSelectors) {
  Network network(20);
  configure(network, [](ConnectionConfig& a, ConnectionConfig& b) {
    a.local_id = {};
    a.remote_id = {};
    b.local_id = {};
    b.remote_id = {};
    for (ConnectionConfig* connection : {&a, &b}) {
      connection->children.front().local_ts.clear();
      connection->children.front().remote_ts.clear();
    }
  });
  for (Peer* peer : {&network.a, &network.b}) {
    std::vector<SharedSecret> secrets(1);
    secrets.front().value = Secret(Bytes(16, 0x42));
    peer->stack->load_shared_secrets(std::move(secrets));
  }
  come_up(network);
  expect_crosswise(network);
  EXPECT_EQ(network.b.stack->list().front().remote_id.to_string(), "192.0.2.1");
  EXPECT_EQ(network.a.handler.installed.begin()->second.local_ts.front().to_string(), "192.0.2.1/32");
}

}  // namespace
}  // namespace espgate::ike::test
