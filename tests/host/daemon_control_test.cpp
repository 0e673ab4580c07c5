// The commands of the control socket, on two gateways that talk IKE with each other.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "control_fixture.h"
#include "vici/packet.h"
#include "vici/socket_path.h"

namespace espgate::host::daemon {
namespace {

TEST_F(DaemonControl, InitiatesListsAndTerminates) {
  Message answer =
      request("initiate", Message().set("child", "net").set("ike", "site").set("timeout", "20000"));
  EXPECT_EQ(answer.value("success"), "yes") << answer.value("errmsg");
  EXPECT_EQ(answer.value("ike-id"), "1");
  EXPECT_EQ(answer.value("child-id"), "1");

  const std::vector<Message> sas = listing("list-sas", "list-sa");
  ASSERT_EQ(sas.size(), 1U);
  const Message& ike = *sas.front().find_section("site");
  EXPECT_EQ(ike.elements().back().name, "child-sas");
  EXPECT_EQ(ike.value("state"), "ESTABLISHED");
  EXPECT_EQ(ike.value("initiator"), "yes");
  EXPECT_EQ(ike.value("local-host"), "192.0.2.1");
  EXPECT_EQ(ike.value("remote-id"), "192.0.2.2");
  EXPECT_EQ(ike.value("encr-alg"), "AES_GCM_16");
  EXPECT_EQ(ike.value("encr-keysize"), "128");
  EXPECT_EQ(ike.value("prf-alg"), "PRF_HMAC_SHA2_256");
  EXPECT_EQ(ike.value("dh-group"), "CURVE_25519");
  EXPECT_EQ(ike.value("initiator-spi").size(), 16U);
  EXPECT_EQ(ike.find("nat-local"), nullptr);
  const Message* child = ike.find_section("child-sas")->find_section("net-1");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->value("state"), "INSTALLED");
  EXPECT_EQ(child->value("mode"), "TUNNEL");
  EXPECT_EQ(child->value("reqid"), "1");
  EXPECT_EQ(child->value("spi-in").size(), 8U);
  EXPECT_EQ(child->value("esn"), "1");
  EXPECT_EQ(child->find("encap"), nullptr);
  EXPECT_EQ(child->value("packets-in"), "0");
  EXPECT_EQ(child->value("offload"), "engine software");
  EXPECT_EQ(*child->find_list("local-ts"), std::vector<std::string>{"10.1.0.0/24"});

  // Up already: answered at once.
  answer = request("initiate", Message().set("child", "net"));
  EXPECT_EQ(answer.value("success"), "yes");
  EXPECT_EQ(answer.value("ike-id"), "1");

  EXPECT_TRUE(listing("list-sas", "list-sa", Message().set("ike", "other")).empty());
  EXPECT_TRUE(listing("list-sas", "list-sa", Message().set("child-id", "2")).empty());
  EXPECT_EQ(listing("list-sas", "list-sa", Message().set("child", "net").set("ike-id", "1")).size(), 1U);

  answer = request("terminate", Message().set("ike", "site").set("timeout", "20000"));
  EXPECT_EQ(answer.value("success"), "yes") << answer.value("errmsg");
  EXPECT_EQ(answer.value("matches"), "1");
  EXPECT_EQ(answer.value("terminated"), "1");
  EXPECT_TRUE(listing("list-sas", "list-sa").empty());
  on_loop([&] { EXPECT_TRUE(m_pair->b.ike.stack().list().empty()); });
}

TEST_F(DaemonControl, RekeysAndAnnouncesIt) {
  ASSERT_EQ(request("initiate", Message().set("child", "net").set("timeout", "20000")).value("success"),
            "yes");
  auto watcher = Client::connect(m_pair->path("s.vici"));
  ASSERT_TRUE(watcher->register_event("child-rekey"));
  ASSERT_TRUE(watcher->register_event("ike-rekey"));
  std::map<std::string, Message> seen;
  const auto note = [&](const std::string& name, const Message& message) { seen[name] = message; };
  auto answer = watcher->request("rekey", Message().set("child", "net"), note);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->value("success"), "yes");
  EXPECT_EQ(answer->value("matches"), "1");
  // The exchanges run on the loop; each question lets them.
  for (int i = 0; i < 1000 && !seen.contains("child-rekey"); ++i) {
    ASSERT_TRUE(watcher->request("version", {}, note));
  }
  ASSERT_TRUE(seen.contains("child-rekey"));
  const Message* child =
      seen["child-rekey"].find_section("site")->find_section("child-sas")->find_section("net");
  EXPECT_NE(child->find_section("old"), nullptr);
  EXPECT_NE(child->find_section("new"), nullptr);
  ASSERT_EQ(request("rekey", Message().set("ike", "site")).value("success"), "yes");
  for (int i = 0; i < 1000 && !seen.contains("ike-rekey"); ++i) {
    ASSERT_TRUE(watcher->request("version", {}, note));
  }
  ASSERT_TRUE(seen.contains("ike-rekey"));
  EXPECT_NE(seen["ike-rekey"].find_section("site")->find_section("new"), nullptr);
  const std::vector<Message> sas = listing("list-sas", "list-sa", Message().set("child", "net"));
  ASSERT_FALSE(sas.empty());
  const Message& ike = *sas.back().find_section("site");
  EXPECT_NE(ike.value("rekey-time"), "");
  EXPECT_EQ(ike.find("reauth-time"), nullptr);
  const Message& live = *ike.find_section("child-sas");
  const Message& listed = *live.find_section(live.elements().back().name);
  EXPECT_NE(listed.value("rekey-time"), "");
  EXPECT_NE(listed.value("life-time"), "");
}

TEST_F(DaemonControl, InitiatesAnIkeSaAlone) {
  const Message answer = request("initiate", Message().set("ike", "site").set("timeout", "20000"));
  EXPECT_EQ(answer.value("success"), "yes") << answer.value("errmsg");
  const std::vector<Message> sas = listing("list-sas", "list-sa");
  ASSERT_EQ(sas.size(), 1U);
  EXPECT_TRUE(sas.front().find_section("site")->find_section("child-sas")->empty());
  // A child follows on the same IKE SA.
  EXPECT_EQ(request("initiate", Message().set("child", "net").set("timeout", "20000")).value("ike-id"), "1");
}

TEST_F(DaemonControl, TerminatesAChildOnly) {
  ASSERT_EQ(request("initiate", Message().set("child", "net")).value("success"), "yes");
  const Message answer = request("terminate", Message().set("child-id", "1").set("timeout", "20000"));
  EXPECT_EQ(answer.value("success"), "yes") << answer.value("errmsg");
  const std::vector<Message> sas = listing("list-sas", "list-sa");
  ASSERT_EQ(sas.size(), 1U);
  EXPECT_TRUE(sas.front().find_section("site")->find_section("child-sas")->empty());
}

TEST_F(DaemonControl, SaysWhatIsWrongWithARequest) {
  const auto error = [&](const std::string& command, const Message& message) {
    const Message answer = request(command, message);
    EXPECT_EQ(answer.value("success"), "no");
    return std::string(answer.value("errmsg"));
  };
  EXPECT_EQ(error("initiate", Message().set("child", "nothing")), "no connection has a child 'nothing'");
  EXPECT_EQ(error("initiate", Message().set("child", "net").set("ike", "nobody")),
            "there is no connection 'nobody'");
  EXPECT_EQ(error("initiate", Message().set("child", "x").set("ike", "site")),
            "connection 'site' has no child 'x'");
  EXPECT_EQ(error("initiate", {}), "what to initiate: one of child and ike is needed");
  EXPECT_EQ(error("rekey", {}), "which SAs: one of ike, child, ike-id and child-id is needed");
  EXPECT_EQ(error("rekey", Message().set("ike", "site").set("reauth", "yes")),
            "reauth: not supported by this version: reauthentication");
  EXPECT_EQ(error("rekey", Message().set("ike", "site")),
            "no SA matches that is up and not being replaced or deleted already");
  EXPECT_EQ(error("initiate", Message().set("child", "net").set("timeout", "soon")),
            "timeout: 'soon' is not a number");
  EXPECT_EQ(error("initiate", Message().set("child", "net").set("init-limits", "yes")),
            "init-limits: not supported by this version");
  EXPECT_EQ(error("terminate", {}), "which SAs: one of ike, child, ike-id and child-id is needed");
  EXPECT_EQ(error("terminate", Message().set("ike", "site")), "no SA matches");
  EXPECT_EQ(error("terminate", Message().set("ike-id", "-1")), "ike-id: '-1' is not a number");
  EXPECT_EQ(error("terminate", Message().set("ike", "site").set("force", "yes")).substr(0, 36),
            "force: not supported by this version");
}

TEST_F(DaemonControl, GivesUpWaitingWhenTheTimeIsOver) {
  on_loop([&] { m_pair->network_up = false; });
  Message answer = request("initiate", Message().set("child", "net").set("timeout", "50"));
  EXPECT_EQ(answer.value("success"), "no");
  EXPECT_EQ(answer.value("errmsg"), "child 'net' is not up after 50 ms; IKE goes on trying");
  const std::vector<Message> sas = listing("list-sas", "list-sa");
  ASSERT_EQ(sas.size(), 1U);
  EXPECT_EQ(sas.front().find_section("site")->value("state"), "CONNECTING");
  EXPECT_EQ(request("initiate", Message().set("child", "net").set("timeout", "-1")).value("success"), "yes");
}

TEST_F(DaemonControl, SaysWhyInitiatingFailed) {
  stop();
  PairConfig b = config_b();
  b.secret = "another one";
  start(b);
  const Message answer = request("initiate", Message().set("child", "net").set("timeout", "20000"));
  EXPECT_EQ(answer.value("success"), "no");
  EXPECT_NE(answer.value("errmsg").find("AUTHENTICATION_FAILED"), std::string::npos)
      << answer.value("errmsg");
}

TEST_F(DaemonControl, ListsConnections) {
  const std::vector<Message> conns = listing("list-conns", "list-conn");
  ASSERT_EQ(conns.size(), 1U);
  const Message& site = *conns.front().find_section("site");
  EXPECT_EQ(*site.find_list("local_addrs"), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(site.value("version"), "IKEv2");
  EXPECT_EQ(site.find_section("local-1")->value("class"), "pre-shared key");
  const Message& net = *site.find_section("children")->find_section("net");
  EXPECT_EQ(net.value("mode"), "TUNNEL");
  EXPECT_EQ(net.value("hw_offload"), "auto");
  EXPECT_EQ(*net.find_list("esp_proposals"), std::vector<std::string>{"aes128gcm16-esn"});
  EXPECT_EQ(*request("get-conns").find_list("conns"), std::vector<std::string>{"site"});
  EXPECT_TRUE(listing("list-conns", "list-conn", Message().set("ike", "other")).empty());
}

TEST_F(DaemonControl, ShowsStatisticsWithEveryVerdictOfADirection) {
  ASSERT_EQ(request("initiate", Message().set("child", "net")).value("success"), "yes");
  const Message answer = request("stats");
  EXPECT_EQ(answer.find_section("ikesas")->value("total"), "1");
  EXPECT_EQ(answer.find_section("engine")->value("name"), "software");
  EXPECT_EQ(answer.find_section("engine")->find("cycles"), nullptr);
  const Message& out = *answer.find_section("engine-outbound")->find_section("verdicts");
  const Message& in = *answer.find_section("engine-inbound")->find_section("verdicts");
  EXPECT_EQ(out.value("ok"), "0");
  EXPECT_EQ(out.value("lease_exhausted"), "0");
  EXPECT_EQ(out.find("icv_failed"), nullptr);
  EXPECT_EQ(in.value("icv_failed"), "0");
  EXPECT_EQ(in.value("unknown_spi"), "0");
  EXPECT_EQ(in.find("lease_exhausted"), nullptr);
  EXPECT_EQ(answer.find_section("verdict-texts")->elements().size(), driver::verdict_count);
  EXPECT_FALSE(answer.find_section("policy")->empty());
  EXPECT_FALSE(answer.find_section("ike")->empty());
  EXPECT_EQ(answer.find_section("io")->find_section("tun")->value("tun_write_failed"), "3");
  const std::vector<Message> children = listing("stats", "stats-child");
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children.front().value("name"), "site.net");
  EXPECT_EQ(children.front().value("next-sequence"), "1");
}

TEST_F(DaemonControl, AnnouncesWhatGoesUpAndDown) {
  auto watcher = Client::connect(m_pair->path("s.vici"));
  ASSERT_TRUE(watcher->register_event("child-updown"));
  ASSERT_TRUE(watcher->register_event("ike-updown"));
  std::vector<std::string> seen;
  ASSERT_TRUE(watcher->request("initiate", Message().set("child", "net"),
                               [&](const std::string& name, const Message& message) {
                                 seen.push_back(name + (message.value("up") == "yes" ? " up" : " down"));
                                 EXPECT_NE(message.find_section("site"), nullptr);
                               }));
  ASSERT_TRUE(watcher->request("terminate", Message().set("ike", "site"),
                               [&](const std::string& name, const Message& message) {
                                 seen.push_back(name + (message.value("up") == "yes" ? " up" : " down"));
                               }));
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<std::string>{"child-updown down", "child-updown up", "ike-updown down",
                                            "ike-updown up"}));
}

TEST_F(DaemonControl, ReloadsOrSaysWhatIsWrong) {
  Message answer = request("espgate-reload");
  EXPECT_EQ(answer.value("success"), "yes");
  EXPECT_EQ(answer.value("children"), "1");
  PairConfig bad = config_a();
  bad.child_extra = "colour = red";
  m_pair->rewrite_a(bad);
  answer = request("reload-settings");
  EXPECT_EQ(answer.value("success"), "no");
  EXPECT_EQ(
      *answer.find_list("errors"),
      std::vector<std::string>{m_pair->path_a() + ":13: connections.site.children.net.colour: unknown key"});
  EXPECT_EQ(request("get-conns").find_list("conns")->size(), 1U);
}

TEST_F(DaemonControl, TellsItsVersion) {
  const Message answer = request("version");
  EXPECT_EQ(answer.value("daemon"), "espgated");
  EXPECT_FALSE(answer.value("version").empty());
  EXPECT_EQ(answer.value("sysname"), "Linux");
}

TEST_F(DaemonControl, ForgetsAWaitWhoseClientIsGone) {
  on_loop([&] { m_pair->network_up = false; });
  const auto waiting = [&] {
    std::size_t count = 0;
    on_loop([&] { count = m_control->waiting(); });
    return count;
  };
  const auto address = *vici::socket_address(m_pair->path("s.vici"));
  const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const Bytes initiate =
      *vici::encode_segment({vici::PacketType::command_request, "initiate", Message().set("child", "net")});
  ASSERT_EQ(::send(client, initiate.data(), initiate.size(), 0), static_cast<ssize_t>(initiate.size()));
  while (waiting() == 0) {
    std::this_thread::yield();
  }
  ::close(client);
  // Any input to the stack is an occasion to look.
  while (waiting() != 0) {
    on_loop([&] { m_pair->a.ike.settle(); });
  }
  EXPECT_EQ(request("version").value("daemon"), "espgated");
}

TEST_F(DaemonControl, SaysWhichPolicyAPacketHits) {
  const auto ask = [this](std::vector<std::pair<const char*, const char*>> keys) {
    Message message;
    message.set("src", "10.1.0.5").set("dst", "10.2.0.7").set("proto", "17");
    for (const auto& [key, value] : keys) {
      message.set(key, value);
    }
    return request("policy-lookup", message);
  };
  Message answer = ask({{"sport", "1000"}, {"dport", "2000"}});
  EXPECT_EQ(answer.value("success"), "yes");
  EXPECT_EQ(answer.value("verdict"), "protect");
  EXPECT_EQ(answer.value("reason"), "matched");
  EXPECT_EQ(answer.value("entry"), "site.net");
  EXPECT_EQ(answer.value("position"), "1");
  EXPECT_EQ(answer.value("selector"), "10.1.0.0/24 => 10.2.0.0/24");
  answer = ask({{"dst", "10.3.0.1"}});
  EXPECT_EQ(answer.value("verdict"), "discard");
  EXPECT_EQ(answer.value("reason"), "no-entry");
  // The same packet in the clear from outside.
  answer = ask({{"src", "10.2.0.7"}, {"dst", "10.1.0.5"}, {"dir", "in"}});
  EXPECT_EQ(answer.value("verdict"), "discard");
  EXPECT_EQ(answer.value("reason"), "clear");
  EXPECT_EQ(answer.value("entry"), "site.net");
  EXPECT_EQ(ask({{"proto", "1"}, {"icmp-type", "8"}}).value("verdict"), "protect");
}

TEST_F(DaemonControl, SaysWhatIsWrongWithAPolicyQuestion) {
  const auto refused = [this](const char* key, const char* value) {
    Message message;
    message.set("src", "10.1.0.5").set("dst", "10.2.0.7").set("proto", "17").set(key, value);
    const Message answer = request("policy-lookup", message);
    EXPECT_EQ(answer.value("success"), "no") << key << " " << value;
    return std::string(answer.value("errmsg"));
  };
  EXPECT_NE(refused("src", "here").find("src: 'here'"), std::string::npos);
  EXPECT_NE(refused("dst", "::1").find("one family"), std::string::npos);
  EXPECT_NE(refused("proto", "256").find("0 to 255"), std::string::npos);
  EXPECT_NE(refused("proto", "tcp").find("'tcp'"), std::string::npos);
  EXPECT_NE(refused("sport", "65536").find("65535"), std::string::npos);
  EXPECT_NE(refused("sport", "1").find("go together"), std::string::npos);
  EXPECT_NE(refused("icmp-type", "8").find("protocol 17 has none"), std::string::npos);
  EXPECT_NE(refused("dir", "up").find("'up'"), std::string::npos);
}

}  // namespace
}  // namespace espgate::host::daemon
