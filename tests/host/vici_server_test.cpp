#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <thread>

#include "base/hex.h"
#include "temp_dir.h"
#include "vici/client.h"
#include "vici/server.h"
#include "vici/socket_path.h"

namespace espgate::host::vici {
namespace {

// A server on a thread of its own; everything that touches it runs there.
class ServerThread {
 public:
  ServerThread(const std::string& path, const ServerLimits& limits = {}) {
    auto opened = Server::open(m_io, path, limits);
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      return;
    }
    m_server = std::move(*opened);
    m_server->on_trouble([this](const std::string& what) { m_trouble.push_back(what); });
    m_server->add_event("tick");
    m_server->add_event("tock");
    m_server->add_command(
        "echo", [](const Message& request, const std::shared_ptr<Call>& call) { call->respond(request); });
    m_server->add_command("count", [](const Message& request, const std::shared_ptr<Call>& call) {
      const unsigned long last = std::stoul(std::string(request.value("to")));
      call->stream(
          "tick",
          [at = 0UL, last]() mutable -> std::optional<Message> {
            if (at == last) {
              return std::nullopt;
            }
            return Message().set_number("n", at++).set("pad", std::string(1000, 'x'));
          },
          Message().set("done", "yes"));
    });
    m_server->add_command("forget", [](const Message&, const std::shared_ptr<Call>&) {});
    m_server->add_command("later", [this](const Message&, const std::shared_ptr<Call>& call) {
      call->send_event("tick", Message().set("said", "wait"));
      asio::post(m_io, [call] {
        call->respond(Message().set("late", "yes"));
        call->respond(Message().set("late", "twice"));
      });
    });
    m_server->add_command("shout", [this](const Message& request, const std::shared_ptr<Call>& call) {
      for (unsigned long i = std::stoul(std::string(request.value("times"))); i > 0; --i) {
        m_server->broadcast("tock", Message().set("pad", std::string(1000, 'x')));
      }
      call->respond({});
    });
    m_server->start();
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  ~ServerThread() { stop(); }

  void run() {
    m_thread = std::thread([this] { m_io.run(); });
  }
  void stop() {
    if (m_thread.joinable()) {
      asio::post(m_io, [this] { m_server.reset(); });
      m_thread.join();
    }
    m_server.reset();
  }
  // After stop() only.
  const std::vector<std::string>& trouble() const { return m_trouble; }
  ServerCounters counters() {
    ServerCounters copy;
    std::atomic<bool> done = false;
    asio::post(m_io, [&] {
      copy = m_server->counters();
      done = true;
      done.notify_one();
    });
    done.wait(false);
    return copy;
  }

 private:
  asio::io_context m_io;
  std::unique_ptr<Server> m_server;
  std::vector<std::string> m_trouble;
  std::thread m_thread;
};

// A socket that sends what no client of ours would.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = *socket_address(path);
    // A server that does not answer fails the test; it does not stop it.
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    EXPECT_EQ(::setsockopt(m_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    EXPECT_EQ(::connect(m_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(m_fd); }

  void send(ByteView bytes) {
    EXPECT_EQ(::send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void send_hex(std::string_view hex) { send(*from_hex(hex)); }
  // All that comes until the server closes, in hex.
  std::string drain() {
    Bytes all;
    std::array<std::uint8_t, 4096> buffer{};
    ssize_t got = 0;
    while ((got = ::read(m_fd, buffer.data(), buffer.size())) > 0) {
      all.insert(all.end(), buffer.begin(), buffer.begin() + got);
    }
    return to_hex(all);
  }
  Bytes read(std::size_t count) {
    Bytes bytes(count);
    EXPECT_EQ(::recv(m_fd, bytes.data(), count, MSG_WAITALL), static_cast<ssize_t>(count));
    return bytes;
  }

 private:
  int m_fd;
};

class ViciServer : public ::testing::Test {
 protected:
  TempDir m_dir;
  std::string m_path = m_dir.path("run/s.vici");
};

TEST_F(ViciServer, AnswersCommandsAndNamesUnknownOnes) {
  ServerThread server(m_path);
  server.run();
  auto client = Client::connect(m_path);
  ASSERT_TRUE(client) << client.error().message;
  Message message;
  message.set("a", "b").section("c").set_list("d", {"e"});
  EXPECT_EQ(*client->request("echo", message), message);
  EXPECT_EQ(client->request("nonsense", {}).error().message,
            "espgated at " + m_path + " does not know the command 'nonsense'");
  EXPECT_EQ(*client->request("echo", {}), Message());
  EXPECT_EQ(client->register_event("nonsense").error().message,
            "espgated at " + m_path + " does not know the event 'nonsense'");
}

TEST_F(ViciServer, IsForItsUserOnly) {
  const ServerThread server(m_path);
  struct stat status{};
  ASSERT_EQ(::stat(m_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(m_dir.path("run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(ViciServer, StreamsEventsBeforeTheAnswer) {
  ServerThread server(m_path);
  server.run();
  auto client = Client::connect(m_path);
  // Without registration: the answer only.
  EXPECT_EQ(client->request("count", Message().set("to", "3"))->value("done"), "yes");
  ASSERT_TRUE(client->register_event("tick"));
  unsigned long seen = 0;
  // 10 MB: more than a connection may have in its queue.
  const auto answer = client->request("count", Message().set("to", "10000"),
                                      [&](const std::string& event, const Message& message) {
                                        EXPECT_EQ(event, "tick");
                                        EXPECT_EQ(message.value("n"), std::to_string(seen));
                                        ++seen;
                                      });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->value("done"), "yes");
  EXPECT_EQ(seen, 10000U);
}

TEST_F(ViciServer, AnswersLateAndOnce) {
  ServerThread server(m_path);
  server.run();
  auto client = Client::connect(m_path);
  ASSERT_TRUE(client->register_event("tick"));
  int events = 0;
  const auto on_event = [&](const std::string&, const Message& m) {
    events += m.value("said") == "wait" ? 1 : 100;
  };
  EXPECT_EQ(client->request("later", {}, on_event)->value("late"), "yes");
  EXPECT_EQ(client->request("later", {}, on_event)->value("late"), "yes");
  EXPECT_EQ(events, 2);
}

TEST_F(ViciServer, KeepsTheNextCommandUntilTheFirstIsAnswered) {
  ServerThread server(m_path);
  server.run();
  RawClient raw(m_path);
  const Bytes later = *encode_segment({PacketType::command_request, "later", {}});
  const Bytes echo = *encode_segment({PacketType::command_request, "echo", Message().set("k", "v")});
  Bytes both = later;
  both.insert(both.end(), echo.begin(), echo.end());
  both.insert(both.end(), echo.begin(), echo.end());
  raw.send(both);
  Bytes expected = *encode_segment({PacketType::command_response, {}, Message().set("late", "yes")});
  const Bytes echoed = *encode_segment({PacketType::command_response, {}, Message().set("k", "v")});
  expected.insert(expected.end(), echoed.begin(), echoed.end());
  expected.insert(expected.end(), echoed.begin(), echoed.end());
  EXPECT_EQ(to_hex(raw.read(expected.size())), to_hex(expected));
}

TEST_F(ViciServer, ClosesTheConnectionOfACallThatNobodyAnswers) {
  ServerThread server(m_path);
  server.run();
  auto client = Client::connect(m_path);
  EXPECT_EQ(client->request("forget", {}).error().message,
            "espgated at " + m_path + " closed the connection before it answered");
  EXPECT_TRUE(Client::connect(m_path)->request("echo", {}));
}

TEST_F(ViciServer, CutsOffClientsThatSendNonsense) {
  ServerThread server(m_path);
  server.run();
  for (const char* hex : {
           "00000000",                // a segment without bytes
           "00080001",                // longer than 512 KiB
           "0000000109",              // unknown packet type
           "0000000101",              // an answer from a client (and an empty message)
           "0000000700046563686f02",  // a section end too many
       }) {
    RawClient raw(m_path);
    raw.send_hex(hex);
    EXPECT_EQ(raw.drain(), "") << hex;
  }
  EXPECT_EQ(server.counters().malformed, 5U);
  EXPECT_TRUE(Client::connect(m_path)->request("echo", {}));
  server.stop();
  ASSERT_EQ(server.trouble().size(), 5U);
  EXPECT_EQ(
      server.trouble().back(),
      "a client of the control socket is cut off: vici message: the end of a section that was not opened");
}

TEST_F(ViciServer, TakesASegmentInPieces) {
  ServerThread server(m_path);
  server.run();
  RawClient raw(m_path);
  const Bytes echo = *encode_segment({PacketType::command_request, "echo", Message().set("k", "v")});
  for (const std::uint8_t byte : echo) {
    raw.send(ByteView(&byte, 1));
  }
  const Bytes expected = *encode_segment({PacketType::command_response, {}, Message().set("k", "v")});
  EXPECT_EQ(raw.read(expected.size()), expected);
}

TEST_F(ViciServer, RefusesConnectionsBeyondTheLimit) {
  ServerLimits limits;
  limits.max_connections = 2;
  ServerThread server(m_path, limits);
  server.run();
  auto first = Client::connect(m_path);
  auto second = Client::connect(m_path);
  ASSERT_TRUE(first->request("echo", {}));
  ASSERT_TRUE(second->request("echo", {}));
  RawClient third(m_path);
  EXPECT_EQ(third.drain(), "");
  EXPECT_EQ(server.counters().refused_connections, 1U);
  EXPECT_TRUE(first->request("echo", {}));
}

TEST_F(ViciServer, CutsOffAClientThatDoesNotRead) {
  ServerLimits limits;
  limits.max_queued_bytes = 100000;
  ServerThread server(m_path, limits);
  server.run();
  RawClient lazy(m_path);
  lazy.send(*encode_segment({PacketType::event_register, "tock", {}}));
  const Bytes confirm = *encode_segment({PacketType::event_confirm, {}, {}});
  EXPECT_EQ(lazy.read(confirm.size()), confirm);
  auto client = Client::connect(m_path);
  ASSERT_TRUE(client->request("shout", Message().set("times", "5000")));
  EXPECT_EQ(server.counters().slow_clients, 1U);
  EXPECT_TRUE(client->request("echo", {}));
}

TEST_F(ViciServer, RefusesASecondServerAndRemovesItsFile) {
  {
    ServerThread server(m_path);
    server.run();
    asio::io_context io;
    const auto second = Server::open(io, m_path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, "another daemon answers at the control socket '" + m_path +
                                          "': stop it, or choose another path with --socket");
    EXPECT_TRUE(Client::connect(m_path)->request("echo", {}));
  }
  EXPECT_FALSE(std::filesystem::exists(m_path));
}

TEST_F(ViciServer, ReplacesAStaleSocketButNothingElse) {
  ::mkdir(m_dir.path("run").c_str(), 0700);
  const auto address = *socket_address(m_path);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(m_path));
  {
    ServerThread server(m_path);
    server.run();
    EXPECT_TRUE(Client::connect(m_path)->request("echo", {}));
  }
  const std::string file = m_dir.write("run/file", "precious");
  asio::io_context io;
  EXPECT_EQ(Server::open(io, file).error().message,
            "'" + file + "' is there and is no socket: remove it, or choose another path with --socket");
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(ViciServer, SaysWhyAPathCannotBe) {
  asio::io_context io;
  EXPECT_FALSE(Server::open(io, ""));
  EXPECT_FALSE(Server::open(io, m_dir.path(std::string(200, 'x'))));
  EXPECT_EQ(Server::open(io, m_dir.path("no/such/s.vici")).error().message,
            "cannot make the folder '" + m_dir.path("no/such") +
                "' for the control socket: No such file or directory");
  EXPECT_EQ(Client::connect(m_path).error().message,
            "cannot reach espgated at " + m_path + ": No such file or directory; is it running?");
}

}  // namespace
}  // namespace espgate::host::vici
