#include "dataplane/netlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>

#include "dataplane/errno_text.h"

namespace espgate::host::dataplane {

namespace {

// The kernel answers at once; the limit is against a kernel that does not.
constexpr timeval answer_timeout{.tv_sec = 5, .tv_usec = 0};
// A dump that changed under way is taken again.
constexpr int dump_attempts = 5;
// More messages than the answers to one request come in.
constexpr int stale_messages = 65536;

// Room for one request; every request here takes less than 200 bytes.
struct Request {
  Request(std::uint16_t type, std::uint16_t flags) : header(mnl_nlmsg_put_header(buffer.data())) {
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  template <typename T>
  T& extra_header() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header, sizeof(T)));
  }

  alignas(nlmsghdr) std::array<std::uint8_t, 512> buffer{};
  nlmsghdr* header;
};

int call_message(const nlmsghdr* header, void* on_message) {
  const auto& function = *static_cast<const std::function<void(const nlmsghdr&)>*>(on_message);
  if (function) {
    function(*header);
  }
  return MNL_CB_OK;
}

// Calls `visit` for each attribute behind a header of `skip` bytes. (libmnl's macro for this is C, not C++.)
template <typename Visit>
void for_each_attribute(const nlmsghdr& message, std::size_t skip, const Visit& visit) {
  if (mnl_nlmsg_get_payload_len(&message) < skip) {
    return;
  }
  const void* attribute = mnl_nlmsg_get_payload_offset(&message, skip);
  const void* end = mnl_nlmsg_get_payload_tail(&message);
  while (true) {
    const auto* current = static_cast<const nlattr*>(attribute);
    const auto rest = static_cast<const std::uint8_t*>(end) - static_cast<const std::uint8_t*>(attribute);
    if (!mnl_attr_ok(current, static_cast<int>(rest))) {
      return;
    }
    visit(*current);
    attribute = mnl_attr_next(current);
  }
}

// What an earlier request left unread, because it failed half way, would be taken for the answer to the next.
void discard_stale(int fd) {
  std::array<std::uint8_t, 1> byte{};
  for (int i = 0; i < stale_messages && ::recv(fd, byte.data(), byte.size(), MSG_DONTWAIT) >= 0; ++i) {
  }
}

ByteView payload_of(const nlattr& attribute) {
  return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute)),
          mnl_attr_get_payload_len(&attribute)};
}

}  // namespace

Expected<Netlink> Netlink::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr) {
    return fail("cannot open a netlink socket: " + errno_text(errno));
  }
  Netlink netlink(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
      ::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &answer_timeout,
                   sizeof(answer_timeout)) != 0) {
    return fail("cannot set up a netlink socket: " + errno_text(errno));
  }
  return netlink;
}

Netlink::Result<> Netlink::transact(nlmsghdr& request, const Message& on_message) {
  discard_stale(mnl_socket_get_fd(m_socket.get()));
  request.nlmsg_seq = ++m_sequence;
  if (mnl_socket_sendto(m_socket.get(), &request, request.nlmsg_len) < 0) {
    return std::unexpected(errno);
  }
  alignas(nlmsghdr) std::array<std::uint8_t, 32768> answer{};
  const unsigned port = mnl_socket_get_portid(m_socket.get());
  int more = MNL_CB_OK;
  while (more > MNL_CB_STOP) {
    const ssize_t length = mnl_socket_recvfrom(m_socket.get(), answer.data(), answer.size());
    if (length < 0) {
      return std::unexpected(errno);
    }
    // mnl's callback takes no const, and call_message only reads.
    Message function = on_message;
    more = mnl_cb_run(answer.data(), static_cast<std::size_t>(length), m_sequence, port, call_message,
                      &function);
  }
  if (more < 0) {
    return std::unexpected(errno);
  }
  return {};
}

Netlink::Result<> Netlink::disable_ipv6_addresses(unsigned interface) {
  Request request(RTM_NEWLINK, NLM_F_ACK);
  auto& link = request.extra_header<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  nlattr* families = mnl_attr_nest_start(request.header, IFLA_AF_SPEC);
  nlattr* ipv6 = mnl_attr_nest_start(request.header, AF_INET6);
  mnl_attr_put_u8(request.header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  mnl_attr_nest_end(request.header, ipv6);
  mnl_attr_nest_end(request.header, families);
  return transact(*request.header);
}

Netlink::Result<> Netlink::exempt_from_policies(unsigned interface) {
  Request request(RTM_NEWLINK, NLM_F_ACK);
  auto& link = request.extra_header<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  nlattr* families = mnl_attr_nest_start(request.header, IFLA_AF_SPEC);
  nlattr* ipv4 = mnl_attr_nest_start(request.header, AF_INET);
  nlattr* settings = mnl_attr_nest_start(request.header, IFLA_INET_CONF);
  mnl_attr_put_u32(request.header, IPV4_DEVCONF_NOPOLICY, 1);
  mnl_attr_nest_end(request.header, settings);
  mnl_attr_nest_end(request.header, ipv4);
  mnl_attr_nest_end(request.header, families);
  return transact(*request.header);
}

Netlink::Result<> Netlink::bring_up(unsigned interface, std::uint32_t mtu) {
  Request request(RTM_NEWLINK, NLM_F_ACK);
  auto& link = request.extra_header<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  mnl_attr_put_u32(request.header, IFLA_MTU, mtu);
  return transact(*request.header);
}

Netlink::Result<std::uint32_t> Netlink::mtu(unsigned interface) {
  Request request(RTM_GETLINK, NLM_F_ACK);
  auto& link = request.extra_header<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  std::uint32_t mtu = 0;
  const auto done = transact(*request.header, [&mtu](const nlmsghdr& message) {
    for_each_attribute(message, sizeof(ifinfomsg), [&mtu](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == IFLA_MTU && mnl_attr_get_payload_len(&attribute) == sizeof(mtu)) {
        mtu = mnl_attr_get_u32(&attribute);
      }
    });
  });
  if (!done) {
    return std::unexpected(done.error());
  }
  if (mtu == 0) {
    return std::unexpected(ENODATA);
  }
  return mtu;
}

Netlink::Result<std::vector<Netlink::InterfaceAddress>> Netlink::addresses() {
  std::vector<InterfaceAddress> found;
  const auto take = [&found](const nlmsghdr& message) {
    if (mnl_nlmsg_get_payload_len(&message) < sizeof(ifaddrmsg)) {
      return;
    }
    const auto& header = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
    std::optional<IpAddress> address;
    for_each_attribute(message, sizeof(ifaddrmsg), [&address](const nlattr& attribute) {
      // On a point-to-point link IFA_ADDRESS is the other end, and IFA_LOCAL is ours.
      const auto type = mnl_attr_get_type(&attribute);
      if (type == IFA_LOCAL || (type == IFA_ADDRESS && !address)) {
        address = IpAddress::from_bytes(payload_of(attribute));
      }
    });
    if (address) {
      found.push_back({*address, header.ifa_index});
    }
  };
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    found.clear();
    Request request(RTM_GETADDR, NLM_F_DUMP);
    request.extra_header<ifaddrmsg>().ifa_family = AF_UNSPEC;
    const auto done = transact(*request.header, take);
    if (done) {
      return found;
    }
    if (done.error() != EINTR) {
      return std::unexpected(done.error());
    }
  }
  return std::unexpected(EINTR);
}

Netlink::Result<> Netlink::change_route(std::uint16_t type, std::uint16_t flags, const IpRange& prefix,
                                        unsigned interface) {
  Request request(type, static_cast<std::uint16_t>(NLM_F_ACK | flags));
  auto& route = request.extra_header<rtmsg>();
  route.rtm_family = AF_INET;
  route.rtm_dst_len = static_cast<std::uint8_t>(prefix.prefix_length().value_or(32));
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  mnl_attr_put(request.header, RTA_DST, prefix.first.bytes().size(), prefix.first.bytes().data());
  mnl_attr_put_u32(request.header, RTA_OIF, interface);
  return transact(*request.header);
}

Netlink::Result<> Netlink::add_route(const IpRange& prefix, unsigned interface) {
  return change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, prefix, interface);
}

Netlink::Result<> Netlink::delete_route(const IpRange& prefix, unsigned interface) {
  return change_route(RTM_DELROUTE, 0, prefix, interface);
}

}  // namespace espgate::host::dataplane
