// A vici client that blocks, for the CLI.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "vici/packet.h"

namespace espgate::host::vici {

class Client {
 public:
  using OnEvent = std::function<void(const std::string& event, const Message& message)>;

  // The error says that the daemon may not be running, when that is what it looks like.
  static Expected<Client> connect(const std::string& path);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  // Events of this name come with the requests that follow.
  Expected<> register_event(const std::string& name);
  // Waits for the answer as long as it takes; the daemon bounds it.
  Expected<Message> request(const std::string& command, const Message& message, const OnEvent& on_event = {});

 private:
  Client(int fd, std::string path) : m_fd(fd), m_path(std::move(path)) {}
  Expected<> send(const Packet& packet);
  Expected<Packet> receive();
  Expected<> read_exactly(ByteSpan out);

  int m_fd;
  std::string m_path;
};

}  // namespace espgate::host::vici
