#include "xfrm/channel.h"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "xfrm/errno_text.h"

namespace espgate::offload::xfrm {

namespace {

// The kernel answers at once; the limit is against one that does not.
constexpr int answer_milliseconds = 5000;
// Bursts of thousands of expiries come when many SAs were made at one time.
constexpr int event_buffer_bytes = 4 << 20;

class SocketChannel final : public Channel {
 public:
  explicit SocketChannel(mnl_socket* socket) : m_socket(socket) {}

  std::expected<void, int> send(ByteView messages) override {
    if (mnl_socket_sendto(m_socket.get(), messages.data(), messages.size()) < 0) {
      return std::unexpected(errno);
    }
    return {};
  }

  std::expected<std::size_t, int> receive(ByteSpan buffer, bool wait) override {
    // A signal that interrupts the wait does not end it.
    pollfd ready{.fd = descriptor(), .events = POLLIN, .revents = 0};
    int count = 0;
    do {
      count = ::poll(&ready, 1, wait ? answer_milliseconds : 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return std::unexpected(errno);
    }
    if (count == 0) {
      return std::unexpected(EAGAIN);
    }
    const ssize_t length = mnl_socket_recvfrom(m_socket.get(), buffer.data(), buffer.size());
    if (length < 0) {
      return std::unexpected(errno);
    }
    return static_cast<std::size_t>(length);
  }

  std::uint32_t port() const override { return mnl_socket_get_portid(m_socket.get()); }
  int descriptor() const override { return mnl_socket_get_fd(m_socket.get()); }
  mnl_socket* get() const { return m_socket.get(); }

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Close> m_socket;
};

Expected<std::unique_ptr<SocketChannel>> open_channel() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);
  if (socket == nullptr) {
    return fail(fmt::format(
        "cannot open an XFRM netlink socket: {}; the kernel needs CONFIG_XFRM_USER (module xfrm_user)",
        errno_text(errno)));
  }
  auto channel = std::make_unique<SocketChannel>(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) {
    return fail("cannot bind an XFRM netlink socket: " + errno_text(errno));
  }
  return channel;
}

bool switch_on(mnl_socket* socket, int option) {
  int on = 1;
  return mnl_socket_setsockopt(socket, option, &on, sizeof(on)) == 0;
}

}  // namespace

Expected<std::unique_ptr<Channel>> open_request_channel() {
  auto channel = open_channel();
  if (!channel) {
    return std::unexpected(channel.error());
  }
  // Errors come with the kernel's words, and without the request, which holds keys.
  if (!switch_on((*channel)->get(), NETLINK_EXT_ACK) || !switch_on((*channel)->get(), NETLINK_CAP_ACK)) {
    return fail("cannot set up an XFRM netlink socket: " + errno_text(errno));
  }
  return std::move(*channel);
}

Expected<std::unique_ptr<Channel>> open_event_channel() {
  auto channel = open_channel();
  if (!channel) {
    return std::unexpected(channel.error());
  }
  constexpr std::array groups = {XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_SA, XFRMNLGRP_POLICY,
                                 XFRMNLGRP_MAPPING};
  for (int group : groups) {
    if (mnl_socket_setsockopt((*channel)->get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return fail(fmt::format("cannot listen to the kernel's XFRM events: {}; it takes CAP_NET_ADMIN",
                              errno_text(errno)));
    }
  }
  // The forced size goes beyond the system's limit, and needs the same capability; else the limit holds.
  const int descriptor = (*channel)->descriptor();
  if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &event_buffer_bytes, sizeof(event_buffer_bytes)) !=
          0 &&
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &event_buffer_bytes, sizeof(event_buffer_bytes)) != 0) {
    return fail("cannot size the buffer for the kernel's XFRM events: " + errno_text(errno));
  }
  return std::move(*channel);
}

}  // namespace espgate::offload::xfrm
