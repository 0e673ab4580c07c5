// Two gateways' data paths, back to back, on the software engine.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "driver/engine.h"
#include "offload/data_path.h"
#include "packets.h"

namespace espgate::offload {
namespace {

using testing::address;
using testing::child;
using testing::key;
using testing::make_packet;
using testing::PacketShape;
using testing::policy_value;
using testing::selector;

// What one gateway sends lies on the wire until a test carries it over.
struct GatewaySink final : PacketSink {
  void to_unprotected(ByteView packet) override { wire.emplace_back(packet.begin(), packet.end()); }
  void to_protected(ByteView packet) override { received.emplace_back(packet.begin(), packet.end()); }
  std::vector<Bytes> wire;
  std::vector<Bytes> received;
};

struct Gateway {
  explicit Gateway(const LeasePolicy& lease)
      : path(DataPath::create(driver::make_software_engine({.outbound_sas = 4, .inbound_sas = 4}).value(),
                              sink, lease)) {}

  void run() const {
    while (path->poll()) {
    }
  }
  std::uint64_t verdicts(bool outbound, driver::Verdict verdict) const {
    const driver::Counters counters = path->statistics().value().counters;
    return (outbound ? counters.outbound : counters.inbound).verdicts.at(static_cast<std::size_t>(verdict));
  }

  GatewaySink sink;
  std::unique_ptr<DataPath> path;
};

// The mirror image of what child() makes.
ChildSaSpec peer_of(const ChildSaSpec& spec) {
  ChildSaSpec peer = spec;
  std::swap(peer.inbound_spi, peer.outbound_spi);
  std::swap(peer.inbound_key, peer.outbound_key);
  std::swap(peer.local_address, peer.remote_address);
  for (Selector& s : peer.selectors) {
    std::swap(s.local, s.remote);
    std::swap(s.local_port_first, s.remote_port_first);
    std::swap(s.local_port_last, s.remote_port_last);
  }
  return peer;
}

class SoftwareEngineDataPath : public ::testing::Test {
 protected:
  void install(const ChildSaSpec& spec) const {
    ASSERT_TRUE(a.path->install(spec));
    ASSERT_TRUE(b.path->install(peer_of(spec)));
    a.path->spd().replace({{.name = spec.name, .action = Action::protect, .selectors = spec.selectors}});
    b.path->spd().replace(
        {{.name = spec.name, .action = Action::protect, .selectors = peer_of(spec).selectors}});
  }
  // Runs both until the wire is empty.
  void carry() {
    a.run();
    b.run();
    for (const Bytes& packet : a.sink.wire) {
      b.path->submit_inbound(packet);
      b.run();
    }
    for (const Bytes& packet : b.sink.wire) {
      a.path->submit_inbound(packet);
      a.run();
    }
    a.sink.wire.clear();
    b.sink.wire.clear();
  }

  static constexpr LeasePolicy small_lease{.size = 16, .renew_before = 8};
  Gateway a{small_lease};
  Gateway b{small_lease};
};

TEST_F(SoftwareEngineDataPath, CarriesPacketsBothWays) {
  install(child(1));
  const Bytes there = make_packet({.payload = 100});
  const Bytes back = make_packet({.source = "10.2.0.1", .destination = "10.1.0.1", .payload = 1301});
  a.path->submit_outbound(there);
  b.path->submit_outbound(back);
  carry();
  ASSERT_EQ(b.sink.received.size(), 1U);
  EXPECT_EQ(b.sink.received[0], there);
  ASSERT_EQ(a.sink.received.size(), 1U);
  EXPECT_EQ(a.sink.received[0], back);
  const auto statistics = a.path->statistics();
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->children.at(0).outbound.packets, 1U);
  EXPECT_EQ(statistics->children.at(0).outbound.bytes, there.size());
  EXPECT_EQ(statistics->children.at(0).inbound.packets, 1U);
  EXPECT_EQ(statistics->children.at(0).inbound.bytes, back.size());
}

TEST_F(SoftwareEngineDataPath, EveryKindOfSaGoesThrough) {
  std::uint32_t id = 1;
  for (const std::size_t key_size : {16U, 32U}) {
    for (const bool esn : {false, true}) {
      for (const bool udp : {false, true}) {
        ChildSaSpec spec = child(id);
        spec.inbound_key = key(0x31, key_size);
        spec.outbound_key = key(0x32, key_size);
        spec.esn = esn;
        if (udp) {
          spec.encapsulation = driver::UdpEncapsulation{};
        }
        install(spec);
        const Bytes packet = make_packet({.payload = 64});
        a.path->submit_outbound(packet);
        carry();
        ASSERT_EQ(b.sink.received.size(), id);
        EXPECT_EQ(b.sink.received.back(), packet);
        a.path->remove(id);
        b.path->remove(id);
        ++id;
      }
    }
  }
}

TEST_F(SoftwareEngineDataPath, InboundSelectorsAreNotMirrored) {
  ChildSaSpec spec = child(1);
  spec.selectors[0].protocol = 17;
  spec.selectors[0].local_port_first = 1000;
  spec.selectors[0].local_port_last = 1000;
  spec.selectors[0].remote_port_first = 2000;
  spec.selectors[0].remote_port_last = 2000;
  install(spec);
  a.path->submit_outbound(make_packet());
  b.path->submit_outbound(make_packet(
      {.source = "10.2.0.1", .destination = "10.1.0.1", .source_port = 2000, .destination_port = 1000}));
  carry();
  EXPECT_EQ(b.sink.received.size(), 1U);
  EXPECT_EQ(a.sink.received.size(), 1U);
  EXPECT_EQ(b.verdicts(false, driver::Verdict::selector_mismatch), 0U);
}

TEST_F(SoftwareEngineDataPath, TheTunnelMtuIsExact) {
  for (const bool udp : {false, true}) {
    ChildSaSpec spec = child(udp ? 2 : 1);
    if (udp) {
      spec.encapsulation = driver::UdpEncapsulation{};
    }
    install(spec);
    const std::uint32_t mtu = tunnel_mtu(1500, udp);
    a.path->submit_outbound(make_packet({.payload = mtu - 20}));
    a.path->submit_outbound(make_packet({.payload = mtu - 19}));
    a.run();
    ASSERT_EQ(a.sink.wire.size(), 2U);
    EXPECT_LE(a.sink.wire[0].size(), 1500U);
    EXPECT_GT(a.sink.wire[1].size(), 1500U);
    a.sink.wire.clear();
  }
}

// The 8 bytes behind SPI and sequence number are the IV: unique for each packet, and here the number itself.
std::uint64_t iv_of(const Bytes& outer) {
  return load_be64(outer, 20 + 8);
}

TEST_F(SoftwareEngineDataPath, NoNumberRepeatsOverManyLeases) {
  install(child(1));
  std::set<std::uint64_t> ivs;
  constexpr std::uint64_t packets = 1000;
  for (std::uint64_t i = 0; i < packets; ++i) {
    a.path->submit_outbound(make_packet());
    if (i % 5 == 4) {
      a.run();
      for (const Bytes& outer : a.sink.wire) {
        EXPECT_TRUE(ivs.insert(iv_of(outer)).second);
      }
      carry();
    }
  }
  EXPECT_EQ(ivs.size(), packets);
  EXPECT_EQ(*ivs.begin(), 1U);
  EXPECT_EQ(*ivs.rbegin(), packets);
  EXPECT_EQ(b.sink.received.size(), packets);
  const auto statistics = a.path->statistics();
  ASSERT_TRUE(statistics);
  const ChildSaStatistics& sa = statistics->children.at(0);
  EXPECT_EQ(sa.outbound.next_sequence, packets + 1);
  EXPECT_GT(sa.lease_limit, packets);
  EXPECT_LE(sa.lease_limit, packets + 1 + small_lease.size) << "one lease ahead, no more";
  EXPECT_EQ(policy_value(*a.path, "lease_renewal_failed"), 0U);
  EXPECT_EQ(a.verdicts(true, driver::Verdict::lease_exhausted), 0U);
}

TEST_F(SoftwareEngineDataPath, AnExhaustedLeaseDropsAndGoesOnOnceRenewed) {
  install(child(1));
  std::set<std::uint64_t> ivs;
  std::uint64_t sent = 0;
  for (int burst = 0; burst < 10; ++burst) {
    for (int i = 0; i < 40; ++i) {
      a.path->submit_outbound(make_packet());
    }
    a.run();
    EXPECT_FALSE(a.sink.wire.empty()) << "burst " << burst;
    EXPECT_LT(a.sink.wire.size(), 40U);
    for (const Bytes& outer : a.sink.wire) {
      EXPECT_TRUE(ivs.insert(iv_of(outer)).second);
    }
    sent += a.sink.wire.size();
    a.sink.wire.clear();
  }
  // A packet that is dropped takes no number.
  EXPECT_EQ(*ivs.rbegin(), sent);
  EXPECT_EQ(a.verdicts(true, driver::Verdict::lease_exhausted), 400 - sent);
}

TEST_F(SoftwareEngineDataPath, ATableThatIsFullRollsBack) {
  for (std::uint32_t id = 1; id <= 4; ++id) {
    ASSERT_TRUE(a.path->install(child(id)));
  }
  EXPECT_FALSE(a.path->install(child(5)));
  a.path->remove(2);
  EXPECT_TRUE(a.path->install(child(5)));
  EXPECT_EQ(policy_value(*a.path, "sa_remove_failed"), 0U);
}

TEST_F(SoftwareEngineDataPath, AnSpiInUseLeavesNothingBehind) {
  ASSERT_TRUE(a.path->install(child(1)));
  ChildSaSpec same_spi = child(2);
  same_spi.inbound_spi = child(1).inbound_spi;
  EXPECT_FALSE(a.path->install(same_spi));
  EXPECT_EQ(a.path->statistics()->children.size(), 1U);
  ASSERT_TRUE(a.path->install(child(2)));
  ASSERT_TRUE(a.path->install(child(3)));
  EXPECT_TRUE(a.path->install(child(4))) << "no row was lost";
}

TEST_F(SoftwareEngineDataPath, CountersConserveWhatTheWireDoes) {
  install(child(1));
  for (int i = 0; i < 200; ++i) {
    a.path->submit_outbound(make_packet({.payload = static_cast<std::size_t>(8 + i)}));
    a.run();
    Bytes outer = a.sink.wire.back();
    a.sink.wire.clear();
    if (i % 4 == 1) {
      outer.back() ^= 1;
    } else if (i % 4 == 2) {
      b.path->submit_inbound(outer);  // and once more below
    } else if (i % 4 == 3) {
      outer.resize(outer.size() - 1);
    }
    b.path->submit_inbound(outer);
    b.run();
  }
  const driver::DirectionCounters counters = b.path->statistics()->counters.inbound;
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counters.verdicts) {
    sum += count;
  }
  EXPECT_EQ(counters.packets_in, 250U);
  EXPECT_EQ(sum, 250U);
  EXPECT_EQ(b.sink.received.size(), 100U);
  EXPECT_EQ(b.verdicts(false, driver::Verdict::icv_failed), 50U);
  EXPECT_EQ(b.verdicts(false, driver::Verdict::replay_duplicate), 50U);
  EXPECT_EQ(b.verdicts(false, driver::Verdict::header_malformed), 50U);
}

}  // namespace
}  // namespace espgate::offload
