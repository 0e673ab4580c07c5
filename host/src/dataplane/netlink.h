// The few rtnetlink requests that the data plane makes. Errors are errno values: the caller knows what the
// request was for.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"

namespace espgate::host::dataplane {

class Netlink {
 public:
  template <typename T = void>
  using Result = std::expected<T, int>;

  struct InterfaceAddress {
    IpAddress address;
    unsigned interface = 0;
  };

  static Expected<Netlink> open();

  // Keeps IPv6 from giving the interface an address of its own; fails on a kernel without IPv6.
  Result<> disable_ipv6_addresses(unsigned interface);
  // Packets that come in on the interface pass the IPsec policies for IPv4 unseen.
  Result<> exempt_from_policies(unsigned interface);
  // `mtu` in bytes.
  Result<> bring_up(unsigned interface, std::uint32_t mtu);
  Result<std::uint32_t> mtu(unsigned interface);
  // Of every interface of the namespace.
  Result<std::vector<InterfaceAddress>> addresses();
  // Main table; `prefix` must be one, of IPv4. EEXIST when the table has a route to it.
  Result<> add_route(const IpRange& prefix, unsigned interface);
  Result<> delete_route(const IpRange& prefix, unsigned interface);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  using Message = std::function<void(const nlmsghdr&)>;

  explicit Netlink(mnl_socket* socket) : m_socket(socket) {}
  Result<> change_route(std::uint16_t type, std::uint16_t flags, const IpRange& prefix, unsigned interface);
  // Sends and waits for the answer; `on_message` sees each message that is not the acknowledgement.
  Result<> transact(nlmsghdr& request, const Message& on_message = {});

  std::unique_ptr<mnl_socket, Close> m_socket;
  std::uint32_t m_sequence = 0;
};

}  // namespace espgate::host::dataplane
