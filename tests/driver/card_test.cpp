// SA programming over a register port that is only a model: what is written where, and what a port that
// misbehaves leads to.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "card/raised_events.h"
#include "card/sa_tables.h"
#include "support/harness.h"
#include "support/shadow_fields.h"

namespace espgate::driver::test {
namespace {

namespace r = registers;
using card::SaTables;

// A register file that accepts every command, and can be told to fail.
class ModelPort final : public card::RegisterPort {
 public:
  std::uint32_t read(std::uint32_t offset) override {
    ++reads;
    if (dead) {
      return UINT32_MAX;
    }
    if (offset == r::reg_status) {
      return 1U << r::status_ready.lsb | (busy_forever ? 1U << r::status_busy.lsb : 0) |
             (reject ? 1U << r::status_rejected.lsb : 0) | self_test;
    }
    if (offset >= r::reg_snapshot_data && offset < r::reg_snapshot_data + 4 * r::engine_snapshot_words) {
      return (offset - r::reg_snapshot_data) / 4 + 0x100;
    }
    return words.contains(offset) ? words.at(offset) : 0;
  }
  void write(std::uint32_t offset, std::uint32_t value) override {
    writes.emplace_back(offset, value);
    if (offset >= r::reg_sa_data && offset < r::reg_sa_data + 4 * r::engine_shadow_words) {
      shadow[(offset - r::reg_sa_data) / 4] = value;
    }
    if (offset == r::reg_sa_command) {
      last_row = std::exchange(shadow, {});
    }
    if (offset == r::reg_table_command) {
      entries.emplace_back(value, std::exchange(shadow, {}));
    }
    if (offset == r::reg_self_test) {
      self_test = 1U << (value >> r::self_test_corrupt.lsb & 1U ? r::status_self_test_failed.lsb
                                                                : r::status_self_test_passed.lsb);
    }
  }

  std::map<std::uint32_t, std::uint32_t> words{
      {r::reg_id, r::engine_id},
      {r::reg_version, r::engine_version_major << r::version_major.lsb | r::engine_version_minor},
      {r::reg_capabilities, 0xfff},
      {r::reg_table_sizes, 2 | 3 << 8 | 1 << 16 | 5 << 24},
      {r::reg_max_packet_bytes, 16384},
      {r::reg_replay_window, 2048},
  };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> writes;
  using Words = std::map<std::uint32_t, std::uint32_t>;
  Words shadow;
  Words last_row;
  std::vector<std::pair<std::uint32_t, Words>> entries;  // table command, and what it wrote
  std::uint32_t self_test = 1U << r::status_self_test_passed.lsb;
  std::size_t reads = 0;
  bool dead = false;
  bool busy_forever = false;
  bool reject = false;
};

std::vector<std::uint32_t> dense(const ModelPort::Words& words) {
  std::vector<std::uint32_t> all(r::engine_shadow_words);
  for (const auto& [at, value] : words) {
    all[at] = value;
  }
  return all;
}

TEST(SaTables, ReadsWhatTheEngineIs) {
  ModelPort port;
  const auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables) << tables.error().message;
  const Capabilities& capabilities = tables->capabilities();
  EXPECT_EQ(capabilities.name, "model");
  EXPECT_EQ(capabilities.outbound_sas, 4U);
  EXPECT_EQ(capabilities.inbound_sas, 8U);
  EXPECT_EQ(capabilities.max_packet_bytes, 16384U);
  EXPECT_EQ(capabilities.replay_window, 2048U);
  EXPECT_EQ(capabilities.spd_cache_entries, 4U << 5);
  EXPECT_TRUE(port.writes.empty());
}

TEST(SaTables, RefusesAnotherEngine) {
  const auto refused = [](std::uint32_t offset, std::uint32_t value, std::string_view word) {
    ModelPort port;
    port.words[offset] = value;
    const auto tables = SaTables::create(port, "model");
    ASSERT_FALSE(tables);
    EXPECT_NE(tables.error().message.find(word), std::string::npos) << tables.error().message;
  };
  refused(r::reg_id, UINT32_MAX, "does not answer");
  refused(r::reg_id, 0x12345678, "0x12345678");
  refused(r::reg_version, (r::engine_version_major + 1) << 16, "version 1.0");
  refused(r::reg_version, r::engine_version_minor - 1, "version 0.1");
  refused(r::reg_table_sizes, 0x1f1f1f, "table sizes");
}

TEST(SaTables, CapabilitiesDecide) {
  ModelPort port;
  port.words[r::reg_capabilities] = 1U << r::capabilities_tunnel.lsb | 1U << r::capabilities_aes_gcm_128.lsb;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->capabilities().spd_cache_entries, 0U);
  const auto refused = [&](auto change, std::string_view capability) {
    OutboundSa sa = outbound_sa();
    sa.key = key_of(16);
    change(sa);
    const auto result = tables->add_outbound(sa);
    ASSERT_FALSE(result) << capability;
    EXPECT_NE(result.error().message.find("capability " + std::string(capability)), std::string::npos)
        << result.error().message;
  };
  refused([](OutboundSa& sa) { sa.key = key_of(32); }, "aes_gcm_256");
  refused([](OutboundSa& sa) { sa.cipher = Cipher::null_aes_gmac; }, "gmac_128");
  refused([](OutboundSa& sa) { sa.key = key_of(32), sa.cipher = Cipher::null_aes_gmac; }, "gmac_256");
  refused([](OutboundSa& sa) { sa.esn = true; }, "esn");
  refused([](OutboundSa& sa) { sa.encapsulation = UdpEncapsulation{}; }, "udp_encapsulation");
  refused([](OutboundSa& sa) { sa.mode = Mode::transport; }, "transport");
  refused([](OutboundSa& sa) { sa = outbound_sa6(), sa.key = key_of(16); }, "ipv6");
  refused([](OutboundSa& sa) { sa.tfc_bytes = 100; }, "tfc");
  refused([](OutboundSa& sa) { sa.lifetime.hard_packets = 100; }, "lifetimes");
  OutboundSa sa = outbound_sa();
  sa.key = key_of(16);
  const auto index = tables->add_outbound(sa);
  EXPECT_TRUE(index);
  const auto cached = tables->cache_policy(Direction::outbound, {}, Policy::protect, *index);
  ASSERT_FALSE(cached);
  EXPECT_NE(cached.error().message.find("capability spd_cache"), std::string::npos) << cached.error().message;
}

TEST(SaTables, CommitsTheRowBeforeTheSpiAndTakesTheSpiAwayFirst) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto index = tables->add_inbound(inbound_sa(0x2001));
  ASSERT_TRUE(index);
  const auto position = [&](std::uint32_t offset) {
    return std::ranges::find(port.writes, offset, &std::pair<std::uint32_t, std::uint32_t>::first) -
           port.writes.begin();
  };
  EXPECT_LT(position(r::reg_sa_data), position(r::reg_sa_command));
  EXPECT_LT(position(r::reg_sa_command), position(r::reg_table_command));
  EXPECT_EQ(port.last_row.size(), (r::inbound_row::bits + 31) / 32);
  port.writes.clear();
  ASSERT_TRUE(tables->remove(Direction::inbound, *index));
  EXPECT_LT(position(r::reg_table_command), position(r::reg_sa_command));
  const std::uint32_t command = port.writes.back().second;
  EXPECT_EQ(command, 1U << r::sa_command_inbound.lsb | r::sa_operation_remove << r::sa_command_operation.lsb);
}

TEST(SaTables, RenewalWritesOnlyTheLease) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto index = tables->add_outbound(outbound_sa());
  ASSERT_TRUE(index);
  ASSERT_TRUE(tables->renew_lease(*index, 0x300000, 0x2fffff));
  const auto words = dense(port.last_row);
  EXPECT_EQ(field(words, r::outbound_row::lease_limit), 0x300000U);
  EXPECT_EQ(field(words, r::outbound_row::lease_low), 0x2fffffU);
  EXPECT_EQ(wide(words, r::outbound_row::key), std::string(64, '0'));
}

TEST(SaTables, WritesSpiEntriesAndTakesThemOut) {
  namespace entry = r::spi_entry;
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  ASSERT_TRUE(tables->add_inbound(inbound_sa(0x2001)));
  const auto second = tables->add_inbound(inbound_sa(0x2002));
  ASSERT_TRUE(second);
  ASSERT_EQ(port.entries.size(), 2U);
  const auto& [command, words] = port.entries.back();
  EXPECT_EQ(command >> r::table_command_table.lsb, r::table_spi);
  EXPECT_EQ(field(dense(words), entry::valid), 1U);
  EXPECT_EQ(field(dense(words), entry::sa), second->value);
  EXPECT_EQ(field(dense(words), entry::spi), 0x2002U);
  ASSERT_TRUE(tables->remove(Direction::inbound, *second));
  EXPECT_EQ(port.entries.back().first, port.entries.at(1).first) << "the same place";
  EXPECT_EQ(field(dense(port.entries.back().second), entry::valid), 0U);
}

TEST(SaTables, AFullSpiTableLeavesNothingBehind) {
  ModelPort port;
  // One entry a way: four SPIs, for eight rows.
  port.words[r::reg_table_sizes] = 2 | 3 << 8;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  for (std::uint32_t spi = 0x2001; spi < 0x2005; ++spi) {
    ASSERT_TRUE(tables->add_inbound(inbound_sa(spi)));
  }
  const auto refused = tables->add_inbound(inbound_sa(0x2005));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no room for SPI 0x00002005"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(port.writes.back().second,
            4U | 1U << r::sa_command_inbound.lsb | r::sa_operation_remove << r::sa_command_operation.lsb)
      << "the row is wiped";
  EXPECT_TRUE(tables->health());
  ASSERT_TRUE(tables->remove(Direction::inbound, {1}));
  const auto taken = tables->add_inbound(inbound_sa(0x2005));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->value, 1U);
}

TEST(SaTables, WritesSpdCacheEntries) {
  namespace entry = r::spd_cache_entry;
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  ASSERT_TRUE(tables->add_outbound(outbound_sa()));
  const auto index = tables->add_outbound(outbound_sa());
  ASSERT_TRUE(index);
  Flow flow{.spd = 7,
            .protocol = 17,
            .ports_known = true,
            .source_port = 0x1234,
            .destination_port = 0x5678,
            .source = IpAddress::v4(0x0a010203),
            .destination = IpAddress::v4(0x0a040506)};
  ASSERT_TRUE(tables->cache_policy(Direction::outbound, flow, Policy::protect, *index));
  auto words = dense(port.entries.back().second);
  EXPECT_EQ(port.entries.back().first >> r::table_command_table.lsb, r::table_outbound_spd_cache);
  EXPECT_EQ(field(words, entry::valid), 1U);
  EXPECT_EQ(field(words, entry::policy), r::policy_protect);
  EXPECT_EQ(field(words, entry::sa), 1U);
  EXPECT_EQ(field(words, entry::ipv6), 0U);
  EXPECT_EQ(field(words, entry::ports_known), 1U);
  EXPECT_EQ(field(words, entry::spd), 7U);
  EXPECT_EQ(field(words, entry::protocol), 17U);
  EXPECT_EQ(field(words, entry::source_port), 0x1234U);
  EXPECT_EQ(field(words, entry::destination_port), 0x5678U);
  EXPECT_EQ(wide(words, entry::source), std::string(24, '0') + "0a010203");
  EXPECT_EQ(wide(words, entry::destination), std::string(24, '0') + "0a040506");
  const std::uint32_t place = port.entries.back().first;
  ASSERT_TRUE(tables->cache_policy(Direction::outbound, flow, Policy::bypass, {}));
  EXPECT_EQ(port.entries.back().first, place) << "replaced where it stands";
  EXPECT_EQ(field(dense(port.entries.back().second), entry::policy), r::policy_bypass);
  flow.source = *IpAddress::parse("2001:db8::1");
  flow.destination = *IpAddress::parse("2001:db8::2");
  ASSERT_TRUE(tables->cache_policy(Direction::inbound, flow, Policy::discard, {}));
  words = dense(port.entries.back().second);
  EXPECT_EQ(port.entries.back().first >> r::table_command_table.lsb, r::table_inbound_spd_cache);
  EXPECT_EQ(field(words, entry::ipv6), 1U);
  EXPECT_EQ(wide(words, entry::source), "20010db8000000000000000000000001");
  ASSERT_TRUE(tables->forget_policy(Direction::inbound, flow));
  EXPECT_EQ(field(dense(port.entries.back().second), entry::valid), 0U);
  const std::size_t count = port.entries.size();
  ASSERT_TRUE(tables->forget_policy(Direction::inbound, flow));
  EXPECT_EQ(port.entries.size(), count) << "nothing to forget, nothing to write";
}

TEST(SaTables, FlowsGoBeforeTheRowThatTheyLeadTo) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto index = tables->add_outbound(outbound_sa());
  ASSERT_TRUE(index);
  for (std::uint8_t spd = 0; spd < 5; ++spd) {
    ASSERT_TRUE(tables->cache_policy(Direction::outbound, {.spd = spd},
                                     spd == 2 ? Policy::bypass : Policy::protect, *index));
  }
  port.entries.clear();
  ASSERT_TRUE(tables->remove(Direction::outbound, *index));
  EXPECT_EQ(port.entries.size(), 4U) << "all but the one that leads to no SA";
  for (const auto& [command, words] : port.entries) {
    EXPECT_EQ(field(dense(words), r::spd_cache_entry::valid), 0U);
  }
  EXPECT_EQ(port.writes.back().first, r::reg_sa_command);
}

TEST(RaisedEvents, AsRegisterEventDataHasThem) {
  EXPECT_FALSE(card::raised_events(0));
  auto event = card::raised_events(0x80000000U | 0x21U << 24 | 5);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->direction, Direction::outbound);
  EXPECT_EQ(event->row, 5U);
  EXPECT_EQ(event->kinds, kinds_of(Event::Kind::lease_low) | kinds_of(Event::Kind::replay_alarm));
  event = card::raised_events(0x80000000U | 0x02U << 24 | 1U << 20 | 0xabcde);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->direction, Direction::inbound);
  EXPECT_EQ(event->row, 0xabcdeU);
  EXPECT_EQ(event->kinds, kinds_of(Event::Kind::soft_expired));
}

TEST(SaTables, TheSelfTestIsPartOfHealth) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  EXPECT_TRUE(tables->self_test(SelfTest::run));
  const auto failed = tables->self_test(SelfTest::fail);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("failed its self-test"), std::string::npos) << failed.error().message;
  EXPECT_FALSE(tables->health());
  EXPECT_TRUE(tables->counters()) << "the registers work all the same";
  EXPECT_TRUE(tables->self_test(SelfTest::run));
  EXPECT_TRUE(tables->health());
  port.self_test = 0;
  EXPECT_FALSE(tables->health()) << "neither passed nor failed";
  ModelPort broken;
  broken.self_test = 1U << r::status_self_test_failed.lsb;
  EXPECT_FALSE(SaTables::create(broken, "model"));
}

TEST(SaTables, SnapshotsAreSixtyFourBits) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto counters = tables->counters();
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->cycles, 0x00000101'00000100U);
  EXPECT_EQ(counters->outbound.packets_in, 0x00000103'00000102U);
  EXPECT_EQ(counters->outbound.events_lost, 0x0000010b'0000010aU);
  EXPECT_EQ(counters->inbound.verdicts[0], 0x0000010d'0000010cU);
}

TEST(SaTables, AnEngineThatFallsSilentIsReportedAndNotWaitedForForever) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  port.busy_forever = true;
  port.reads = 0;
  const auto added = tables->add_outbound(outbound_sa());
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find("did not finish add SA"), std::string::npos) << added.error().message;
  EXPECT_LT(port.reads, 200'000U);
  // From then on nothing is asked of it.
  port.busy_forever = false;
  port.writes.clear();
  EXPECT_FALSE(tables->health());
  EXPECT_FALSE(tables->add_outbound(outbound_sa()));
  EXPECT_FALSE(tables->counters());
  EXPECT_TRUE(port.writes.empty());
}

TEST(SaTables, HealthSeesAPortThatIsGone) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  EXPECT_TRUE(tables->health());
  port.dead = true;
  const auto health = tables->health();
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().message.find("all ones"), std::string::npos) << health.error().message;
}

TEST(SaTables, ARejectedCommandIsAnError) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  port.reject = true;
  const auto added = tables->add_outbound(outbound_sa());
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find("rejected"), std::string::npos) << added.error().message;
}

}  // namespace
}  // namespace espgate::driver::test
