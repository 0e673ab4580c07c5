#include "dataplane/receive.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace espgate::host::dataplane {

namespace {

// A bandwidth-delay product of 10 Gb/s and 3 ms.
constexpr int receive_buffer_bytes = 4 << 20;

IpAddress to_address(const in_addr& address) {
  return IpAddress::v4(ntohl(address.s_addr));
}

template <typename T>
std::optional<T> value_of(const cmsghdr& message) {
  if (message.cmsg_len < CMSG_LEN(sizeof(T))) {
    return std::nullopt;
  }
  T value{};
  std::memcpy(&value, CMSG_DATA(&message), sizeof(T));
  return value;
}

void take_ancillary(const cmsghdr& message, ReceivedPacket& packet) {
  if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_PKTINFO) {
    if (const auto info = value_of<in_pktinfo>(message)) {
      packet.destination = to_address(info->ipi_addr);
      packet.answer_from = to_address(info->ipi_spec_dst);
    }
  } else if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_TOS) {
    packet.tos = value_of<std::uint8_t>(message).value_or(0);
  } else if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_TTL) {
    packet.ttl = static_cast<std::uint8_t>(value_of<int>(message).value_or(0));
  } else if (message.cmsg_level == SOL_SOCKET && message.cmsg_type == SO_RXQ_OVFL) {
    packet.overflow = value_of<std::uint32_t>(message);
  }
}

}  // namespace

ReadResult receive(int fd, ByteSpan buffer, ReceivedPacket& packet) {
  packet = {};
  sockaddr_in from{};
  iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<std::uint8_t, 256> control{};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof(from);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(fd, &message, MSG_DONTWAIT);
  if (count < 0) {
    return errno == EAGAIN || errno == EINTR ? ReadResult::empty : ReadResult::failed;
  }
  packet.length = static_cast<std::size_t>(count);
  packet.truncated = (message.msg_flags & MSG_TRUNC) != 0;
  packet.source = to_address(from.sin_addr);
  packet.source_port = ntohs(from.sin_port);
  for (cmsghdr* next = CMSG_FIRSTHDR(&message); next != nullptr; next = CMSG_NXTHDR(&message, next)) {
    take_ancillary(*next, packet);
  }
  return ReadResult::packet;
}

void prepare_receive(int fd) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
  // Beyond net.core.rmem_max with CAP_NET_ADMIN, up to it without.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof(receive_buffer_bytes)) !=
      0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
}

}  // namespace espgate::host::dataplane
