#include "vici/client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "vici/socket_path.h"

namespace espgate::host::vici {

Expected<Client> Client::connect(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fail(fmt::format("cannot make a Unix socket: {}", std::strerror(errno)));
  }
  Client client(fd, path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    const int error = errno;
    if (error == EACCES || error == EPERM) {
      return fail(fmt::format("cannot reach espgated at {}: {}; run as root", path, std::strerror(error)));
    }
    return fail(fmt::format("cannot reach espgated at {}: {}; is it running?", path, std::strerror(error)));
  }
  return client;
}

Client::Client(Client&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1)), m_path(std::move(other.m_path)) {}

Client::~Client() {
  if (m_fd >= 0) {
    ::close(m_fd);
  }
}

Expected<> Client::send(const Packet& packet) {
  const auto segment = encode_segment(packet);
  if (!segment) {
    return std::unexpected(segment.error());
  }
  std::size_t done = 0;
  while (done < segment->size()) {
    const ssize_t sent = ::send(m_fd, segment->data() + done, segment->size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0) {
      return fail(fmt::format("espgated at {} closed the connection: {}", m_path, std::strerror(errno)));
    }
    done += static_cast<std::size_t>(sent);
  }
  return {};
}

Expected<> Client::read_exactly(ByteSpan out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(m_fd, out.data() + done, out.size() - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(fmt::format(
          "espgated at {} closed the connection{}", m_path,
          got < 0 ? std::string(": ") + std::strerror(errno) : std::string(" before it answered")));
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Expected<Packet> Client::receive() {
  std::array<std::uint8_t, segment_header_bytes> header{};
  if (auto read = read_exactly(header); !read) {
    return std::unexpected(read.error());
  }
  const auto length = decode_segment_length(header);
  if (!length) {
    return std::unexpected(length.error());
  }
  Bytes body(*length);
  if (auto read = read_exactly(body); !read) {
    return std::unexpected(read.error());
  }
  return decode_packet(body);
}

Expected<> Client::register_event(const std::string& name) {
  if (auto sent = send({PacketType::event_register, name, {}}); !sent) {
    return sent;
  }
  while (true) {
    auto packet = receive();
    if (!packet) {
      return std::unexpected(packet.error());
    }
    switch (packet->type) {
      case PacketType::event_confirm:
        return {};
      case PacketType::event_unknown:
        return fail(fmt::format("espgated at {} does not know the event '{}'", m_path, name));
      case PacketType::event:
        continue;  // of an earlier registration, and nobody asks for it now
      default:
        return fail(fmt::format("espgated at {} answered a registration with something else", m_path));
    }
  }
}

Expected<Message> Client::request(const std::string& command, const Message& message,
                                  const OnEvent& on_event) {
  if (auto sent = send({PacketType::command_request, command, message}); !sent) {
    return std::unexpected(sent.error());
  }
  while (true) {
    auto packet = receive();
    if (!packet) {
      return std::unexpected(packet.error());
    }
    switch (packet->type) {
      case PacketType::command_response:
        return std::move(packet->message);
      case PacketType::command_unknown:
        return fail(fmt::format("espgated at {} does not know the command '{}'", m_path, command));
      case PacketType::event:
        if (on_event) {
          on_event(packet->name, packet->message);
        }
        continue;
      default:
        return fail(fmt::format("espgated at {} answered a command with something else", m_path));
    }
  }
}

}  // namespace espgate::host::vici
