// Raw sockets deliver ESP whether the kernel has an ESP module or not.
#include "dataplane/raw_esp_socket.h"

#include "base/checksum.h"
#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::in_namespace;
using testing::make_packet;
using testing::run;
using testing::run_until;
using testing::value_of;

constexpr std::uint8_t protocol_esp = 50;
constexpr std::uint16_t do_not_fragment = 0x4000;
constexpr std::uint16_t more_fragments = 0x2000;

// Runs `body` with a socket and what it has received.
void with_socket(const std::function<void(asio::io_context&, RawEspSocket&, std::vector<Bytes>&)>& body) {
  in_namespace([&] {
    run("ip link set lo mtu 1500");
    asio::io_context io;
    const auto socket = RawEspSocket::open(io);
    ASSERT_TRUE(socket) << socket.error().message;
    std::vector<Bytes> received;
    (*socket)->start([&](ByteView packet) { received.emplace_back(packet.begin(), packet.end()); });
    body(io, **socket, received);
  });
}

TEST(RawEspSocket, CarriesWholePackets) {
  with_socket([](asio::io_context& io, RawEspSocket& socket, std::vector<Bytes>& received) {
    const Bytes packet = make_packet({.source = "192.0.2.1",
                                      .destination = "192.0.2.2",
                                      .protocol = protocol_esp,
                                      .tos = 0xb9,
                                      .ttl = 17,
                                      .id = 0x4321,
                                      .fragment = do_not_fragment},
                                     Bytes(100, 0x5a));
    socket.send(packet);
    ASSERT_TRUE(run_until(io, [&] { return !received.empty(); }));
    EXPECT_EQ(received[0], packet);
  });
}

TEST(RawEspSocket, LeavesDfAsItIs) {
  with_socket([](asio::io_context& io, RawEspSocket& socket, std::vector<Bytes>& received) {
    const Bytes packet = make_packet(
        {.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = protocol_esp}, Bytes(100, 0x5a));
    socket.send(packet);
    ASSERT_TRUE(run_until(io, [&] { return !received.empty(); }));
    EXPECT_EQ(received[0], packet);
    EXPECT_EQ(load_be16(received[0], 6), 0);
  });
}

TEST(RawEspSocket, CarriesEverySizeUpToTheMtu) {
  with_socket([](asio::io_context& io, RawEspSocket& socket, std::vector<Bytes>& received) {
    std::vector<Bytes> sent;
    for (std::size_t length = 0; length <= 1480; length += 37) {
      sent.push_back(
          make_packet({.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = protocol_esp},
                      Bytes(length, static_cast<std::uint8_t>(length))));
      socket.send(sent.back());
    }
    ASSERT_TRUE(run_until(io, [&] { return received.size() == sent.size(); }));
    EXPECT_EQ(received, sent);
    EXPECT_EQ(value_of(socket.counters(), "esp_send_too_long"), 0U);
  });
}

TEST(RawEspSocket, CountsWhatItCannotSend) {
  with_socket([](asio::io_context&, RawEspSocket& socket, std::vector<Bytes>&) {
    const Bytes body(1481);
    socket.send(
        make_packet({.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = protocol_esp}, body));
    EXPECT_EQ(value_of(socket.counters(), "esp_send_too_long"), 1U);
    socket.send(
        make_packet({.source = "192.0.2.1", .destination = "203.0.113.9", .protocol = protocol_esp}, {}));
    EXPECT_EQ(value_of(socket.counters(), "esp_send_no_route"), 1U);
    socket.send(Bytes(19, 0x45));
    Bytes version6(40);
    version6[0] = 0x60;
    socket.send(version6);
    EXPECT_EQ(value_of(socket.counters(), "esp_send_malformed"), 2U);
    EXPECT_EQ(value_of(socket.counters(), "esp_send_failed"), 0U);
  });
}

TEST(RawEspSocket, FragmentsArriveReassembled) {
  with_socket([](asio::io_context& io, RawEspSocket& socket, std::vector<Bytes>& received) {
    Bytes payload(2000);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<std::uint8_t>(i * 7);
    }
    socket.send(make_packet({.source = "192.0.2.1",
                             .destination = "192.0.2.2",
                             .protocol = protocol_esp,
                             .fragment = more_fragments},
                            ByteView(payload).first(1480)));
    socket.send(make_packet(
        {.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = protocol_esp, .fragment = 1480 / 8},
        ByteView(payload).subspan(1480)));
    ASSERT_TRUE(run_until(io, [&] { return !received.empty(); }));
    const Bytes& whole = received[0];
    ASSERT_EQ(whole.size(), 2020U);
    EXPECT_EQ(load_be16(whole, 2), 2020);
    EXPECT_EQ(load_be16(whole, 6) & 0x3fff, 0) << "no fragment any more";
    EXPECT_EQ(internet_checksum(ByteView(whole).first(20)), 0);
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(), whole.begin() + 20));
  });
}

TEST(RawEspSocket, CountsWhatTheKernelHadNoRoomFor) {
  with_socket([](asio::io_context& io, RawEspSocket& socket, std::vector<Bytes>& received) {
    // More than the receive buffer of 8 MB (twice 4, as the kernel counts) takes.
    constexpr std::uint64_t flood = 16000;
    const Bytes packet = make_packet(
        {.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = protocol_esp}, Bytes(1400, 1));
    for (std::uint64_t i = 0; i < flood; ++i) {
      socket.send(packet);
    }
    // The count comes with the next packet that there is room for again.
    ASSERT_TRUE(run_until(io, [&] { return received.size() >= 1000; }));
    socket.send(
        make_packet({.source = "192.0.2.2", .destination = "192.0.2.1", .protocol = protocol_esp}, {}));
    ASSERT_TRUE(run_until(io, [&] { return received.back().size() == 20; }));
    const std::uint64_t lost = value_of(socket.counters(), "esp_receive_overflow");
    EXPECT_GT(lost, 0U);
    EXPECT_EQ(received.size() + lost, flood + 1);
    EXPECT_EQ(value_of(socket.counters(), "esp_send_queue_full"), 0U);
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
