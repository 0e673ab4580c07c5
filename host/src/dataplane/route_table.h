// Routes, addresses and MTUs of this host, over rtnetlink.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/ip_address.h"

namespace espgate::host::dataplane {

class RouteTable {
 public:
  static Expected<std::unique_ptr<RouteTable>> open();
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;
  // Routes that are still there stay until their device goes.
  ~RouteTable();

  // Traffic to `destination` goes into the device, by routes in the main table, one for each prefix of the
  // range. `peer` is the outer address, which must stay outside: refused when the destination contains it or
  // the peer of another route, or when the peer lies in the destination of another route, since ESP would
  // then be routed into its own tunnel. Adding the same destination again counts, and each needs its
  // remove().
  Expected<> add(const IpRange& destination, const std::string& device, const IpAddress& peer);
  void remove(const IpRange& destination, const std::string& device);
  // True when one of this host's interfaces has the address.
  Expected<bool> is_local(const IpAddress& address);
  // MTU, in bytes, of the interface that has the address.
  Expected<std::uint32_t> mtu_of(const IpAddress& local_address);

 private:
  struct State;
  explicit RouteTable(std::unique_ptr<State> state);

  std::unique_ptr<State> m_state;
};

}  // namespace espgate::host::dataplane
