// Two stacks come up, carry, and go down again.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;

// Both sides have one Child SA, and what one sends with the other receives with.
void expect_crosswise(const Network& network) {
  ASSERT_EQ(network.a.handler.installed.size(), 1U);
  ASSERT_EQ(network.b.handler.installed.size(), 1U);
  const ChildSa& a = network.a.handler.installed.begin()->second;
  const ChildSa& b = network.b.handler.installed.begin()->second;
  EXPECT_EQ(a.inbound_spi, b.outbound_spi);
  EXPECT_EQ(a.outbound_spi, b.inbound_spi);
  EXPECT_FALSE(a.inbound_key.empty());
  EXPECT_EQ(to_hex(a.inbound_key.view()), to_hex(b.outbound_key.view()));
  EXPECT_EQ(to_hex(a.outbound_key.view()), to_hex(b.inbound_key.view()));
  EXPECT_NE(to_hex(a.outbound_key.view()), to_hex(a.inbound_key.view()));
  EXPECT_EQ(to_hex(a.inbound_integrity_key.view()), to_hex(b.outbound_integrity_key.view()));
  EXPECT_EQ(to_hex(a.outbound_integrity_key.view()), to_hex(b.inbound_integrity_key.view()));
  EXPECT_EQ(a.esn, b.esn);
  EXPECT_EQ(a.proposal, b.proposal);
  EXPECT_EQ(a.local_ts, b.remote_ts);
  EXPECT_EQ(a.remote_ts, b.local_ts);
  EXPECT_EQ(a.udp_encapsulation, b.udp_encapsulation);
}

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
  EXPECT_TRUE(network.a.is_empty());
  EXPECT_TRUE(network.b.is_empty());
}

}  // namespace
}  // namespace espgate::ike::test
