// What belongs to XFRM and is not on its socket: interfaces (rtnetlink) and the counters in /proc.
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>

#include "offload/xfrm/xfrm.h"
#include "xfrm/errno_text.h"
#include "xfrm/message.h"

namespace espgate::offload::xfrm {

namespace {

struct Close {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

// The kernel answers at once; the limit is against one that does not.
constexpr timeval answer_timeout{.tv_sec = 5, .tv_usec = 0};

// The answer to the only request of a socket.
int send_and_wait(mnl_socket* socket, ByteView request) {
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
      ::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &answer_timeout,
                   sizeof(answer_timeout)) != 0 ||
      mnl_socket_sendto(socket, request.data(), request.size()) < 0) {
    return errno;
  }
  std::array<std::uint8_t, 8192> buffer{};
  const ssize_t length = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
  if (length < 0) {
    return errno;
  }
  int code = EBADMSG;
  for_each_message(ByteView(buffer).first(static_cast<std::size_t>(length)),
                   [&code](const Received& message) {
                     if (const auto answer = parse_acknowledgement(message)) {
                       code = answer->code;
                     }
                   });
  return code;
}

}  // namespace

Expected<> create_xfrm_interface(std::string_view name, std::uint32_t if_id, std::uint32_t underlying) {
  const auto refuse = [&](const std::string& reason) {
    return fail(fmt::format("cannot create the XFRM interface {} with if_id {}: {}", name, if_id, reason));
  };
  if (name.empty() || name.size() >= IF_NAMESIZE || if_id == 0) {
    return refuse("it takes a name of 1 to 15 characters and an if_id other than 0");
  }
  Message attributes_of_kind(0, 0);
  attributes_of_kind.put(IFLA_XFRM_IF_ID, if_id);
  if (underlying != 0) {
    attributes_of_kind.put(IFLA_XFRM_LINK, underlying);
  }
  const ByteView kind_data = attributes_of_kind.view().subspan(NLMSG_HDRLEN);
  constexpr std::array<std::uint8_t, 5> kind = {'x', 'f', 'r', 'm', 0};
  Message link_info(0, 0);
  link_info.put_bytes(IFLA_INFO_KIND, kind);
  link_info.put_bytes(IFLA_INFO_DATA | NLA_F_NESTED, kind_data);
  const ByteView link_data = link_info.view().subspan(NLMSG_HDRLEN);

  Message request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto& header = request.header<ifinfomsg>();
  header.ifi_family = AF_UNSPEC;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  const std::string terminated(name);
  request.put_bytes(IFLA_IFNAME,
                    {reinterpret_cast<const std::uint8_t*>(terminated.c_str()), name.size() + 1});
  request.put_bytes(IFLA_LINKINFO | NLA_F_NESTED, link_data);

  const std::unique_ptr<mnl_socket, Close> socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket) {
    return refuse(errno_text(errno));
  }
  const int code = send_and_wait(socket.get(), request.view());
  if (code == EOPNOTSUPP) {
    return refuse("this kernel has no XFRM interfaces (CONFIG_XFRM_INTERFACE)");
  }
  if (code != 0) {
    return refuse(errno_text(code));
  }
  return {};
}

Expected<std::vector<KernelCounter>> read_kernel_counters() {
  // That of the thread, since it may have a namespace of its own.
  std::ifstream file("/proc/thread-self/net/xfrm_stat");
  if (!file) {
    return fail("cannot read /proc/net/xfrm_stat: the kernel needs CONFIG_XFRM_STATISTICS");
  }
  std::vector<KernelCounter> counters;
  KernelCounter counter;
  while (file >> counter.name >> counter.value) {
    counters.push_back(counter);
  }
  return counters;
}

}  // namespace espgate::offload::xfrm
