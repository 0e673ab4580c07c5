#include "dataplane/route_table.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/prefixes.h"
#include "dataplane/errno_text.h"
#include "dataplane/netlink.h"

namespace espgate::host::dataplane {

namespace {

std::string advice_for(int error, const IpRange& prefix) {
  switch (error) {
    case EEXIST:
      return fmt::format("; remove the route that is there ('ip route delete {}'), or narrow remote_ts",
                         prefix.to_string());
    case EPERM:
    case EACCES:
      return "; run as root or with CAP_NET_ADMIN";
    case ENETDOWN:
      return "; bring the device up ('ip link set DEVICE up')";
    default:
      return "";
  }
}

}  // namespace

struct RouteTable::State {
  struct Added {
    IpRange destination;
    std::string device;
    IpAddress peer;
  };
  using Route = std::pair<IpRange, std::string>;  // prefix, device

  // Why `destination` cannot go into a tunnel while `peer` stays outside; nullopt when it can.
  std::optional<std::string> conflict(const IpRange& destination, const IpAddress& peer) const;
  Expected<> add_prefix(const IpRange& prefix, const std::string& device, unsigned interface);
  void remove_prefix(const IpRange& prefix, const std::string& device);

  Netlink netlink;
  std::vector<Added> added;
  std::map<Route, unsigned> users;  // how many destinations need each route
};

std::optional<std::string> RouteTable::State::conflict(const IpRange& destination,
                                                       const IpAddress& peer) const {
  constexpr std::string_view consequence =
      "and ESP to that gateway would be routed into the tunnel that it carries";
  if (destination.contains(peer)) {
    return fmt::format("it contains the peer's own address {}, {}; leave that address out of remote_ts",
                       peer.to_string(), consequence);
  }
  for (const Added& other : added) {
    if (destination.contains(other.peer)) {
      return fmt::format(
          "it contains the address {} of another peer, {}; leave that address out of remote_ts",
          other.peer.to_string(), consequence);
    }
    if (other.destination.contains(peer)) {
      return fmt::format(
          "the peer {} lies in {}, which another tunnel carries, {}; leave that address out of "
          "the other remote_ts",
          peer.to_string(), other.destination.to_string(), consequence);
    }
  }
  return std::nullopt;
}

Expected<> RouteTable::State::add_prefix(const IpRange& prefix, const std::string& device,
                                         unsigned interface) {
  unsigned& count = users[{prefix, device}];
  if (count == 0) {
    if (const auto done = netlink.add_route(prefix, interface); !done) {
      users.erase({prefix, device});
      return fail(fmt::format("cannot route {} into {}: {}{}", prefix.to_string(), device,
                              errno_text(done.error()), advice_for(done.error(), prefix)));
    }
  }
  ++count;
  return {};
}

void RouteTable::State::remove_prefix(const IpRange& prefix, const std::string& device) {
  const auto found = users.find({prefix, device});
  if (found == users.end() || --found->second > 0) {
    return;
  }
  users.erase(found);
  // A route that is gone already went with its device, or by an operator's hand: there is nothing left to do.
  if (const unsigned interface = ::if_nametoindex(device.c_str()); interface != 0) {
    std::ignore = netlink.delete_route(prefix, interface);
  }
}

RouteTable::RouteTable(std::unique_ptr<State> state) : m_state(std::move(state)) {}
RouteTable::~RouteTable() = default;

Expected<std::unique_ptr<RouteTable>> RouteTable::open() {
  auto netlink = Netlink::open();
  if (!netlink) {
    return std::unexpected(netlink.error());
  }
  return std::unique_ptr<RouteTable>(new RouteTable(
      std::make_unique<State>(State{.netlink = *std::move(netlink), .added = {}, .users = {}})));
}

Expected<> RouteTable::add(const IpRange& destination, const std::string& device, const IpAddress& peer) {
  if (!destination.first.is_v4() || !destination.last.is_v4()) {
    return fail(fmt::format("cannot route {} into {}: this version routes IPv4 only", destination.to_string(),
                            device));
  }
  if (const auto reason = m_state->conflict(destination, peer)) {
    return fail(fmt::format("cannot route {} into {}: {}", destination.to_string(), device, *reason));
  }
  const unsigned interface = ::if_nametoindex(device.c_str());
  if (interface == 0) {
    return fail(
        fmt::format("cannot route {} into {}: there is no such device", destination.to_string(), device));
  }
  const std::vector<IpRange> prefixes = to_prefixes(destination);
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (auto done = m_state->add_prefix(prefixes[i], device, interface); !done) {
      while (i > 0) {
        m_state->remove_prefix(prefixes[--i], device);
      }
      return done;
    }
  }
  m_state->added.push_back({destination, device, peer});
  return {};
}

void RouteTable::remove(const IpRange& destination, const std::string& device) {
  const auto found = std::ranges::find_if(m_state->added, [&](const State::Added& added) {
    return added.destination == destination && added.device == device;
  });
  if (found == m_state->added.end()) {
    return;
  }
  m_state->added.erase(found);
  for (const IpRange& prefix : to_prefixes(destination)) {
    m_state->remove_prefix(prefix, device);
  }
}

Expected<bool> RouteTable::is_local(const IpAddress& address) {
  const auto addresses = m_state->netlink.addresses();
  if (!addresses) {
    return fail("cannot list this host's addresses: " + errno_text(addresses.error()));
  }
  return std::ranges::find(*addresses, address, &Netlink::InterfaceAddress::address) != addresses->end();
}

Expected<std::uint32_t> RouteTable::mtu_of(const IpAddress& local_address) {
  const auto addresses = m_state->netlink.addresses();
  if (!addresses) {
    return fail("cannot list this host's addresses: " + errno_text(addresses.error()));
  }
  const auto found = std::ranges::find(*addresses, local_address, &Netlink::InterfaceAddress::address);
  if (found == addresses->end()) {
    return fail(fmt::format("no interface of this host has the address {}; 'ip address' lists them",
                            local_address.to_string()));
  }
  const auto mtu = m_state->netlink.mtu(found->interface);
  if (!mtu) {
    return fail(fmt::format("cannot read the MTU of the interface with {}: {}", local_address.to_string(),
                            errno_text(mtu.error())));
  }
  return *mtu;
}

}  // namespace espgate::host::dataplane
