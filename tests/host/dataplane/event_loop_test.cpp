// All descriptors share one thread: none may starve the others, and idle ones cost nothing.
#include <chrono>

#include "dataplane/ike_sockets.h"
#include "dataplane/raw_esp_socket.h"
#include "dataplane/tun_device.h"
#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::address;
using testing::in_namespace;
using testing::make_packet;
using testing::run;
using testing::run_until;
using testing::UdpPeer;
using testing::value_of;

struct Everything {
  static std::unique_ptr<Everything> open(asio::io_context& io) {
    auto tun = TunDevice::open(io, "espgate0", 1400);
    auto esp = RawEspSocket::open(io);
    auto ike = IkeSockets::open(io);
    if (!tun || !esp || !ike) {
      ADD_FAILURE();
      return nullptr;
    }
    return std::make_unique<Everything>(Everything{*std::move(tun), *std::move(esp), *std::move(ike)});
  }
  void start() {
    tun->start([this](ByteView) { ++tun_packets; });
    esp->start([this](ByteView) { ++esp_packets; });
    ike->start(
        [this](const ike::Datagram&) {
          esp_packets_before_ike = esp_packets;
          ++ike_messages;
        },
        [](ByteView) {});
  }

  std::unique_ptr<TunDevice> tun;
  std::unique_ptr<RawEspSocket> esp;
  std::unique_ptr<IkeSockets> ike;
  std::size_t tun_packets = 0;
  std::size_t esp_packets = 0;
  std::size_t ike_messages = 0;
  std::size_t esp_packets_before_ike = 0;
};

TEST(EventLoop, AFloodOnOneSocketDoesNotHoldUpAnother) {
  in_namespace([] {
    asio::io_context io;
    const auto all = Everything::open(io);
    ASSERT_TRUE(all);
    all->start();
    constexpr std::size_t flood = 1000;
    const Bytes packet =
        make_packet({.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = 50}, Bytes(64));
    for (std::size_t i = 0; i < flood; ++i) {
      all->esp->send(packet);
    }
    UdpPeer(address("192.0.2.2"), 0).send(Bytes(28), address("192.0.2.1"), 500);
    ASSERT_TRUE(run_until(io, [&] { return all->esp_packets == flood && all->ike_messages == 1; }));
    EXPECT_LE(all->esp_packets_before_ike, 200U) << "a few batches at most";
  });
}

TEST(EventLoop, IsIdleWhenNothingComes) {
  in_namespace([] {
    asio::io_context io;
    const auto all = Everything::open(io);
    ASSERT_TRUE(all);
    all->start();
    io.poll();
    // A busy loop would run hundreds of thousands.
    EXPECT_LE(io.run_for(std::chrono::milliseconds(200)), 8U);
  });
}

TEST(EventLoop, ADeviceThatIsTakenAwayIsCountedAndDoesNotSpin) {
  in_namespace([] {
    asio::io_context io;
    const auto all = Everything::open(io);
    ASSERT_TRUE(all);
    all->start();
    run("ip link delete espgate0");
    ASSERT_TRUE(run_until(io, [&] { return value_of(all->tun->counters(), "tun_read_failed") > 0; }));
    EXPECT_LE(io.run_for(std::chrono::milliseconds(250)), 16U);
    all->tun->send(make_packet({.source = "10.2.0.1", .destination = "10.1.0.1", .protocol = 17}, {}));
    EXPECT_EQ(value_of(all->tun->counters(), "tun_write_failed"), 1U);
  });
}

TEST(EventLoop, NothingIsCalledAfterClosing) {
  in_namespace([] {
    asio::io_context io;
    auto all = Everything::open(io);
    ASSERT_TRUE(all);
    all->start();
    const Bytes packet =
        make_packet({.source = "192.0.2.1", .destination = "192.0.2.2", .protocol = 50}, Bytes(64));
    for (int i = 0; i < 200; ++i) {
      all->esp->send(packet);
    }
    ASSERT_TRUE(run_until(io, [&] { return all->esp_packets > 0; }));
    const std::size_t before = all->esp_packets;
    EXPECT_LT(before, 200U);
    all->esp.reset();  // while its next wake-up is due
    UdpPeer(address("192.0.2.2"), 0).send(Bytes(28), address("192.0.2.1"), 500);
    ASSERT_TRUE(run_until(io, [&] { return all->ike_messages == 1; }));
    EXPECT_EQ(all->esp_packets, before);
    all.reset();
    io.restart();
    EXPECT_LE(io.run(), 8U) << "and the loop ends, since nothing waits";
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
