#include <gtest/gtest.h>

#include "daemon/configuration.h"
#include "gateway_pair.h"

namespace espgate::host::daemon {
namespace {

using Errors = config::ConfigErrors;
using RouteSet = std::multiset<std::string>;

TEST(DaemonConfiguration, PutsSpdRoutesAndConnectionsInForce) {
  GatewayPair pair;
  const auto loaded = pair.a.configuration.load();
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->connections, 1U);
  EXPECT_EQ(loaded->children, 1U);
  EXPECT_EQ(pair.a.routes.routes, RouteSet{"10.2.0.0/24"});
  ASSERT_EQ(pair.a.pump.data_path().spd().entries().size(), 1U);
  const offload::SpdEntry& entry = pair.a.pump.data_path().spd().entries().front();
  EXPECT_EQ(entry.name, "site.net");
  EXPECT_EQ(entry.action, offload::Action::protect);
  EXPECT_EQ(entry.selectors.front().remote.to_string(), "10.2.0.0/24");
  EXPECT_EQ(pair.a.ike.stack().connections().size(), 1U);
  EXPECT_EQ(pair.a.configuration.position("site", "net"), 1U);
  EXPECT_EQ(pair.a.configuration.position("site", "other"), 0U);
}

TEST(DaemonConfiguration, PassAndDropStandWhereTheFileHasThem) {
  PairConfig config = config_a();
  config.child_extra =
      "}\nblocked {\nmode = drop\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.2.0.0/16[tcp/25]\n}\n"
      "lan {\nmode = pass\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.5.0.0/24\nstart_action = trap\n}\n"
      "last {\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.6.0.0/24\nesp_proposals = aes128gcm16-esn";
  GatewayPair pair(config);
  const auto loaded = pair.a.configuration.load();
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->children, 2U) << "those that IKE knows";
  const auto& entries = pair.a.pump.data_path().spd().entries();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[1].name, "site.blocked");
  EXPECT_EQ(entries[1].action, offload::Action::discard);
  EXPECT_EQ(entries[1].selectors.front().remote_port_first, 25);
  EXPECT_EQ(entries[2].name, "site.lan");
  EXPECT_EQ(entries[2].action, offload::Action::bypass);
  EXPECT_EQ(entries[3].name, "site.last");
  EXPECT_EQ(pair.a.configuration.position("site", "net"), 1U);
  EXPECT_EQ(pair.a.configuration.position("site", "last"), 4U);
  EXPECT_EQ(pair.a.routes.routes, (RouteSet{"10.2.0.0/24", "10.6.0.0/24"})) << "none for what has no SAs";
}

// Each refusal must leave all as it was.
TEST(DaemonConfiguration, ARefusedReloadChangesNothing) {
  GatewayPair pair;
  ASSERT_TRUE(pair.a.configuration.load());
  const auto refuse = [&](const PairConfig& config, const std::string& expected) {
    pair.rewrite_a(config);
    const auto loaded = pair.a.configuration.load();
    ASSERT_FALSE(loaded) << expected;
    ASSERT_EQ(loaded.error().size(), 1U);
    EXPECT_NE(loaded.error().front().find(expected), std::string::npos) << loaded.error().front();
    EXPECT_EQ(pair.a.routes.routes, RouteSet{"10.2.0.0/24"});
    EXPECT_EQ(pair.a.ike.stack().connections().front().children.front().name, "net");
    EXPECT_EQ(pair.a.pump.data_path().spd().entries().front().selectors.front().remote.to_string(),
              "10.2.0.0/24");
  };
  PairConfig syntax = config_a();
  syntax.child_extra = "nonsense = 1";
  refuse(syntax, "a.conf:13: connections.site.children.net.nonsense: unknown key");
  PairConfig window = config_a();
  window.child_extra = "replay_window = 16";
  refuse(window,
         "connections.site.children.net: replay_window: 16: the software engine has windows of 32 to 2048 "
         "packets; 0 switches the check off; and the kernel cannot either: this test has none");
  PairConfig two = config_a();
  two.remote_ts = "10.3.0.0/24, 10.4.0.0/24";
  refuse(two, "exactly one local and one remote range");
  PairConfig looping = config_a();
  looping.child_extra = "}\nprinter {\nmode = pass\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.2.0.9/32";
  refuse(looping,
         "connections.site.children.printer: mode = pass: 10.2.0.9/32 overlaps with 10.2.0.0/24 of site.net, "
         "whose addresses are routed to the engine");
  PairConfig keyed = config_a();
  keyed.child_extra =
      "}\nspam {\nmode = drop\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.7.0.0/24\nhw_offload = no";
  refuse(keyed, "connections.site.children.spam.hw_offload: a child with mode = drop has no SAs");
  PairConfig elsewhere = config_a();
  elsewhere.here = "203.0.113.99";
  refuse(elsewhere, "connections.site.local_addrs: 203.0.113.99 is not an address of this host");
  PairConfig around_peer = config_a();
  around_peer.remote_ts = "192.0.2.0/24";
  refuse(around_peer, "cannot route 192.0.2.0/24");
}

TEST(DaemonConfiguration, NamesTheAlgorithmThatTheEngineLacks) {
  GatewayPair pair;
  PairConfig cbc = config_a();
  cbc.child_extra = "esp_proposals = aes256-sha256";
  pair.rewrite_a(cbc);
  const auto loaded = pair.a.configuration.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(
      loaded.error(),
      Errors{pair.path_a() +
             ":9: connections.site.children.net: esp_proposals: the software engine carries AES-GCM with a "
             "16-byte ICV, not AES_CBC; and the kernel cannot either: this test has none"});
}

TEST(DaemonConfiguration, StartsChildrenThatAreToBeStarted) {
  PairConfig starting = config_a();
  starting.child_extra = "start_action = start";
  GatewayPair pair(starting, config_b());
  ASSERT_TRUE(pair.b.configuration.load());
  ASSERT_TRUE(pair.a.configuration.load());
  pair.run_ready();
  ASSERT_EQ(pair.a.ike.stack().list().size(), 1U);
  EXPECT_EQ(pair.a.ike.stack().list().front().state, ike::IkeSaState::established);
  EXPECT_EQ(pair.b.pump.data_path().statistics()->children.size(), 1U);
  EXPECT_EQ(pair.b.pump.data_path().statistics()->children.front().name, "site.net");
}

TEST(DaemonConfiguration, AReloadDeletesSasThatItDoesNotAllowAndKeepsTheOthers) {
  PairConfig starting = config_a();
  starting.child_extra = "start_action = start";
  GatewayPair pair(starting, config_b());
  ASSERT_TRUE(pair.b.configuration.load());
  ASSERT_TRUE(pair.a.configuration.load());
  pair.run_ready();
  const auto children = [](TestGateway& gateway) {
    return gateway.pump.data_path().statistics()->children.size();
  };
  ASSERT_EQ(children(pair.a), 1U);

  // The same again, and a wider one: the SA stays.
  ASSERT_TRUE(pair.a.configuration.load());
  PairConfig wider = config_a();
  wider.remote_ts = "10.2.0.0/16";
  pair.rewrite_a(wider);
  ASSERT_TRUE(pair.a.configuration.load());
  pair.run_ready();
  EXPECT_EQ(children(pair.a), 1U);
  EXPECT_EQ(pair.a.routes.routes, RouteSet{"10.2.0.0/16"});

  PairConfig other = config_a();
  other.remote_ts = "10.9.0.0/24";
  pair.rewrite_a(other);
  ASSERT_TRUE(pair.a.configuration.load());
  pair.run_ready();
  EXPECT_EQ(children(pair.a), 0U);
  EXPECT_EQ(children(pair.b), 0U);
  EXPECT_EQ(pair.a.routes.routes, RouteSet{"10.9.0.0/24"});
}

}  // namespace
}  // namespace espgate::host::daemon
