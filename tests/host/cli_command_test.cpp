// The command line against a server that answers as the daemon does.
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "cli/command_line.h"
#include "temp_dir.h"
#include "vici/server.h"

namespace espgate::host::cli {
namespace {

using vici::Call;
using Json = nlohmann::json;
using vici::Message;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

class CliCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = vici::Server::open(m_io, m_socket);
    ASSERT_TRUE(server) << server.error().message;
    m_server = std::move(*server);
    m_server->add_event("list-sa");
    m_server->add_command("list-sas", [](const Message&, const std::shared_ptr<Call>& call) {
      call->stream("list-sa",
                   [sent = false]() mutable -> std::optional<Message> {
                     if (std::exchange(sent, true)) {
                       return std::nullopt;
                     }
                     Message event;
                     event.section("site").set("uniqueid", "1").section("child-sas");
                     return event;
                   },
                   {});
    });
    for (const char* name : {"initiate", "terminate", "rekey", "espgate-reload", "policy-lookup"}) {
      m_server->add_command(name, [this](const Message& request, const std::shared_ptr<Call>& call) {
        m_request = request;
        call->respond(m_answer);
      });
    }
    m_server->start();
    m_thread = std::thread([this] { m_io.run(); });
  }
  void TearDown() override {
    asio::post(m_io, [this] { m_server.reset(); });
    m_thread.join();
  }

  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", m_socket});
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::run(std::move(arguments), out, err);
    return {code, out.str(), err.str()};
  }

  TempDir m_dir;
  std::string m_socket = m_dir.path("s.vici");
  asio::io_context m_io;
  std::unique_ptr<vici::Server> m_server;
  std::thread m_thread;
  Message m_request;
  Message m_answer;
};

TEST_F(CliCommand, ListsInTextAndJson) {
  Outcome outcome = run({"list-sas"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out.substr(0, 9), "site: #1,");
  outcome = run({"list-sas", "--json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(Json::parse(outcome.out)["ike_sas"][0]["id"], 1);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CliCommand, InitiatesWithTheKeysOfVici) {
  m_answer.set("success", "yes").set("ike-id", "4").set("child-id", "5");
  Outcome outcome = run({"initiate", "--child", "net", "--ike", "site", "--timeout", "10"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "initiate completed: IKE SA #4, Child SA #5\n");
  EXPECT_EQ(m_request, Message().set("child", "net").set("ike", "site").set("timeout", "10000"));
  outcome = run({"initiate", "--child", "net", "--json"});
  EXPECT_EQ(Json::parse(outcome.out).dump(), R"({"child_id":5,"ike_id":4,"success":true})");
  EXPECT_EQ(m_request, Message().set("child", "net"));
}

TEST_F(CliCommand, TerminatesWithTheKeysOfVici) {
  m_answer.set("success", "yes").set("matches", "2").set("terminated", "2");
  Outcome outcome = run({"terminate", "--ike", "site", "--child", "net"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "terminate completed: 2 of 2 SAs\n");
  EXPECT_EQ(m_request, Message().set("ike", "site").set("child", "net"));
  outcome = run({"terminate", "--ike-id", "3", "--timeout", "1"});
  EXPECT_EQ(m_request, Message().set("ike-id", "3").set("timeout", "1000"));
  outcome = run({"terminate", "--child-id", "9"});
  EXPECT_EQ(m_request, Message().set("child-id", "9"));
}

TEST_F(CliCommand, RekeysWithTheKeysOfVici) {
  m_answer.set("success", "yes").set("matches", "2");
  Outcome outcome = run({"rekey", "--child", "net"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "rekey begun: 2 SAs\n");
  EXPECT_EQ(m_request, Message().set("child", "net"));
  outcome = run({"rekey", "--ike-id", "7", "--json"});
  EXPECT_EQ(Json::parse(outcome.out).dump(), R"({"matches":2,"success":true})");
  EXPECT_EQ(m_request, Message().set("ike-id", "7"));
}

TEST_F(CliCommand, InitiatesAnIkeSaAlone) {
  m_answer.set("success", "yes").set("ike-id", "4").set("child-id", "0");
  EXPECT_EQ(run({"initiate", "--ike", "site"}).code, 0);
  EXPECT_EQ(m_request, Message().set("ike", "site"));
}

TEST_F(CliCommand, AsksWhichPolicyAPacketHits) {
  m_answer.set("success", "yes").set("verdict", "protect").set("reason", "matched");
  m_answer.set("explanation", "'site.net' is the first entry that matches").set("entry", "site.net");
  m_answer.set("position", "2").set("selector", "10.1.0.0/24 => 10.2.0.0/24");
  Outcome outcome = run({"policy-lookup", "--src", "10.1.0.1", "--dst", "10.2.0.1", "--proto", "6", "--sport",
                         "1", "--dport", "443"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "protect: 'site.net' is the first entry that matches\n"
            "  entry site.net, position 2: 10.1.0.0/24 => 10.2.0.0/24\n");
  EXPECT_EQ(m_request, Message()
                           .set("dir", "out")
                           .set("src", "10.1.0.1")
                           .set("dst", "10.2.0.1")
                           .set("proto", "6")
                           .set("sport", "1")
                           .set("dport", "443"));
  m_answer = Message().set("success", "yes").set("verdict", "discard").set("reason", "no-entry");
  m_answer.set("explanation", "no entry matches");
  outcome = run({"policy-lookup", "--src", "10.1.0.1", "--dst", "10.2.0.1", "--proto", "1", "--icmp-type",
                 "3", "--icmp-code", "4", "--inbound", "--json"});
  EXPECT_EQ(Json::parse(outcome.out).dump(),
            R"({"entry":null,"explanation":"no entry matches","position":null,"reason":"no-entry",)"
            R"("selector":null,"verdict":"discard"})");
  EXPECT_EQ(m_request.value("dir"), "in");
  EXPECT_EQ(m_request.value("icmp-type"), "3");
  EXPECT_EQ(m_request.value("icmp-code"), "4");
  EXPECT_EQ(run({"policy-lookup", "--src", "10.1.0.1"}).code, 2);
}

TEST_F(CliCommand, SaysWhyTheDaemonRefused) {
  m_answer.set("success", "no").set("errmsg", "the configuration is refused").set_list("errors", {"a", "b"});
  const Outcome outcome = run({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "espgate: reload failed: the configuration is refused\n  a\n  b\n");
}

TEST_F(CliCommand, TellsFailureFromWrongUsage) {
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"nonsense"}).code, 2);
  EXPECT_EQ(run({"initiate"}).code, 2);
  EXPECT_EQ(run({"terminate"}).code, 2);
  EXPECT_EQ(run({"rekey"}).code, 2);
  EXPECT_EQ(run({"terminate", "--ike-id", "x"}).code, 2);
  EXPECT_EQ(run({"initiate", "--child", "net", "--timeout", "0"}).code, 2);
  EXPECT_EQ(run({"--help"}).code, 0);
  const Outcome outcome = run({"--socket", m_dir.path("nowhere"), "list-sas"});
  EXPECT_EQ(outcome.code, 2);  // --socket twice
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(cli::run({"list-sas", "--socket", m_dir.path("nowhere")}, out, err), 1);
  EXPECT_EQ(err.str(), "espgate: cannot reach espgated at " + m_dir.path("nowhere") +
                           ": No such file or directory; is it running?\n");
}

}  // namespace
}  // namespace espgate::host::cli
