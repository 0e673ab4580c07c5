// Datagrams to and from the kernel. Tests put their own in the place of the socket.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"

namespace espgate::offload::xfrm {

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  // Errors are errno values.
  virtual std::expected<void, int> send(ByteView messages) = 0;
  // One datagram of the kernel's; a longer one than the buffer is ENOSPC. With `wait` for up to five seconds;
  // EAGAIN when none came. ENOBUFS once after datagrams were lost.
  virtual std::expected<std::size_t, int> receive(ByteSpan buffer, bool wait) = 0;
  // What the kernel calls this socket in the messages that it sends.
  virtual std::uint32_t port() const = 0;
  virtual int descriptor() const = 0;
};

// For requests and their answers.
Expected<std::unique_ptr<Channel>> open_request_channel();
// For what the kernel tells on its own.
Expected<std::unique_ptr<Channel>> open_event_channel();

}  // namespace espgate::offload::xfrm
