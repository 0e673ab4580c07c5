#include "dataplane/tun_device.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::address;
using testing::in_namespace;
using testing::make_packet;
using testing::make_udp;
using testing::run;
using testing::run_until;
using testing::UdpPeer;
using testing::value_of;

ifreq query(const char* name, unsigned long what) {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::copy_n(name, std::char_traits<char>::length(name), std::begin(request.ifr_name));
  EXPECT_EQ(::ioctl(fd.get(), what, &request), 0);
  return request;
}

TEST(TunDevice, IsUpWithTheMtuAsked) {
  in_namespace([] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1438);
    ASSERT_TRUE(tun) << tun.error().message;
    EXPECT_EQ((*tun)->name(), "espgate0");
    EXPECT_EQ(query("espgate0", SIOCGIFMTU).ifr_mtu, 1438);
    EXPECT_NE(query("espgate0", SIOCGIFFLAGS).ifr_flags & IFF_UP, 0);
  });
}

TEST(TunDevice, IsGoneOnceClosed) {
  in_namespace([] {
    asio::io_context io;
    auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    EXPECT_NE(::if_nametoindex("espgate0"), 0U);
    tun->reset();
    EXPECT_EQ(::if_nametoindex("espgate0"), 0U);
    EXPECT_TRUE(TunDevice::open(io, "espgate0", 1400)) << "the name is free again";
  });
}

TEST(TunDevice, DeliversWhatTheHostRoutesIntoIt) {
  in_namespace([] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    run("ip route add 10.2.0.0/16 dev espgate0");
    std::vector<Bytes> packets;
    (*tun)->start([&](ByteView packet) { packets.emplace_back(packet.begin(), packet.end()); });

    const UdpPeer client(address("10.1.0.1"), 0);
    const Bytes payload{1, 2, 3, 4, 5};
    constexpr std::size_t count = 200;  // more than one wake-up reads
    for (std::size_t i = 0; i < count; ++i) {
      client.send(payload, address("10.2.0.7"), 9);
    }
    ASSERT_TRUE(run_until(io, [&] { return packets.size() == count; })) << packets.size();
    for (const Bytes& packet : packets) {
      ASSERT_EQ(packet.size(), 20 + 8 + payload.size());
      EXPECT_EQ(packet[0], 0x45);
      EXPECT_EQ(packet[9], 17);
      EXPECT_EQ(load_be16(packet, 2), packet.size());
      EXPECT_EQ(load_be32(packet, 12), address("10.1.0.1").to_v4());
      EXPECT_EQ(load_be32(packet, 16), address("10.2.0.7").to_v4());
      EXPECT_TRUE(std::equal(payload.begin(), payload.end(), packet.begin() + 28));
    }
    EXPECT_EQ(value_of((*tun)->counters(), "tun_read_failed"), 0U);
  });
}

TEST(TunDevice, HandsPacketsToTheHost) {
  in_namespace([] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    run("ip route add 10.2.0.0/16 dev espgate0");
    const UdpPeer server(address("10.1.0.1"), 7);
    const Bytes payload{0xca, 0xfe};
    (*tun)->send(make_packet({.source = "10.2.0.7", .destination = "10.1.0.1", .protocol = 17},
                             make_udp(9, 7, payload)));
    const auto received = server.receive();
    EXPECT_EQ(received.payload, payload);
    EXPECT_EQ(received.from, address("10.2.0.7"));
    EXPECT_EQ(received.port, 9);
    EXPECT_EQ(value_of((*tun)->counters(), "tun_write_failed"), 0U);
  });
}

TEST(TunDevice, CountsWhatTheHostDoesNotTake) {
  in_namespace([] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    const Bytes packet =
        make_packet({.source = "10.2.0.7", .destination = "10.1.0.1", .protocol = 17}, make_udp(9, 7, {}));
    (*tun)->send(packet);
    EXPECT_EQ(value_of((*tun)->counters(), "tun_write_failed"), 0U);
    (*tun)->send(Bytes{0x90});  // neither IPv4 nor IPv6
    EXPECT_EQ(value_of((*tun)->counters(), "tun_write_failed"), 1U);
    run("ip link set espgate0 down");
    (*tun)->send(packet);
    EXPECT_EQ(value_of((*tun)->counters(), "tun_write_failed"), 2U);
  });
}

TEST(TunDevice, CountsIpv6FromTheHost) {
  in_namespace([] {
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun) << tun.error().message;
    if (std::system("ip -6 address add fd00::1/64 dev espgate0 nodad 2>/dev/null") != 0) {
      std::puts("note: a kernel without IPv6; nothing to see here");
      return;
    }
    run("ip route add 10.2.0.0/16 dev espgate0");
    std::size_t packets = 0;
    (*tun)->start([&](ByteView packet) { packets += packet[0] == 0x45 ? 1U : 100U; });
    run("bash -c 'echo x > /dev/udp/fd00::2/9'");
    UdpPeer(address("10.1.0.1"), 0).send(Bytes{1}, address("10.2.0.7"), 9);
    ASSERT_TRUE(run_until(io, [&] { return packets > 0; }));
    EXPECT_EQ(packets, 1U) << "IPv4 only";
    EXPECT_GE(value_of((*tun)->counters(), "tun_not_ipv4"), 1U);
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
