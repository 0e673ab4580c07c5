#include "dataplane/route_table.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <asio/io_context.hpp>

#include "dataplane/tun_device.h"
#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::address;
using testing::in_namespace;
using testing::output_of;
using testing::range;
using testing::run;

// The destinations routed into the device, one a line.
std::string routes() {
  return output_of("ip -4 route show table main dev espgate0 | cut -d' ' -f1");
}

// Runs `body` with the device espgate0 and a route table.
void with_device(const std::function<void(RouteTable&)>& body) {
  in_namespace([&] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    const auto table = RouteTable::open();
    ASSERT_TRUE(table) << table.error().message;
    body(**table);
  });
}

TEST(RouteTable, AddsAndRemovesAPrefix) {
  with_device([](RouteTable& table) {
    const auto added = table.add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2"));
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(routes(), "10.2.0.0/16\n");
    EXPECT_NE(output_of("ip route get 10.2.3.4").find("dev espgate0"), std::string::npos);
    table.remove(range("10.2.0.0/16"), "espgate0");
    EXPECT_EQ(routes(), "");
    table.remove(range("10.2.0.0/16"), "espgate0");
  });
}

TEST(RouteTable, ARangeBecomesPrefixes) {
  with_device([](RouteTable& table) {
    ASSERT_TRUE(table.add(range("10.2.0.1-10.2.0.6"), "espgate0", address("192.0.2.2")));
    EXPECT_EQ(routes(), "10.2.0.1\n10.2.0.2/31\n10.2.0.4/31\n10.2.0.6\n");
    table.remove(range("10.2.0.1-10.2.0.6"), "espgate0");
    EXPECT_EQ(routes(), "");
  });
}

TEST(RouteTable, ARouteStaysWhileSomebodyNeedsIt) {
  with_device([](RouteTable& table) {
    const IpRange two = range("10.2.0.0-10.2.2.255");  // 10.2.0.0/23 and 10.2.2.0/24
    ASSERT_TRUE(table.add(two, "espgate0", address("192.0.2.2")));
    ASSERT_TRUE(table.add(two, "espgate0", address("192.0.2.2")));
    ASSERT_TRUE(table.add(range("10.2.2.0/24"), "espgate0", address("192.0.2.2")));
    table.remove(two, "espgate0");
    EXPECT_EQ(routes(), "10.2.0.0/23\n10.2.2.0/24\n");
    table.remove(two, "espgate0");
    EXPECT_EQ(routes(), "10.2.2.0/24\n");
    table.remove(range("10.2.2.0/24"), "espgate0");
    EXPECT_EQ(routes(), "");
  });
}

TEST(RouteTable, RefusesToRouteThePeerIntoItsTunnel) {
  with_device([](RouteTable& table) {
    for (const char* destination : {"192.0.2.0/24", "0.0.0.0/0", "192.0.2.2", "192.0.2.1-192.0.2.2"}) {
      const auto added = table.add(range(destination), "espgate0", address("192.0.2.2"));
      ASSERT_FALSE(added) << destination;
      EXPECT_NE(added.error().message.find("the peer's own address 192.0.2.2"), std::string::npos)
          << added.error().message;
    }
    EXPECT_EQ(routes(), "");
  });
}

TEST(RouteTable, RefusesToRouteAnotherPeerIntoATunnel) {
  with_device([](RouteTable& table) {
    ASSERT_TRUE(table.add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2")));
    const auto other_way = table.add(range("10.3.0.0/16"), "espgate0", address("10.2.0.1"));
    ASSERT_FALSE(other_way);
    EXPECT_NE(other_way.error().message.find("10.2.0.0/16, which another tunnel carries"), std::string::npos);
    const auto one_way = table.add(range("192.0.2.0/25"), "espgate0", address("198.51.100.1"));
    ASSERT_FALSE(one_way);
    EXPECT_NE(one_way.error().message.find("192.0.2.2 of another peer"), std::string::npos);
    EXPECT_EQ(routes(), "10.2.0.0/16\n");
    table.remove(range("10.2.0.0/16"), "espgate0");
    EXPECT_TRUE(table.add(range("10.3.0.0/16"), "espgate0", address("10.2.0.1")))
        << "the tunnel that was in the way is gone";
  });
}

TEST(RouteTable, AddsAllPrefixesOrNone) {
  with_device([](RouteTable& table) {
    run("ip route add unreachable 10.2.0.4/31");
    const auto added = table.add(range("10.2.0.1-10.2.0.6"), "espgate0", address("192.0.2.2"));
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().message.find("cannot route 10.2.0.4/31 into espgate0: File exists"),
              std::string::npos)
        << added.error().message;
    EXPECT_NE(added.error().message.find("ip route delete 10.2.0.4/31"), std::string::npos);
    EXPECT_EQ(routes(), "");
    EXPECT_TRUE(table.add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2"))) << "nothing is held back";
  });
}

TEST(RouteTable, RefusesWhatItCannotRoute) {
  with_device([](RouteTable& table) {
    const auto nowhere = table.add(range("10.2.0.0/16"), "nowhere0", address("192.0.2.2"));
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().message.find("there is no such device"), std::string::npos);
    const auto ipv6 = table.add(range("2001:db8::/32"), "espgate0", address("192.0.2.2"));
    ASSERT_FALSE(ipv6);
    EXPECT_NE(ipv6.error().message.find("IPv4 only"), std::string::npos);
  });
}

TEST(RouteTable, RoutesGoWithTheirDevice) {
  in_namespace([] {
    asio::io_context io;
    auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    const auto table = RouteTable::open();
    ASSERT_TRUE(table);
    ASSERT_TRUE((*table)->add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2")));
    tun->reset();
    EXPECT_EQ(output_of("ip route show 10.2.0.0/16"), "");
    (*table)->remove(range("10.2.0.0/16"), "espgate0");
  });
}

TEST(RouteTable, KnowsTheAddressesOfThisHost) {
  with_device([](RouteTable& table) {
    run("ip address add 198.51.100.1 peer 198.51.100.2 dev espgate0");
    for (const char* local : {"192.0.2.1", "192.0.2.2", "10.1.0.1", "127.0.0.1", "198.51.100.1"}) {
      EXPECT_EQ(table.is_local(address(local)).value(), true) << local;
    }
    for (const char* remote : {"192.0.2.3", "0.0.0.0", "198.51.100.2", "2001:db8::1"}) {
      EXPECT_EQ(table.is_local(address(remote)).value(), false) << remote;
    }
  });
}

TEST(RouteTable, KnowsTheMtuBehindAnAddress) {
  with_device([](RouteTable& table) {
    run("ip link set lo mtu 9000");
    run("ip address add 198.51.100.1/24 dev espgate0");
    EXPECT_EQ(table.mtu_of(address("192.0.2.1")).value(), 9000U);
    EXPECT_EQ(table.mtu_of(address("198.51.100.1")).value(), 1400U);
    const auto nobody = table.mtu_of(address("203.0.113.1"));
    ASSERT_FALSE(nobody);
    EXPECT_NE(nobody.error().message.find("no interface of this host has the address 203.0.113.1"),
              std::string::npos);
  });
}

TEST(RouteTable, ManyAddressesAreAllSeen) {
  with_device([](RouteTable& table) {
    // More than one netlink message holds.
    run("for i in $(seq 0 3); do for j in $(seq 1 250); do echo address add 172.16.$i.$j/32 dev lo; done; "
        "done | "
        "ip -batch -");
    EXPECT_EQ(table.is_local(address("172.16.0.1")).value(), true);
    EXPECT_EQ(table.is_local(address("172.16.3.250")).value(), true);
    EXPECT_EQ(table.is_local(address("172.16.3.251")).value(), false);
  });
}

// The descriptors of this process that are netlink sockets.
std::vector<int> netlink_sockets() {
  std::vector<int> found;
  for (int fd = 0; fd < 256; ++fd) {
    int domain = 0;
    socklen_t length = sizeof(domain);
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_NETLINK) {
      found.push_back(fd);
    }
  }
  return found;
}

// As after a request whose answer was not read to the end.
TEST(RouteTable, StaleAnswersAreNotTakenForNewOnes) {
  with_device([](RouteTable& table) {
    const auto sockets = netlink_sockets();
    ASSERT_EQ(sockets.size(), 1U);
    struct {
      nlmsghdr header;
      rtgenmsg body;
    } dump{};
    dump.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtgenmsg));
    dump.header.nlmsg_type = RTM_GETLINK;
    dump.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    dump.header.nlmsg_seq = 4711;
    ASSERT_GT(::send(sockets[0], &dump, dump.header.nlmsg_len, 0), 0);
    EXPECT_EQ(table.is_local(address("192.0.2.1")).value(), true);
    ASSERT_GT(::send(sockets[0], &dump, dump.header.nlmsg_len, 0), 0);
    EXPECT_TRUE(table.add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2")));
    EXPECT_EQ(routes(), "10.2.0.0/16\n");
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
