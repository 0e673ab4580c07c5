#include "vici/server.h"

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "vici/connection.h"
#include "vici/socket_path.h"

namespace espgate::host::vici {
namespace {

using asio::local::stream_protocol;

// Out of descriptors: trying again at once would only burn the CPU.
constexpr auto accept_pause = std::chrono::milliseconds(200);

class UnixServer final : public Server, private ConnectionOwner {
 public:
  UnixServer(asio::io_context& io, ListeningSocket listening, const ServerLimits& limits)
      : m_limits(limits), m_file(std::move(listening)), m_acceptor(io), m_pause(io) {}
  UnixServer(const UnixServer&) = delete;
  UnixServer& operator=(const UnixServer&) = delete;

  ~UnixServer() override {
    *m_alive = false;
    // close() takes the connection out of the map.
    while (!m_connections.empty()) {
      const std::shared_ptr<Connection> connection = m_connections.begin()->second;
      connection->close();
    }
  }

  Expected<> adopt() {
    asio::error_code error;
    m_acceptor.assign(stream_protocol(), m_file.release_descriptor(), error);
    if (error) {
      return fail("cannot use the control socket: " + error.message());
    }
    return {};
  }

  void add_command(std::string name, Handler handler) override {
    m_commands[std::move(name)] = std::move(handler);
  }
  void add_event(std::string name) override { m_events.insert(std::move(name)); }
  void on_trouble(Trouble trouble) override { m_trouble = std::move(trouble); }
  void start() override { accept(); }

  bool is_wanted(const std::string& event) const override {
    return std::ranges::any_of(m_connections,
                               [&event](const auto& c) { return c.second->registered(event); });
  }

  void broadcast(const std::string& event, const Message& message) override {
    std::vector<std::shared_ptr<Connection>> receivers;
    for (const auto& [key, connection] : m_connections) {
      if (connection->registered(event)) {
        receivers.push_back(connection);
      }
    }
    for (const auto& connection : receivers) {
      connection->send({PacketType::event, event, message});
    }
  }

  const ServerCounters& counters() const override { return m_counters; }

 private:
  const Handler* find_command(const std::string& name) const override {
    const auto found = m_commands.find(name);
    return found == m_commands.end() ? nullptr : &found->second;
  }
  bool has_event(const std::string& name) const override { return m_events.contains(name); }
  std::size_t max_queued_bytes() const override { return m_limits.max_queued_bytes; }
  ServerCounters& counters() override { return m_counters; }
  void trouble(const std::string& what) override {
    if (m_trouble) {
      m_trouble(what);
    }
  }
  void closed(const void* connection) override { m_connections.erase(connection); }

  void accept() {
    m_acceptor.async_accept(
        [this, alive = m_alive](const asio::error_code& error, stream_protocol::socket socket) {
          if (!*alive || error == asio::error::operation_aborted) {
            return;
          }
          if (error) {
            trouble("the control socket cannot accept a client: " + error.message());
            m_pause.expires_after(accept_pause);
            m_pause.async_wait([this, alive](const asio::error_code& cancelled) {
              if (*alive && !cancelled) {
                accept();
              }
            });
            return;
          }
          admit(std::move(socket));
          accept();
        });
  }

  void admit(stream_protocol::socket socket) {
    if (m_connections.size() >= m_limits.max_connections) {
      ++m_counters.refused_connections;
      trouble("a client of the control socket is refused: too many are connected");
      return;
    }
    ++m_counters.connections;
    auto connection = std::make_shared<Connection>(std::move(socket), static_cast<ConnectionOwner&>(*this));
    m_connections.emplace(connection.get(), connection);
    connection->start();
  }

  ServerLimits m_limits;
  ListeningSocket m_file;
  stream_protocol::acceptor m_acceptor;
  asio::steady_timer m_pause;
  std::map<std::string, Handler> m_commands;
  std::set<std::string> m_events;
  Trouble m_trouble;
  ServerCounters m_counters;
  std::map<const void*, std::shared_ptr<Connection>> m_connections;
  // Shared with the handlers that asio may still call after the server is gone.
  std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace

Expected<std::unique_ptr<Server>> Server::open(asio::io_context& io, const std::string& path,
                                               const ServerLimits& limits) {
  auto listening = ListeningSocket::open(path);
  if (!listening) {
    return std::unexpected(listening.error());
  }
  auto server = std::make_unique<UnixServer>(io, std::move(*listening), limits);
  if (auto adopted = server->adopt(); !adopted) {
    return std::unexpected(adopted.error());
  }
  return server;
}

}  // namespace espgate::host::vici
