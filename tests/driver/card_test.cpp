// SA programming over a register port that is only a model: what is written where, and what a port that
// misbehaves leads to.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/hex.h"
#include "card/sa_tables.h"
#include "gf128.h"
#include "support/harness.h"
#include "support/random.h"

namespace espgate::driver::test {
namespace {

namespace r = registers;
using card::SaRow;
using card::SaTables;
using card::SpiSlot;
using card::SpiTable;

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
             (reject ? 1U << r::status_rejected.lsb : 0);
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
      last_row = shadow;
      shadow.clear();
    }
  }

  std::map<std::uint32_t, std::uint32_t> words{
      {r::reg_id, r::engine_id},
      {r::reg_version, r::engine_version_major << r::version_major.lsb | r::engine_version_minor},
      {r::reg_capabilities, 0x1f},
      {r::reg_table_sizes, 2 | 3 << 8 | 1 << 16},
      {r::reg_max_packet_bytes, 16384},
      {r::reg_replay_window, 64},
  };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> writes;
  std::map<std::uint32_t, std::uint32_t> shadow;
  std::map<std::uint32_t, std::uint32_t> last_row;
  std::size_t reads = 0;
  bool dead = false;
  bool busy_forever = false;
  bool reject = false;
};

std::uint64_t field(std::span<const std::uint32_t> words, r::Field at) {
  std::uint64_t value = 0;
  for (std::uint32_t bit = 0; bit < at.width; ++bit) {
    const std::uint32_t from = at.lsb + bit;
    if (from / 32 < words.size() && (words[from / 32] >> (from % 32) & 1U) != 0) {
      value |= std::uint64_t{1} << bit;
    }
  }
  return value;
}
// A field wider than 64 bits as big-endian hex.
std::string wide(std::span<const std::uint32_t> words, r::Field at) {
  Bytes bytes;
  for (std::uint32_t top = at.lsb + at.width; top > at.lsb; top -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(field(words, {top - 8, 8})));
  }
  return to_hex(bytes);
}

TEST(SaRow, Outbound) {
  namespace row = r::outbound_row;
  OutboundSa sa = outbound_sa(0x89abcdef);
  sa.key = {.key = InlineSecret<32>(*from_hex("00112233445566778899aabbccddeeff")),
            .salt = InlineSecret<4>(*from_hex("a1b2c3d4"))};
  sa.esn = true;
  sa.encapsulation = UdpEncapsulation{.source_port = 0x1234, .destination_port = 0x5678};
  sa.df = DfPolicy::clear;
  sa.dscp = 46;
  sa.hop_limit = 77;
  sa.next_sequence = 0x123456789abcdef0;
  sa.lease_limit = 0xfedcba9876543210;
  sa.lease_low = 0xfedcba9876540000;
  const auto packed = SaRow::of(sa);
  ASSERT_TRUE(packed);
  const auto words = packed->words();
  EXPECT_EQ(words.size(), (row::bits + 31) / 32);
  EXPECT_EQ(field(words, row::valid), 1U);
  EXPECT_EQ(field(words, row::key_256), 0U);
  EXPECT_EQ(field(words, row::esn), 1U);
  EXPECT_EQ(field(words, row::encapsulation), 1U);
  EXPECT_EQ(field(words, row::df_policy), 2U);
  EXPECT_EQ(field(words, row::dscp_copy), 0U);
  EXPECT_EQ(field(words, row::dscp), 46U);
  EXPECT_EQ(field(words, row::hop_limit), 77U);
  EXPECT_EQ(field(words, row::spi), 0x89abcdefU);
  EXPECT_EQ(field(words, row::salt), 0xa1b2c3d4U);
  EXPECT_EQ(field(words, row::outer_source), 0xc0000201U);
  EXPECT_EQ(field(words, row::outer_destination), 0xc0000202U);
  EXPECT_EQ(field(words, row::udp_source), 0x1234U);
  EXPECT_EQ(field(words, row::udp_destination), 0x5678U);
  EXPECT_EQ(field(words, row::next_sequence), sa.next_sequence);
  EXPECT_EQ(field(words, row::lease_limit), sa.lease_limit);
  EXPECT_EQ(field(words, row::lease_low), sa.lease_low);
  EXPECT_EQ(wide(words, row::key), "00112233445566778899aabbccddeeff" + std::string(32, '0'));
  const auto powers = HashPowers::of_key(sa.key.key.view());
  ASSERT_TRUE(powers);
  EXPECT_EQ(wide(words, row::h_1), to_hex(powers->h_1.block()));
  EXPECT_EQ(wide(words, row::h_20), to_hex(powers->h_20.block()));
  EXPECT_EQ(wide(words, row::h_m2), to_hex(powers->h_m2.block()));
}

TEST(SaRow, Inbound) {
  namespace row = r::inbound_row;
  InboundSa sa = inbound_sa(0x1234);
  sa.selectors.source = *IpRange::parse("10.0.0.1-10.0.0.9");
  sa.selectors.destination = *IpRange::parse("10.2.0.0/16");
  sa.selectors.protocol = 6;
  sa.selectors.source_port_first = 1;
  sa.selectors.source_port_last = 2;
  sa.selectors.destination_port_first = 3;
  sa.selectors.destination_port_last = 4;
  sa.replay_top = 99;
  const auto packed = SaRow::of(sa);
  ASSERT_TRUE(packed);
  const auto words = packed->words();
  EXPECT_EQ(words.size(), (row::bits + 31) / 32);
  EXPECT_EQ(field(words, row::valid), 1U);
  EXPECT_EQ(field(words, row::key_256), 1U);
  EXPECT_EQ(field(words, row::esn), 0U);
  EXPECT_EQ(field(words, row::encapsulation), 0U);
  EXPECT_EQ(field(words, row::replay_check), 1U);
  EXPECT_EQ(field(words, row::protocol_any), 0U);
  EXPECT_EQ(field(words, row::protocol), 6U);
  EXPECT_EQ(field(words, row::source_first), 0x0a000001U);
  EXPECT_EQ(field(words, row::source_last), 0x0a000009U);
  EXPECT_EQ(field(words, row::destination_first), 0x0a020000U);
  EXPECT_EQ(field(words, row::destination_last), 0x0a02ffffU);
  EXPECT_EQ(field(words, row::source_port_first), 1U);
  EXPECT_EQ(field(words, row::source_port_last), 2U);
  EXPECT_EQ(field(words, row::destination_port_first), 3U);
  EXPECT_EQ(field(words, row::destination_port_last), 4U);
  EXPECT_EQ(field(words, row::replay_top), 99U);
  EXPECT_EQ(wide(words, row::key), to_hex(sa.key.key.view()));
}

TEST(SpiTable, FillsABucketAndNoMore) {
  SpiTable table(8);
  // h = spi ^ (spi >> 16); h ^ (h >> 8); modulo 256
  EXPECT_EQ(table.bucket_of(0x12345678), 0x12U ^ 0x34U ^ 0x56U ^ 0x78U);
  std::vector<std::uint32_t> spis;
  for (std::uint32_t spi = 0x100; spis.size() < 5; ++spi) {
    if (table.bucket_of(spi) == 3) {
      spis.push_back(spi);
    }
  }
  for (std::uint32_t way = 0; way < 4; ++way) {
    EXPECT_EQ(table.insert(spis[way]), (SpiSlot{.bucket = 3, .way = way}));
  }
  EXPECT_EQ(table.insert(spis[4]), std::nullopt);
  EXPECT_FALSE(table.contains(spis[4]));
  EXPECT_EQ(table.erase(spis[1]), (SpiSlot{.bucket = 3, .way = 1}));
  EXPECT_EQ(table.insert(spis[4]), (SpiSlot{.bucket = 3, .way = 1}));
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
  refused(r::reg_table_sizes, 0x1f1f1f, "table sizes");
}

TEST(SaTables, CapabilitiesDecide) {
  ModelPort port;
  port.words[r::reg_capabilities] =
      1U << r::capabilities_tunnel_v4_in_v4.lsb | 1U << r::capabilities_aes_gcm_128.lsb;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto refused = [&](const OutboundSa& sa, std::string_view capability) {
    const auto result = tables->add_outbound(sa);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find(capability), std::string::npos) << result.error().message;
  };
  OutboundSa sa = outbound_sa();
  refused(sa, "aes_gcm_256");
  sa.key = key_of(16);
  EXPECT_TRUE(tables->add_outbound(sa));
  sa.esn = true;
  refused(sa, "capability esn");
  sa.esn = false;
  sa.encapsulation = UdpEncapsulation{};
  refused(sa, "udp_encapsulation");
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
  EXPECT_LT(position(r::reg_sa_command), position(r::reg_spi_command));
  EXPECT_EQ(port.last_row.size(), (r::inbound_row::bits + 31) / 32);
  port.writes.clear();
  ASSERT_TRUE(tables->remove(Direction::inbound, *index));
  EXPECT_LT(position(r::reg_spi_command), position(r::reg_sa_command));
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
  std::vector<std::uint32_t> words(r::engine_shadow_words);
  for (const auto& [at, value] : port.last_row) {
    words[at] = value;
  }
  EXPECT_EQ(field(words, r::outbound_row::lease_limit), 0x300000U);
  EXPECT_EQ(field(words, r::outbound_row::lease_low), 0x2fffffU);
  EXPECT_EQ(wide(words, r::outbound_row::key), std::string(64, '0'));
}

TEST(SaTables, SnapshotsAreSixtyFourBits) {
  ModelPort port;
  auto tables = SaTables::create(port, "model");
  ASSERT_TRUE(tables);
  const auto counters = tables->counters();
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->cycles, 0x00000101'00000100U);
  EXPECT_EQ(counters->outbound.packets_in, 0x00000103'00000102U);
  EXPECT_EQ(counters->inbound.verdicts[0], 0x0000010b'0000010aU);
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
