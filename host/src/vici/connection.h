// One client of the vici server.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "vici/packet.h"
#include "vici/server.h"

namespace espgate::host::vici {

// What a connection needs of its server. The server outlives every connection's last callback, or has called
// close() on it.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // nullptr when there is no such command.
  virtual const Server::Handler* find_command(const std::string& name) const = 0;
  virtual bool has_event(const std::string& name) const = 0;
  virtual std::size_t max_queued_bytes() const = 0;
  virtual ServerCounters& counters() = 0;
  virtual void trouble(const std::string& what) = 0;
  virtual void closed(const void* connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::local::stream_protocol::socket socket, ConnectionOwner& owner);

  void start() { read_header(); }
  // No callback reaches the owner after it.
  void close();
  bool is_open() const { return m_owner != nullptr; }
  bool registered(const std::string& event) const { return m_events.contains(event); }

  void send(const Packet& packet);
  // Ends the command in flight.
  void answer(Message message);
  void stream(std::string event, Call::Next next, Message message);

 private:
  struct Stream {
    std::string event;
    Call::Next next;
    Message answer;
  };

  void read_header();
  void read_body(std::size_t length);
  void handle(Packet packet);
  void command(Packet& packet);
  void change_registration(const Packet& packet);
  void queue(Bytes segment);
  void write();
  void pull();
  void fail_with(const std::string& what);

  asio::local::stream_protocol::socket m_socket;
  ConnectionOwner* m_owner;  // nullptr once closed
  std::array<std::uint8_t, segment_header_bytes> m_header{};
  Bytes m_body;
  std::set<std::string> m_events;
  bool m_busy = false;              // a command is in flight
  std::optional<Packet> m_waiting;  // the next one; reading stops until its turn comes
  std::optional<Stream> m_stream;
  std::deque<Bytes> m_out;
  std::size_t m_out_bytes = 0;
};

}  // namespace espgate::host::vici
