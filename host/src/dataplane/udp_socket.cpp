#include "dataplane/udp_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "dataplane/errno_text.h"

namespace espgate::host::dataplane {

namespace {

bool set(int fd, int option, int value) {
  return ::setsockopt(fd, IPPROTO_IP, option, &value, sizeof(value)) == 0;
}

sockaddr_in socket_address(const IpAddress& address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(address.to_v4());
  return result;
}

std::unexpected<Error> refuse_port(std::uint16_t port, int error) {
  std::string advice;
  if (error == EADDRINUSE) {
    advice =
        "; another IKE daemon has it: stop it (charon, strongswan, pluto, iked or another espgated), "
        "'ss -ulnp' shows which";
  } else if (error == EACCES || error == EPERM) {
    advice = "; run as root or with CAP_NET_BIND_SERVICE";
  }
  return fail(fmt::format("cannot listen on UDP port {}: {}{}", port, errno_text(error), advice));
}

}  // namespace

Expected<UdpSocket> UdpSocket::open(asio::io_context& io, std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd.valid()) {
    return fail("cannot open a UDP socket: " + errno_text(errno));
  }
  // IKE_AUTH may be longer than the path MTU: without DF it is fragmented, not lost.
  if (!set(fd.get(), IP_PKTINFO, 1) || !set(fd.get(), IP_RECVTOS, 1) || !set(fd.get(), IP_RECVTTL, 1) ||
      !set(fd.get(), IP_MTU_DISCOVER, IP_PMTUDISC_DONT)) {
    return fail("cannot set up a UDP socket: " + errno_text(errno));
  }
  prepare_receive(fd.get());
  const sockaddr_in any = socket_address({}, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) {
    return refuse_port(port, errno);
  }
  auto loop = ReadLoop::open(io, std::move(fd));
  if (!loop) {
    return std::unexpected(loop.error());
  }
  return UdpSocket(*std::move(loop), port);
}

bool UdpSocket::send(const IpAddress& local, const IpAddress& remote, std::uint16_t remote_port,
                     ByteView head, ByteView body) {
  sockaddr_in to = socket_address(remote, remote_port);
  // sendmsg() takes what it only reads through pointers to non-const.
  std::array<iovec, 2> parts{
      iovec{.iov_base = const_cast<std::uint8_t*>(head.data()), .iov_len = head.size()},
      iovec{.iov_base = const_cast<std::uint8_t*>(body.data()), .iov_len = body.size()}};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in_pktinfo))> control{};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof(to);
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (!local.is_unspecified()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(local.to_v4());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof(info));
    std::memcpy(CMSG_DATA(header), &info, sizeof(info));
  }
  return ::sendmsg(m_loop.fd(), &message, MSG_DONTWAIT) >= 0;
}

}  // namespace espgate::host::dataplane
