// The vici server: a Unix stream socket on the daemon's event loop. One command is in flight on a connection;
// events may come between. What a client does wrong closes its own connection and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "vici/message.h"

namespace asio {
class io_context;
}

namespace espgate::host::vici {

struct ServerLimits {
  std::size_t max_connections = 64;
  // A client that does not read is cut off when this much waits for it.
  std::size_t max_queued_bytes = std::size_t{4} << 20;
};

struct ServerCounters {
  std::uint64_t connections = 0;
  std::uint64_t refused_connections = 0;  // max_connections reached
  std::uint64_t malformed = 0;            // connections closed for what the client sent
  std::uint64_t slow_clients = 0;         // connections closed for what the client did not read
  std::uint64_t commands = 0;
};

// One command in flight. It may be answered at once or later; a call that is let go without an answer closes
// its connection.
class Call {
 public:
  using Next = std::function<std::optional<Message>()>;

  virtual ~Call() = default;
  // The answer. What comes after it is without effect.
  virtual void respond(Message message) = 0;
  // Sends, as fast as the client reads, one event for each message that `next` gives, and then the answer. A
  // client that did not register for the event gets the answer only.
  virtual void stream(std::string event, Next next, Message answer) = 0;
  // An event for this client, if it registered.
  virtual void send_event(const std::string& event, const Message& message) = 0;
  // The client has gone: nobody waits for the answer.
  virtual bool gone() const = 0;
};

class Server {
 public:
  using Handler = std::function<void(const Message& request, std::shared_ptr<Call> call)>;
  using Trouble = std::function<void(const std::string&)>;

  // Listens at `path`, for this user only. A socket file that a dead daemon left is replaced; one that
  // answers is an error, as is a file of another kind. The folder is made when it is missing.
  static Expected<std::unique_ptr<Server>> open(asio::io_context& io, const std::string& path,
                                                const ServerLimits& limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Closes all connections and removes the socket file.
  virtual ~Server() = default;

  virtual void add_command(std::string name, Handler handler) = 0;
  // Clients can register for it.
  virtual void add_event(std::string name) = 0;
  // What is worth a line in the log.
  virtual void on_trouble(Trouble trouble) = 0;
  virtual void start() = 0;
  // Whether any client registered, for events that are costly to make.
  virtual bool is_wanted(const std::string& event) const = 0;
  // To every client that registered.
  virtual void broadcast(const std::string& event, const Message& message) = 0;
  virtual const ServerCounters& counters() const = 0;

 protected:
  Server() = default;
};

}  // namespace espgate::host::vici
