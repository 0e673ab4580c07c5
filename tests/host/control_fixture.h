// The control socket of the first of two gateways that talk IKE with each other, in a thread of its own.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/control.h"
#include "gateway_pair.h"
#include "vici/client.h"

namespace espgate::host::daemon {

using vici::Client;
using vici::Message;

class DaemonControl : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }
  void start(const PairConfig& b_differs) {
    m_pair = b_differs.here.empty() ? std::make_unique<GatewayPair>()
                                    : std::make_unique<GatewayPair>(config_a(), b_differs);
    ASSERT_TRUE(m_pair->a.configuration.load());
    ASSERT_TRUE(m_pair->b.configuration.load());
    auto server = vici::Server::open(m_pair->io, m_pair->path("s.vici"));
    ASSERT_TRUE(server) << server.error().message;
    m_server = std::move(*server);
    m_control = std::make_unique<Control>(
        m_pair->io, *m_server,
        ControlParts{
            .ike = m_pair->a.ike,
            .carrier = m_pair->a.carrier,
            .configuration = m_pair->a.configuration,
            .io_counters = [] { return std::vector<IoCounters>{{"tun", {{"tun_write_failed", 3}}}}; }});
    m_pair->a.ike.on_event([this](const ike::Event& event) { m_control->on_event(event); });
    m_pair->a.ike.on_settled([this] { m_control->on_settled(); });
    m_server->start();
    m_thread = std::thread([this] {
      m_pair->io.restart();
      m_pair->io.run();
    });
  }
  void stop() {
    if (m_thread.joinable()) {
      asio::post(m_pair->io, [this] { m_pair->io.stop(); });
      m_thread.join();
    }
    m_control.reset();
    m_server.reset();
    m_pair.reset();
  }
  void TearDown() override { stop(); }

  Message request(const std::string& command, const Message& message = {}) {
    auto client = Client::connect(m_pair->path("s.vici"));
    auto answer =
        client ? client->request(command, message) : Expected<Message>(std::unexpected(client.error()));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Message();
  }
  std::vector<Message> listing(const std::string& command, const std::string& event,
                               const Message& message = {}) {
    std::vector<Message> events;
    auto client = Client::connect(m_pair->path("s.vici"));
    EXPECT_TRUE(client && client->register_event(event));
    EXPECT_TRUE(client->request(command, message, [&](const std::string& name, const Message& m) {
      EXPECT_EQ(name, event);
      events.push_back(m);
    }));
    return events;
  }
  // On the loop's thread, where the gateways live.
  template <typename Work>
  void on_loop(Work work) {
    std::atomic<bool> done = false;
    asio::post(m_pair->io, [&] {
      work();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }

  std::unique_ptr<GatewayPair> m_pair;
  std::unique_ptr<vici::Server> m_server;
  std::unique_ptr<Control> m_control;
  std::thread m_thread;
};

}  // namespace espgate::host::daemon
