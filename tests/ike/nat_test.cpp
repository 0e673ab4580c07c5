// NAT detection, the move to port 4500, and UDP encapsulation (RFC 7296 section 2.23).
#include <gtest/gtest.h>

#include "simulated_peers.h"

namespace espgate::ike::test {
namespace {

// A sits at 192.0.2.1 behind a NAT that shows 198.51.100.7 and ports of its own outside.
class Nat {
 public:
  explicit Nat(Network& network) : m_network(network) {
    network.on_the_way = [this](Datagram& datagram) {
      // As the receiver will see it: `remote` is the sender.
      if (datagram.remote.address == m_network.a.address) {
        datagram.remote = {m_outside, static_cast<std::uint16_t>(datagram.remote.port + m_shift)};
      } else if (datagram.local.address == m_outside) {
        datagram.local = {m_network.a.address, static_cast<std::uint16_t>(datagram.local.port - m_shift)};
      }
      return true;
    };
  }
  const IpAddress& outside() const { return m_outside; }
  void change_ports() { m_shift = 30000; }

 private:
  Network& m_network;
  IpAddress m_outside = *IpAddress::parse("198.51.100.7");
  std::uint16_t m_shift = 20000;
};

void configure_nat(Network& network) {
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) { b.remote_addresses.clear(); });
}

TEST(Nat, BeforeTheInitiator) {
  Network network(1);
  configure_nat(network);
  const Nat nat(network);
  come_up(network);
  expect_crosswise(network);
  const IkeSaView a = network.a.stack->list().front();
  const IkeSaView b = network.b.stack->list().front();
  EXPECT_TRUE(a.nat_local);
  EXPECT_FALSE(a.nat_remote);
  EXPECT_FALSE(b.nat_local);
  EXPECT_TRUE(b.nat_remote);
  EXPECT_EQ(a.local.port, 4500);
  EXPECT_EQ(a.remote.port, 4500);
  EXPECT_EQ(b.remote, (Endpoint{nat.outside(), 24500}));
  EXPECT_EQ(b.local.port, 4500);

  const ChildSa& at_a = network.a.handler.installed.begin()->second;
  const ChildSa& at_b = network.b.handler.installed.begin()->second;
  EXPECT_TRUE(at_a.udp_encapsulation);
  EXPECT_EQ(at_a.local_port, 4500);
  EXPECT_EQ(at_a.remote_port, 4500);
  EXPECT_TRUE(at_b.udp_encapsulation);
  EXPECT_EQ(at_b.remote_address, nat.outside());
  EXPECT_EQ(at_b.remote_port, 24500);
  // IKE_SA_INIT between the ports 500, all the rest between the ports 4500.
  EXPECT_EQ(network.sent[0].local.port, 500);
  EXPECT_EQ(network.sent[2].local.port, 4500);
  EXPECT_EQ(network.sent[2].remote.port, 4500);

  network.b.stack->terminate_ike(b.id, network.now);
  network.run();
  expect_empty(network);
}

// The NAT gives A another port: B follows what is authentic and new.
TEST(Nat, ThatForgetsItsMapping) {
  Network network(2);
  configure_nat(network);
  Nat nat(network);
  come_up(network);
  nat.change_ports();
  network.a.stack->terminate_child(network.a.handler.installed.begin()->first, network.now);
  network.run();
  EXPECT_EQ(network.b.stack->list().front().remote, (Endpoint{nat.outside(), 34500}));
  network.b.stack->shut_down(network.now);
  network.run();
  expect_empty(network);
}

TEST(Nat, EncapsulationIsForcedByEitherSide) {
  for (const bool by_initiator : {true, false}) {
    SCOPED_TRACE(by_initiator);
    Network network(3);
    configure(network, [&](ConnectionConfig& a, ConnectionConfig& b) {
      (by_initiator ? a : b).force_udp_encapsulation = true;
    });
    const IkeSaId id = come_up(network);
    expect_crosswise(network);
    const ChildSa& at_a = network.a.handler.installed.begin()->second;
    EXPECT_TRUE(at_a.udp_encapsulation);
    EXPECT_EQ(at_a.local_port, 4500);
    EXPECT_EQ(at_a.remote_port, 4500);
    EXPECT_EQ(network.b.handler.installed.begin()->second.remote_port, 4500);
    EXPECT_EQ(network.sent.back().local.port, 4500);
    EXPECT_EQ((by_initiator ? network.b : network.a).stack->list().front().nat_remote, true);
    network.a.stack->terminate_ike(id, network.now);
    network.run();
    expect_empty(network);
  }
}

TEST(Nat, NoneMeansPort500AndPlainEsp) {
  Network network(4);
  configure(network);
  come_up(network);
  EXPECT_FALSE(network.a.handler.installed.begin()->second.udp_encapsulation);
  EXPECT_EQ(network.a.stack->list().front().local.port, 500);
}

}  // namespace
}  // namespace espgate::ike::test
