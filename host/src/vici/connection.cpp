#include "vici/connection.h"

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <utility>

#include "base/secret.h"

namespace espgate::host::vici {
namespace {

// A stream is refilled up to here, so that a long list does not stand in memory as a whole.
constexpr std::size_t stream_window_bytes = std::size_t{64} * 1024;

class ConnectionCall final : public Call {
 public:
  explicit ConnectionCall(std::shared_ptr<Connection> connection) : m_connection(std::move(connection)) {}
  ConnectionCall(const ConnectionCall&) = delete;
  ConnectionCall& operator=(const ConnectionCall&) = delete;
  ~ConnectionCall() override {
    if (!m_done) {
      m_connection->close();
    }
  }

  void respond(Message message) override {
    if (!std::exchange(m_done, true)) {
      m_connection->answer(std::move(message));
    }
  }
  void stream(std::string event, Next next, Message answer) override {
    if (!std::exchange(m_done, true)) {
      m_connection->stream(std::move(event), std::move(next), std::move(answer));
    }
  }
  void send_event(const std::string& event, const Message& message) override {
    if (!m_done && m_connection->registered(event)) {
      m_connection->send({PacketType::event, event, message});
    }
  }
  bool gone() const override { return !m_connection->is_open(); }

 private:
  std::shared_ptr<Connection> m_connection;
  bool m_done = false;
};

}  // namespace

Connection::Connection(asio::local::stream_protocol::socket socket, ConnectionOwner& owner)
    : m_socket(std::move(socket)), m_owner(&owner) {}

void Connection::close() {
  ConnectionOwner* owner = std::exchange(m_owner, nullptr);
  if (owner == nullptr) {
    return;
  }
  asio::error_code ignored;
  m_socket.close(ignored);
  m_stream.reset();
  m_waiting.reset();
  owner->closed(this);
}

void Connection::fail_with(const std::string& what) {
  if (m_owner != nullptr) {
    ++m_owner->counters().malformed;
    m_owner->trouble("a client of the control socket is cut off: " + what);
  }
  close();
}

void Connection::read_header() {
  asio::async_read(m_socket, asio::buffer(m_header),
                   [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                     if (!self->is_open()) {
                       return;
                     }
                     if (error) {
                       self->close();
                       return;
                     }
                     const auto length = decode_segment_length(self->m_header);
                     if (!length) {
                       self->fail_with(length.error().message);
                       return;
                     }
                     self->read_body(*length);
                   });
}

void Connection::read_body(std::size_t length) {
  m_body.resize(length);
  asio::async_read(m_socket, asio::buffer(m_body),
                   [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                     if (!self->is_open()) {
                       return;
                     }
                     if (error) {
                       self->close();
                       return;
                     }
                     auto packet = decode_packet(self->m_body);
                     espgate::wipe(self->m_body);
                     self->m_body = {};
                     if (!packet) {
                       self->fail_with(packet.error().message);
                       return;
                     }
                     self->handle(std::move(*packet));
                     if (self->is_open() && !self->m_waiting) {
                       self->read_header();
                     }
                   });
}

void Connection::handle(Packet packet) {
  switch (packet.type) {
    case PacketType::command_request:
      if (m_busy) {
        m_waiting = std::move(packet);
      } else {
        command(packet);
      }
      return;
    case PacketType::event_register:
    case PacketType::event_unregister:
      change_registration(packet);
      return;
    case PacketType::command_response:
    case PacketType::command_unknown:
    case PacketType::event_confirm:
    case PacketType::event_unknown:
    case PacketType::event:
      fail_with("it sent a packet that only a server sends");
      return;
  }
}

void Connection::command(Packet& packet) {
  ++m_owner->counters().commands;
  const Server::Handler* handler = m_owner->find_command(packet.name);
  if (handler == nullptr) {
    send({PacketType::command_unknown, {}, {}});
    return;
  }
  m_busy = true;
  (*handler)(packet.message, std::make_shared<ConnectionCall>(shared_from_this()));
  packet.message.wipe();
}

void Connection::change_registration(const Packet& packet) {
  if (!m_owner->has_event(packet.name)) {
    send({PacketType::event_unknown, {}, {}});
    return;
  }
  if (packet.type == PacketType::event_register) {
    m_events.insert(packet.name);
  } else {
    m_events.erase(packet.name);
  }
  send({PacketType::event_confirm, {}, {}});
}

void Connection::send(const Packet& packet) {
  if (!is_open()) {
    return;
  }
  auto segment = encode_segment(packet);
  if (!segment) {
    // Ours, not the client's, mistake; it must not wait for an answer that does not come.
    m_owner->trouble("an answer cannot be sent: " + segment.error().message);
    close();
    return;
  }
  if (m_out_bytes + segment->size() > m_owner->max_queued_bytes()) {
    ++m_owner->counters().slow_clients;
    m_owner->trouble("a client of the control socket is cut off: it does not read what it asked for");
    close();
    return;
  }
  queue(std::move(*segment));
}

void Connection::answer(Message message) {
  send({PacketType::command_response, {}, std::move(message)});
  m_busy = false;
  if (!is_open() || !m_waiting) {
    return;
  }
  // Not from within the handler that has just answered.
  asio::post(m_socket.get_executor(), [self = shared_from_this()] {
    if (self->is_open() && self->m_waiting && !self->m_busy) {
      Packet next = std::move(*self->m_waiting);
      self->m_waiting.reset();
      self->command(next);
      if (self->is_open()) {
        self->read_header();
      }
    }
  });
}

void Connection::stream(std::string event, Call::Next next, Message message) {
  if (!is_open()) {
    return;
  }
  if (!registered(event)) {
    answer(std::move(message));
    return;
  }
  m_stream = Stream{std::move(event), std::move(next), std::move(message)};
  pull();
}

void Connection::pull() {
  while (m_stream && m_out_bytes < stream_window_bytes) {
    std::optional<Message> message = m_stream->next();
    if (!message) {
      Message last = std::move(m_stream->answer);
      m_stream.reset();
      answer(std::move(last));
      return;
    }
    send({PacketType::event, m_stream->event, std::move(*message)});
  }
}

void Connection::queue(Bytes segment) {
  m_out_bytes += segment.size();
  m_out.push_back(std::move(segment));
  if (m_out.size() == 1) {
    write();
  }
}

void Connection::write() {
  asio::async_write(m_socket, asio::buffer(m_out.front()),
                    [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                      if (!self->is_open()) {
                        return;
                      }
                      if (error) {
                        self->close();
                        return;
                      }
                      self->m_out_bytes -= self->m_out.front().size();
                      self->m_out.pop_front();
                      if (!self->m_out.empty()) {
                        self->write();
                      }
                      self->pull();
                    });
}

}  // namespace espgate::host::vici
