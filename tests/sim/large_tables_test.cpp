// An engine with 16,384 SAs a direction and 65,536 entries in the SPI table and in each SPD cache: its rows
// from the first to the last, and nothing past them.
#include <VEspCoreLarge.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/hex.h"
#include "bench.h"
#include "verilated_core.h"

namespace espgate::sim::test {
namespace {

constexpr std::uint32_t log2_rows = 14;
constexpr std::uint32_t rows = 1U << log2_rows;

std::unique_ptr<EspCore> new_large_core() {
  auto core = std::make_unique<VerilatedCore<VEspCoreLarge>>();
  core->reset();
  return core;
}

// First and last rows, those around each power of two, and some between.
std::vector<std::uint32_t> some_rows() {
  std::set<std::uint32_t> chosen{0, rows - 1, rows - 2};
  for (std::uint32_t bit = 1; bit < rows; bit *= 2) {
    chosen.insert({bit, bit - 1});
  }
  std::mt19937 rng(1);
  while (chosen.size() < 200) {
    chosen.insert(static_cast<std::uint32_t>(rng() % rows));
  }
  return {chosen.begin(), chosen.end()};
}

Bytes key_of(std::uint32_t row) {
  Bytes key(row % 2 == 0 ? 16 : 32);
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(row >> 8 * (i % 2) ^ 37 * i);
  }
  return key;
}

TEST(LargeTables, AreWipedOneRowACycle) {
  const auto core = new_large_core();
  const std::uint64_t start = core->cycles();
  while ((core->read(regs::reg_status) & 1) == 0) {
    ASSERT_LT(core->cycles() - start, rows + 200U);
  }
  EXPECT_GE(core->cycles() - start, rows);
  EXPECT_EQ(core->read(regs::reg_table_sizes), 0x0e0e0e0eU);
}

TEST(LargeTables, OutboundSasFromTheFirstToTheLast) {
  Bench bench(new_large_core());
  const auto chosen = some_rows();
  std::vector<OutboundSa> sas;
  for (const std::uint32_t row : chosen) {
    OutboundSa sa;
    sa.spi = 0x10000 + row;
    sa.key = key_of(row);
    sa.next_sequence = 1 + row;
    bench.add(row, sa);
    sas.push_back(sa);
  }
  const Bytes inner = udp_packet(150);
  for (int round = 0; round < 2; ++round) {
    for (const std::uint32_t row : chosen) {
      bench.send(Side::outbound, {.sa = row}, inner);
    }
  }
  const auto results = bench.collect(Side::outbound, 2 * chosen.size());
  ASSERT_EQ(results.size(), 2 * chosen.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::size_t k = i % chosen.size();
    ASSERT_EQ(results[i].done.sa, chosen[k]);
    ASSERT_EQ(to_hex(results[i].bytes), to_hex(sas[k].expect(inner, 1 + chosen[k] + i / chosen.size())));
  }
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, rows - 1, regs::counter_sa_outbound_count),
            (std::vector<std::uint64_t>{2, 300, 0, rows + 2}));
  EXPECT_EQ(bench.one(Side::outbound, {.sa = rows}, inner).done.verdict, sa_invalid);
  bench.remove(Side::outbound, rows - 1);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = rows - 1}, inner).done.verdict, sa_invalid);
  EXPECT_THROW(bench.remove(Side::outbound, rows), std::runtime_error);
}

TEST(LargeTables, InboundSasFromTheFirstToTheLast) {
  Bench bench(new_large_core());
  const auto chosen = some_rows();
  std::vector<InboundSa> sas;
  std::set<std::pair<std::uint32_t, std::uint32_t>> places;
  std::mt19937 rng(2);
  for (const std::uint32_t row : chosen) {
    InboundSa sa;
    // One that has its place in this way to itself.
    const std::uint32_t way = row % regs::engine_table_ways;
    do {
      sa.spi = static_cast<std::uint32_t>(rng()) | 0x100;
    } while (!places.emplace(way, table_index(std::array{sa.spi}, way, log2_rows)).second);
    sa.key = key_of(row);
    sa.replay_top = row;
    bench.add(row, sa, way);
    sas.push_back(sa);
  }
  const Bytes inner = udp_packet(150);
  for (std::uint64_t round = 1; round <= 2; ++round) {
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      bench.send(Side::inbound, {}, sas[k].packet(chosen[k] + round, inner));
    }
  }
  const auto results = bench.collect(Side::inbound, 2 * chosen.size());
  ASSERT_EQ(results.size(), 2 * chosen.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].done.verdict, ok) << chosen[i % chosen.size()];
    ASSERT_EQ(results[i].done.sa, chosen[i % chosen.size()]);
    ASSERT_EQ(to_hex(results[i].bytes), to_hex(inner));
  }
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_inbound, rows - 1, regs::counter_sa_inbound_count),
            (std::vector<std::uint64_t>{2, 300, 0, 0, 0, 0, 0, rows + 1}));
  EXPECT_EQ(bench.one(Side::inbound, {}, sas.back().packet(rows + 1, inner)).done.verdict, replay_duplicate);
  bench.remove(Side::inbound, rows - 1);
  EXPECT_EQ(bench.one(Side::inbound, {}, sas.back().packet(rows + 2, inner)).done.verdict, unknown_spi);
  EXPECT_THROW(bench.remove(Side::inbound, rows), std::runtime_error);
}

// Flows that take the table's whole index range, in every way, to SAs up to the last.
TEST(LargeTables, SpdCacheFromTheFirstToTheLastEntry) {
  Bench bench(new_large_core());
  OutboundSa sa;
  sa.next_sequence = 77;
  bench.add(rows - 1, sa);
  const auto flow_of = [](std::uint16_t port) {
    return Flow{.source = IpAddress::v4(0x0a000001),
                .destination = IpAddress::v4(0x0a000102),
                .source_port = port,
                .destination_port = 2000};
  };
  const auto index_of = [](std::uint16_t port, std::uint32_t way) {
    const std::array<std::uint32_t, 10> key{
        0, 0, 0, 0x0a000001, 0, 0, 0, 0x0a000102, std::uint32_t{port} << 16 | 2000, 17U << 16 | 1U << 9};
    return table_index(key, way, log2_rows);
  };
  for (std::uint32_t way = 0; way < regs::engine_table_ways; ++way) {
    // Of all source ports, those nearest to the first and to the last entry of this way.
    std::uint16_t low = 0;
    std::uint16_t high = 0;
    for (std::uint32_t port = 0; port < 0x10000; ++port) {
      const auto candidate = static_cast<std::uint16_t>(port);
      low = index_of(candidate, way) < index_of(low, way) ? candidate : low;
      high = index_of(candidate, way) > index_of(high, way) ? candidate : high;
    }
    ASSERT_LT(index_of(low, way), 8U);
    ASSERT_GE(index_of(high, way), rows - 8);
    for (const std::uint16_t port : {low, high}) {
      const Bytes packet = udp_packet(80, 0, port);
      const SendOptions lookup{.sa = 0, .lookup = true, .dummy = false, .spd = 0};
      EXPECT_EQ(bench.one(Side::outbound, lookup, packet).done.verdict, policy_miss);
      EXPECT_EQ(bench.one(Side::inbound, {}, packet).done.verdict, not_esp);
      bench.cache_entry(Side::outbound, flow_of(port), regs::policy_protect, rows - 1, way);
      bench.cache_entry(Side::inbound, flow_of(port), regs::policy_bypass, 0, way);
      EXPECT_EQ(to_hex(bench.one(Side::outbound, lookup, packet).bytes),
                to_hex(sa.expect(packet, sa.next_sequence++)));
      EXPECT_EQ(to_hex(bench.one(Side::inbound, {}, packet).bytes), to_hex(packet));
    }
  }
}

}  // namespace
}  // namespace espgate::sim::test
