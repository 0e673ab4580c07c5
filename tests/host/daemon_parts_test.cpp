#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "daemon/key_log.h"
#include "daemon/options.h"
#include "daemon/placement.h"
#include "gateway_pair.h"
#include "temp_dir.h"

namespace espgate::host::daemon {
namespace {

ike::TrafficSelector ts(std::string_view text) {
  return *ike::TrafficSelector::parse(text);
}

ike::ChildSa sample_sa() {
  ike::ChildSa sa;
  sa.id = 9;
  sa.connection = "site";
  sa.child = "net";
  sa.proposal = *ike::parse_esp_proposal("aes128gcm16-esn");
  sa.esn = true;
  sa.inbound_spi = 0x1000;
  sa.outbound_spi = 0x2000;
  Bytes key(20);
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(i);
  }
  sa.inbound_key = Secret(key);
  key[0] = 0xff;
  sa.outbound_key = Secret(key);
  sa.local_address = *IpAddress::parse("192.0.2.1");
  sa.remote_address = *IpAddress::parse("192.0.2.2");
  sa.local_ts = {ts("10.1.0.0/24")};
  sa.remote_ts = {ts("10.2.0.0/24")};
  return sa;
}

TEST(DaemonPlacement, PairsSelectorsAndTheirProtocols) {
  const auto pairs = to_selectors({ts("10.1.0.0/24[tcp/80]"), ts("10.5.0.0/24")},
                                  {ts("10.2.0.0/24"), ts("10.3.0.0/24[udp]")});
  ASSERT_EQ(pairs.size(), 3U);  // tcp with udp is no pair
  EXPECT_EQ(pairs[0].protocol, 6);
  EXPECT_EQ(pairs[0].local_port_first, 80);
  EXPECT_EQ(pairs[0].local_port_last, 80);
  EXPECT_EQ(pairs[0].remote_port_last, 65535);
  EXPECT_EQ(pairs[1].protocol, std::nullopt);
  EXPECT_EQ(pairs[2].protocol, 17);
  EXPECT_EQ(pairs[2].remote.to_string(), "10.3.0.0/24");
}

TEST(DaemonPlacement, SplitsKeyAndSalt) {
  ike::ChildSa sa = sample_sa();
  sa.udp_encapsulation = true;
  sa.remote_port = 12345;
  const auto spec = to_spec(sa);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name, "site.net");
  EXPECT_EQ(spec->inbound_key.key.size(), 16U);
  EXPECT_EQ(spec->inbound_key.key.view()[15], 15);
  EXPECT_EQ(spec->inbound_key.salt.view()[0], 16);
  EXPECT_EQ(spec->outbound_key.key.view()[0], 0xff);
  EXPECT_TRUE(spec->esn);
  EXPECT_EQ(spec->encapsulation->source_port, 4500);
  EXPECT_EQ(spec->encapsulation->destination_port, 12345);
}

TEST(DaemonPlacement, RefusesWhatNoEngineCarries) {
  ike::ChildSa sa = sample_sa();
  sa.transport_mode = true;
  EXPECT_FALSE(to_spec(sa));
  sa = sample_sa();
  sa.proposal = *ike::parse_esp_proposal("aes128-sha256");
  EXPECT_FALSE(to_spec(sa));
  sa = sample_sa();
  sa.inbound_key = Secret(Bytes(19));
  EXPECT_EQ(to_spec(sa).error().message, "the inbound key has 19 bytes, and AES-GCM-128 takes 20");
  sa = sample_sa();
  sa.remote_ts = {ts("192.0.2.0/24")};
  EXPECT_EQ(to_spec(sa).error().message,
            "the remote traffic selector 192.0.2.0/24 holds the peer's own address 192.0.2.2");
}

TEST(DaemonKeyLog, WritesWhatWiresharkReads) {
  const TempDir dir;
  const std::string path = dir.path("esp_sa");
  {
    auto log = KeyLog::create(path);
    ASSERT_TRUE(log) << log.error().message;
    (*log)->add(*to_spec(sample_sa()));
  }
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(),
            "\"IPv4\",\"192.0.2.2\",\"192.0.2.1\",\"0x00001000\",\"AES-GCM with 16 octet ICV [RFC4106]\","
            "\"0x000102030405060708090a0b0c0d0e0f10111213\",\"NULL\",\"\"\n"
            "\"IPv4\",\"192.0.2.1\",\"192.0.2.2\",\"0x00002000\",\"AES-GCM with 16 octet ICV [RFC4106]\","
            "\"0xff0102030405060708090a0b0c0d0e0f10111213\",\"NULL\",\"\"\n");
  EXPECT_EQ(KeyLog::create(path).error().message,
            "the key log '" + path + "' is there already: remove it, or choose another file");
  EXPECT_FALSE(KeyLog::create(dir.path("no/such/folder")));
}

TEST(DaemonOptions, ReadsTheCommandLine) {
  std::ostringstream out;
  std::ostringstream err;
  const auto parse = [&](std::vector<std::string> arguments) {
    return parse_options(std::move(arguments), out, err);
  };
  const auto defaults = parse({});
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->config, "/etc/espgate/swanctl.conf");
  EXPECT_EQ(defaults->socket, "/run/espgate/espgate.vici");
  EXPECT_EQ(defaults->engine, EngineKind::software);
  EXPECT_EQ(defaults->tun, "espgate0");
  EXPECT_TRUE(defaults->key_log.empty());
  EXPECT_FALSE(defaults->check);
  const auto all = parse({"--config", "c", "--socket", "s", "--engine", "simulated", "--trace", "t.fst",
                          "--tun", "tun9", "--log-level", "warn", "--key-log", "k", "--check"});
  ASSERT_TRUE(all) << err.str();
  EXPECT_EQ(all->engine, EngineKind::simulated);
  EXPECT_EQ(all->trace, "t.fst");
  EXPECT_TRUE(all->check);
  const auto card = parse({"--engine", "xrt", "--device", "0000:c1:00.1", "--xclbin", "esp.xclbin"});
  ASSERT_TRUE(card) << err.str();
  EXPECT_EQ(card->engine, EngineKind::xrt);
  EXPECT_EQ(card->device, "0000:c1:00.1");
  EXPECT_EQ(card->xclbin, "esp.xclbin");
  EXPECT_EQ(parse({"--help"}).error(), 0);
  EXPECT_EQ(parse({"--version"}).error(), 0);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--engine", "warp"},
                                             {"--engine", "1"},
                                             {"--nonsense"},
                                             {"positional"},
                                             {"--trace", "x"},
                                             {"--engine", "xrt"},
                                             {"--engine", "xrt", "--xclbin", "x", "--trace", "y"},
                                             {"--xclbin", "x"},
                                             {"--engine", "simulated", "--device", "0"},
                                             {"--tun", "much-too-long-a-name"},
                                             {"--tun", "a/b"},
                                             {"--log-level", "loud"},
                                             {"--config"}}) {
    EXPECT_EQ(parse(wrong).error(), 2) << wrong.front();
  }
}

// A packet of each side through both engines and back out.
TEST(DaemonPump, CarriesPacketsBetweenTwoGateways) {
  GatewayPair pair;
  ASSERT_TRUE(pair.a.configuration.load());
  ASSERT_TRUE(pair.b.configuration.load());
  ASSERT_TRUE(pair.a.ike.stack().initiate("site", "net", pair.a.ike.now()));
  pair.a.ike.settle();
  pair.run_ready();
  ASSERT_EQ(pair.b.ike.stack().list().size(), 1U);

  std::vector<Bytes> arrived;
  std::vector<Bytes> wire;
  pair.a.pump.to_devices(
      [&](ByteView packet) {
        wire.emplace_back(packet.begin(), packet.end());
        pair.b.pump.inbound(packet);
      },
      [](ByteView) {});
  pair.b.pump.to_devices([](ByteView) {},
                         [&](ByteView packet) { arrived.emplace_back(packet.begin(), packet.end()); });
  // IPv4, 28 bytes, protocol 1, 10.1.0.5 to 10.2.0.7.
  Bytes packet{0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1, 0, 5, 10, 2, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0};
  pair.a.pump.outbound(packet);
  packet[19] = 8;
  pair.a.pump.outbound(packet);
  Bytes elsewhere = packet;
  elsewhere[17] = 3;
  pair.a.pump.outbound(elsewhere);
  pair.run_ready();
  ASSERT_EQ(arrived.size(), 2U);
  EXPECT_EQ(arrived[1], packet);
  EXPECT_EQ(wire.size(), 2U);
  EXPECT_EQ(wire[0][9], 50);
  const auto statistics = pair.a.pump.data_path().statistics();
  ASSERT_TRUE(statistics);
  for (const offload::PolicyCounter& counter : statistics->policy) {
    EXPECT_EQ(counter.value, counter.name == "outbound_no_policy" ? 1U : 0U) << counter.name;
  }
}

// The first packets bring the SA up and go through it, in their order; no more than there is room for wait.
TEST(DaemonPump, HoldsWhatAsksForAnSa) {
  PairConfig trap = config_a();
  trap.child_extra = "start_action = trap";
  GatewayPair pair(trap);
  ASSERT_TRUE(pair.a.configuration.load());
  ASSERT_TRUE(pair.b.configuration.load());
  int asked = 0;
  pair.a.pump.held().on_wanted([&](const std::string& entry) {
    EXPECT_EQ(entry, "site.net");
    ++asked;
    EXPECT_TRUE(pair.a.ike.stack().initiate("site", "net", pair.a.ike.now()));
    pair.a.ike.settle();
  });
  std::vector<std::uint8_t> arrived;
  pair.a.pump.to_devices([&](ByteView packet) { pair.b.pump.inbound(packet); }, [](ByteView) {});
  pair.b.pump.to_devices([](ByteView) {}, [&](ByteView packet) { arrived.push_back(packet[24]); });
  Bytes packet{0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1, 0, 5, 10, 2, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::uint8_t too_many = HoldQueue::most_of_an_entry + 3;
  for (std::uint8_t i = 0; i < too_many; ++i) {
    packet[24] = i;
    pair.a.pump.outbound(packet);
  }
  EXPECT_EQ(pair.a.pump.held().size(), HoldQueue::most_of_an_entry);
  pair.run_ready();
  EXPECT_EQ(asked, 1);
  ASSERT_EQ(arrived.size(), HoldQueue::most_of_an_entry);
  for (std::uint8_t i = 0; i < HoldQueue::most_of_an_entry; ++i) {
    EXPECT_EQ(arrived[i], i);
  }
  EXPECT_EQ(pair.a.pump.held().size(), 0U);
  const auto statistics = pair.a.pump.data_path().statistics();
  ASSERT_TRUE(statistics);
  for (const offload::PolicyCounter& counter : statistics->policy) {
    EXPECT_EQ(counter.value, counter.name == "outbound_held"    ? HoldQueue::most_of_an_entry
                             : counter.name == "outbound_no_sa" ? 3U
                                                                : 0U)
        << counter.name;
  }
}

// The entry of A asks for nothing on demand.
TEST(DaemonPump, HoldsNothingWithoutATrap) {
  GatewayPair pair;
  ASSERT_TRUE(pair.a.configuration.load());
  pair.a.pump.held().on_wanted([](const std::string&) { ADD_FAILURE() << "nothing is to be asked for"; });
  const Bytes packet{0x45, 0, 0,  28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1,
                     0,    5, 10, 2,  0, 7, 8, 0, 0,  0, 0, 0, 0,  0};
  pair.a.pump.outbound(packet);
  pair.run_ready();
  EXPECT_EQ(pair.a.pump.held().size(), 0U);
}

// The engine counts, the watch looks, IKE replaces and ends.
TEST(DaemonVolumes, AreWatched) {
  PairConfig limited = config_a();
  limited.child_extra = "rekey_packets = 3\nlife_packets = 5\nrand_packets = 0";
  GatewayPair pair(limited);
  ASSERT_TRUE(pair.a.configuration.load());
  ASSERT_TRUE(pair.b.configuration.load());
  ASSERT_TRUE(pair.a.ike.stack().initiate("site", "net", pair.a.ike.now()));
  pair.a.ike.settle();
  pair.run_ready();
  const Bytes packet{0x45, 0, 0,  28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1,
                     0,    5, 10, 2,  0, 7, 8, 0, 0,  0, 0, 0, 0,  0};
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) {
      pair.a.pump.outbound(packet);
    }
    pair.run_ready();
    pair.a.volumes.look();
    pair.run_ready();
  };
  const auto child = [&] { return pair.a.ike.stack().list().front().children.front().id; };
  const ike::ChildSaId first = child();
  send(2);
  EXPECT_EQ(child(), first);
  send(1);
  EXPECT_NE(child(), first) << "the third packet is the soft limit";
  const ike::ChildSaId second = child();
  pair.network_up = false;
  send(3);
  EXPECT_EQ(child(), second);
  send(2);
  EXPECT_TRUE(pair.a.ike.stack().list().front().children.empty()) << "the fifth packet is the hard limit";
  // The first one, which was replaced, receives for a moment longer.
  const auto left = pair.a.pump.data_path().statistics()->children;
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().id, first);
}

// Between any two messages of the rekeyings a packet goes each way, and none is lost.
TEST(DaemonPump, LosesNoPacketWhileSasAreReplaced) {
  GatewayPair pair;
  ASSERT_TRUE(pair.a.configuration.load());
  ASSERT_TRUE(pair.b.configuration.load());
  ASSERT_TRUE(pair.a.ike.stack().initiate("site", "net", pair.a.ike.now()));
  pair.a.ike.settle();
  pair.run_ready();
  std::size_t arrived_a = 0;
  std::size_t arrived_b = 0;
  pair.a.pump.to_devices([&](ByteView packet) { pair.b.pump.inbound(packet); },
                         [&](ByteView) { ++arrived_a; });
  pair.b.pump.to_devices([&](ByteView packet) { pair.a.pump.inbound(packet); },
                         [&](ByteView) { ++arrived_b; });
  const Bytes to_b{0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1, 0, 5, 10, 2, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0};
  Bytes to_a = to_b;
  std::swap_ranges(to_a.begin() + 12, to_a.begin() + 16, to_a.begin() + 16);
  std::size_t sent = 0;
  std::set<ike::ChildSaId> seen;
  const auto run_with_traffic = [&] {
    pair.io.restart();
    while (pair.io.poll_one() != 0) {
      pair.a.pump.outbound(to_b);
      pair.b.pump.outbound(to_a);
      ++sent;
      ASSERT_LT(sent, 10000U);
      // The traffic itself keeps the loop busy: let it go after a while.
      if (sent % 40 == 0) {
        pair.io.poll();
        return;
      }
    }
  };
  for (int round = 0; round < 6; ++round) {
    TestGateway& gateway = round % 2 == 0 ? pair.a : pair.b;
    const ike::IkeSaView sa = gateway.ike.stack().list().front();
    ASSERT_EQ(sa.children.size(), 1U);
    seen.insert(sa.children.front().id);
    if (round < 4) {
      ASSERT_TRUE(gateway.ike.stack().rekey_child(sa.children.front().id, gateway.ike.now()));
    } else {
      ASSERT_TRUE(gateway.ike.stack().rekey_ike(sa.id, gateway.ike.now()));
    }
    gateway.ike.settle();
    run_with_traffic();
  }
  EXPECT_GE(seen.size(), 4U);
  EXPECT_GT(sent, 30U);
  EXPECT_EQ(arrived_a, sent);
  EXPECT_EQ(arrived_b, sent);
  // Those that were replaced receive for a moment longer.
  constexpr std::size_t replaced = 4;
  EXPECT_EQ(pair.a.pump.data_path().statistics()->children.size(), 1U + replaced);
}

}  // namespace
}  // namespace espgate::host::daemon
