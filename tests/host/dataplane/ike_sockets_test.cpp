#include "dataplane/ike_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/checksum.h"
#include "dataplane/raw_esp_socket.h"
#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::address;
using testing::in_namespace;
using testing::make_packet;
using testing::make_udp;
using testing::run_until;
using testing::UdpPeer;
using testing::value_of;

struct Received {
  std::vector<ike::Datagram> ike;
  std::vector<Bytes> esp;
};

void with_sockets(const std::function<void(asio::io_context&, IkeSockets&, Received&)>& body) {
  in_namespace([&] {
    asio::io_context io;
    const auto sockets = IkeSockets::open(io);
    ASSERT_TRUE(sockets) << sockets.error().message;
    Received received;
    (*sockets)->start([&](ike::Datagram d) { received.ike.push_back(std::move(d)); },
                      [&](ByteView packet) { received.esp.emplace_back(packet.begin(), packet.end()); });
    body(io, **sockets, received);
  });
}

TEST(IkeSockets, Port500CarriesIkeOnly) {
  with_sockets([](asio::io_context& io, IkeSockets&, Received& received) {
    const UdpPeer peer(address("192.0.2.2"), 5000);
    const Bytes message{0, 0, 0, 0, 1, 2, 3};  // no marker on this port, whatever the bytes are
    peer.send(message, address("192.0.2.1"), 500);
    peer.send(Bytes{0xff}, address("10.1.0.1"), 500);
    ASSERT_TRUE(run_until(io, [&] { return received.ike.size() == 2; }));
    EXPECT_EQ(received.ike[0].message, message);
    EXPECT_EQ(received.ike[0].local, (ike::Endpoint{address("192.0.2.1"), 500}));
    EXPECT_EQ(received.ike[0].remote, (ike::Endpoint{address("192.0.2.2"), 5000}));
    EXPECT_EQ(received.ike[1].message, (Bytes{0xff}));
    EXPECT_EQ(received.ike[1].local, (ike::Endpoint{address("10.1.0.1"), 500}));
    EXPECT_TRUE(received.esp.empty());
  });
}

TEST(IkeSockets, Port4500IsTakenApart) {
  with_sockets([](asio::io_context& io, IkeSockets& sockets, Received& received) {
    const UdpPeer peer(address("192.0.2.2"), 4500 + 1);
    const int tos = 0xb8;
    const int ttl = 33;
    ASSERT_EQ(::setsockopt(peer.fd(), IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), 0);
    ASSERT_EQ(::setsockopt(peer.fd(), IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
    const Bytes esp{0, 0, 1, 0, 0, 0, 0, 1, 9, 9, 9, 9};
    peer.send(Bytes{0xff}, address("192.0.2.1"), 4500);
    peer.send(Bytes{1, 2, 3}, address("192.0.2.1"), 4500);
    peer.send(Bytes{0, 0, 0, 0, 7, 8}, address("192.0.2.1"), 4500);
    peer.send(esp, address("192.0.2.1"), 4500);
    ASSERT_TRUE(run_until(io, [&] { return !received.esp.empty(); }));

    ASSERT_EQ(received.ike.size(), 1U);
    EXPECT_EQ(received.ike[0].message, (Bytes{7, 8}));
    EXPECT_EQ(received.ike[0].local, (ike::Endpoint{address("192.0.2.1"), 4500}));
    EXPECT_EQ(received.ike[0].remote, (ike::Endpoint{address("192.0.2.2"), 4501}));

    const Bytes& packet = received.esp[0];
    ASSERT_EQ(packet.size(), 28 + esp.size());
    EXPECT_EQ(packet[0], 0x45);
    EXPECT_EQ(packet[1], tos);
    EXPECT_EQ(load_be16(packet, 2), packet.size());
    EXPECT_EQ(packet[8], ttl);
    EXPECT_EQ(packet[9], 17);
    EXPECT_EQ(internet_checksum(ByteView(packet).first(20)), 0);
    EXPECT_EQ(load_be32(packet, 12), address("192.0.2.2").to_v4());
    EXPECT_EQ(load_be32(packet, 16), address("192.0.2.1").to_v4());
    EXPECT_EQ(load_be16(packet, 20), 4501);
    EXPECT_EQ(load_be16(packet, 22), 4500);
    EXPECT_EQ(load_be16(packet, 24), 8 + esp.size());
    EXPECT_TRUE(std::equal(esp.begin(), esp.end(), packet.begin() + 28));

    EXPECT_EQ(value_of(sockets.counters(), "nat_t_keep_alive"), 1U);
    EXPECT_EQ(value_of(sockets.counters(), "nat_t_malformed"), 1U);
  });
}

// The ECN bits must reach the engine (RFC 6040): what one gateway's engine builds, the other's sees.
TEST(IkeSockets, RebuildsWhatAnEngineSent) {
  with_sockets([](asio::io_context& io, IkeSockets&, Received& received) {
    const auto raw = RawEspSocket::open(io);
    ASSERT_TRUE(raw) << raw.error().message;
    const Bytes esp(1200, 0x42);
    Bytes packet = make_packet({.source = "192.0.2.2",
                                .destination = "192.0.2.1",
                                .protocol = 17,
                                .tos = 0x2b,  // with ECN CE
                                .ttl = 61,
                                .id = 77,
                                .fragment = 0x4000},
                               make_udp(4500, 4500, esp));
    (*raw)->send(packet);
    ASSERT_TRUE(run_until(io, [&] { return !received.esp.empty(); }));
    // The socket does not tell identification and DF.
    store_be16(packet, 4, 0);
    store_be16(packet, 6, 0);
    store_be16(packet, 10, 0);
    store_be16(packet, 10, internet_checksum(ByteView(packet).first(20)));
    EXPECT_EQ(received.esp[0], packet);
  });
}

TEST(IkeSockets, TakeTheLongestDatagram) {
  with_sockets([](asio::io_context& io, IkeSockets& sockets, Received& received) {
    const UdpPeer peer(address("192.0.2.2"), 4500 + 1);
    const Bytes longest(65507, 0x11);
    peer.send(longest, address("192.0.2.1"), 4500);
    peer.send(longest, address("192.0.2.1"), 500);
    ASSERT_TRUE(run_until(io, [&] { return received.esp.size() + received.ike.size() == 2; }));
    ASSERT_EQ(received.esp.size(), 1U);
    EXPECT_EQ(received.esp[0].size(), 65535U);
    EXPECT_EQ(received.ike[0].message, longest);
    EXPECT_EQ(value_of(sockets.counters(), "udp_truncated"), 0U);
  });
}

TEST(IkeSockets, SendFromTheAddressAndPortAsked) {
  with_sockets([](asio::io_context&, IkeSockets& sockets, Received&) {
    const UdpPeer peer(address("192.0.2.2"), 5000);
    for (const char* local : {"192.0.2.1", "10.1.0.1", "192.0.2.2"}) {
      for (const std::uint16_t port : {std::uint16_t{500}, std::uint16_t{4500}}) {
        sockets.send(
            {.local = {address(local), port}, .remote = {address("192.0.2.2"), 5000}, .message = {1, 2, 3}});
        const auto received = peer.receive();
        EXPECT_EQ(received.from, address(local));
        EXPECT_EQ(received.port, port);
        EXPECT_EQ(received.payload, port == 500 ? (Bytes{1, 2, 3}) : (Bytes{0, 0, 0, 0, 1, 2, 3}));
      }
    }
    sockets.send({.local = {IpAddress{}, 500}, .remote = {address("192.0.2.2"), 5000}, .message = {4}});
    EXPECT_EQ(peer.receive().payload, (Bytes{4}));
  });
}

TEST(IkeSockets, SendMessagesLongerThanTheMtu) {
  with_sockets([](asio::io_context&, IkeSockets& sockets, Received&) {
    testing::run("ip link set lo mtu 1280");
    const UdpPeer peer(address("192.0.2.2"), 5000);
    const Bytes message(5000, 0x33);
    sockets.send(
        {.local = {address("192.0.2.1"), 500}, .remote = {address("192.0.2.2"), 5000}, .message = message});
    EXPECT_EQ(peer.receive().payload, message);
  });
}

TEST(IkeSockets, CountWhatTheyCannotSend) {
  with_sockets([](asio::io_context&, IkeSockets& sockets, Received&) {
    const ike::Endpoint remote{address("192.0.2.2"), 5000};
    sockets.send({.local = {address("192.0.2.1"), 501}, .remote = remote, .message = {1}});
    EXPECT_EQ(value_of(sockets.counters(), "ike_send_wrong_port"), 1U);
    sockets.send({.local = {address("2001:db8::1"), 500}, .remote = remote, .message = {1}});
    EXPECT_EQ(value_of(sockets.counters(), "ike_send_not_ipv4"), 1U);
    sockets.send({.local = {address("203.0.113.5"), 500}, .remote = remote, .message = {1}});
    EXPECT_EQ(value_of(sockets.counters(), "ike_send_failed"), 1U) << "not an address of ours";
  });
}

TEST(IkeSockets, OtherPortsMayBeChosen) {
  in_namespace([] {
    asio::io_context io;
    const auto first = IkeSockets::open(io);
    const auto second = IkeSockets::open(io, 1500, 14500);
    ASSERT_TRUE(first);
    ASSERT_TRUE(second) << second.error().message;
    std::vector<ike::Datagram> received;
    (*second)->start([&](ike::Datagram d) { received.push_back(std::move(d)); }, [](ByteView) {});
    (*first)->send(
        {.local = {address("192.0.2.1"), 4500}, .remote = {address("192.0.2.2"), 14500}, .message = {5, 6}});
    ASSERT_TRUE(run_until(io, [&] { return !received.empty(); }));
    EXPECT_EQ(received[0].message, (Bytes{5, 6})) << "marker on, marker off";
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
