// Registers, commands and counters, also while packets are under way.
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>
#include <random>
#include <set>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::size_t global_counters = regs::counter_global_count + regs::verdict_count;

std::uint32_t field(regs::Field f, std::uint32_t value) {
  return value << f.lsb;
}

// Status of an engine that is ready and has nothing to do.
const std::uint32_t idle = field(regs::status_ready, 1) | field(regs::status_self_test_passed, 1);

TEST(Registers, SayWhatTheEngineIs) {
  Bench bench;
  EspCore& core = bench.core();
  EXPECT_EQ(core.read(regs::reg_id), 0x45535047U);
  EXPECT_EQ(core.read(regs::reg_version), regs::engine_version_major << 16 | regs::engine_version_minor);
  EXPECT_EQ(core.read(regs::reg_capabilities), 0xfffU);
  EXPECT_EQ(core.read(regs::reg_table_sizes), 0x07070808U);
  EXPECT_EQ(core.read(regs::reg_max_packet_bytes), 16384U);
  EXPECT_EQ(core.read(regs::reg_replay_window), regs::engine_replay_window);
  EXPECT_EQ(core.read(regs::reg_data_width), 512U);
  EXPECT_EQ(core.read(regs::reg_status), idle);
  core.write(regs::reg_id, 0);
  EXPECT_EQ(core.read(regs::reg_id), 0x45535047U);
}

TEST(Registers, ReadyOnlyWhenTheTablesAreWiped) {
  auto core = EspCore::create({});
  ASSERT_TRUE(core);
  EXPECT_EQ((*core)->read(regs::reg_status), field(regs::status_busy, 1));
  (*core)->write(regs::reg_snapshot_command, 0);
  EXPECT_EQ((*core)->read(regs::reg_status), field(regs::status_busy, 1) | field(regs::status_rejected, 1));
  // A packet that comes early waits.
  const Bytes packet = udp_packet(100);
  Bytes output(200);
  (*core)->send(Side::outbound, {.sa = 0}, packet);
  (*core)->clock(100);
  EXPECT_FALSE((*core)->done(Side::outbound, output));
  (*core)->clock(300);
  EXPECT_EQ((*core)->read(regs::reg_status) & 3, 1U);
  const auto done = (*core)->done(Side::outbound, output);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->verdict, sa_invalid);
}

TEST(Registers, NothingSecretCanBeRead) {
  Bench bench;
  OutboundSa outbound;
  outbound.key =
      Bytes{0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xf0, 0x0d, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
  const auto row = Bench::row(outbound);
  bench.add(0, outbound);
  bench.write_shadow(row);
  std::set<std::uint32_t> secret(row.begin(), row.end());
  secret.erase(0);
  for (std::uint32_t offset = regs::reg_sa_data; offset < regs::reg_sa_data + 4 * regs::engine_shadow_words;
       offset += 4) {
    EXPECT_EQ(bench.core().read(offset), 0U);
  }
  for (std::uint32_t offset = 0x20; offset < 0x1000; offset += 4) {
    EXPECT_FALSE(secret.contains(bench.core().read(offset))) << offset;
  }
}

TEST(Commands, ThatNameWhatDoesNotExistAreRejected) {
  Bench bench;
  const auto sa = [&](std::uint32_t index, std::uint32_t inbound, std::uint32_t operation) {
    return bench.command(regs::reg_sa_command, field(regs::sa_command_index, index) |
                                                   field(regs::sa_command_inbound, inbound) |
                                                   field(regs::sa_command_operation, operation));
  };
  EXPECT_TRUE(sa(255, 0, regs::sa_operation_remove));
  EXPECT_FALSE(sa(256, 0, regs::sa_operation_remove));
  EXPECT_FALSE(sa(256, 1, regs::sa_operation_add));
  EXPECT_FALSE(sa(0xfffff, 1, regs::sa_operation_add));
  EXPECT_FALSE(sa(0, 0, 0));
  EXPECT_FALSE(sa(0, 0, 4));
  EXPECT_FALSE(sa(0, 1, regs::sa_operation_renew_lease));
  EXPECT_TRUE(sa(0, 1, regs::sa_operation_remove));
  const auto table = [&](std::uint32_t name, std::uint32_t index) {
    return bench.command(regs::reg_table_command, field(regs::table_command_table, name) |
                                                      field(regs::table_command_index, index) |
                                                      field(regs::table_command_way, 3));
  };
  const std::uint32_t first_beyond = 128;
  for (const std::uint32_t name :
       {regs::table_spi, regs::table_outbound_spd_cache, regs::table_inbound_spd_cache}) {
    EXPECT_TRUE(table(name, first_beyond - 1));
    EXPECT_FALSE(table(name, first_beyond));
    EXPECT_FALSE(table(name, 0xfffff));
  }
  EXPECT_FALSE(table(3, 0));
  // A valid entry must name a row that exists; an inbound SPD cache entry names none.
  const auto entry = [&](std::uint32_t name, std::uint32_t sa_lsb, std::uint32_t row, std::uint32_t valid) {
    bench.write_shadow({row << sa_lsb | valid});
    return table(name, 0);
  };
  EXPECT_TRUE(entry(regs::table_spi, regs::spi_entry::sa.lsb, 255, 1));
  EXPECT_FALSE(entry(regs::table_spi, regs::spi_entry::sa.lsb, 256, 1));
  EXPECT_TRUE(entry(regs::table_spi, regs::spi_entry::sa.lsb, 256, 0));
  EXPECT_TRUE(entry(regs::table_outbound_spd_cache, regs::spd_cache_entry::sa.lsb, 255, 1));
  EXPECT_FALSE(entry(regs::table_outbound_spd_cache, regs::spd_cache_entry::sa.lsb, 256, 1));
  EXPECT_TRUE(entry(regs::table_inbound_spd_cache, regs::spd_cache_entry::sa.lsb, 256, 1));
  EXPECT_FALSE(bench.command(regs::reg_snapshot_command, field(regs::snapshot_command_index, 256) |
                                                             field(regs::snapshot_command_set, 2)));
  EXPECT_TRUE(bench.command(regs::reg_snapshot_command, field(regs::snapshot_command_set, 3)));
}

TEST(Commands, TheShadowRowIsWipedByEachOfThem) {
  Bench bench;
  const std::uint32_t add = field(regs::sa_command_operation, regs::sa_operation_add);
  bench.add(0, OutboundSa{});
  ASSERT_TRUE(bench.command(regs::reg_sa_command, add | field(regs::sa_command_index, 1)));
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 1}, udp_packet(60)).done.verdict, sa_invalid);
  bench.write_shadow(Bench::row(OutboundSa{}));
  EXPECT_FALSE(bench.command(regs::reg_sa_command, add | field(regs::sa_command_index, 256)));
  ASSERT_TRUE(bench.command(regs::reg_sa_command, add | field(regs::sa_command_index, 1)));
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 1}, udp_packet(60)).done.verdict, sa_invalid);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, udp_packet(60)).done.verdict, ok);
}

TEST(Commands, RemovingAnInboundSaUnderTraffic) {
  Bench bench;
  bench.core().hesitate({.seed = 3, .input_bubble = 20, .output_stall = 100});
  const InboundSa old_sa;
  InboundSa new_sa;
  new_sa.key = Bytes(32, 0x77);
  bench.add(4, old_sa);
  const Bytes inner = udp_packet(200);
  constexpr std::size_t count = 300;
  for (std::uint64_t i = 1; i <= count; ++i) {
    bench.send(Side::inbound, {}, old_sa.packet(i, inner));
  }
  bench.core().clock(400);
  bench.remove(Side::inbound, 4);
  // The entry still points to the row that is gone; nothing in flight may leave a trace in the new SA.
  bench.write_shadow(Bench::row(new_sa));
  ASSERT_TRUE(bench.command(regs::reg_sa_command,
                            field(regs::sa_command_index, 4) | field(regs::sa_command_inbound, 1) |
                                field(regs::sa_command_operation, regs::sa_operation_add)));
  const auto fresh = bench.snapshot(regs::snapshot_set_sa_inbound, 4, regs::counter_sa_inbound_count);
  EXPECT_EQ(fresh[regs::counter_sa_inbound_packets], 0U);
  EXPECT_EQ(fresh[regs::counter_sa_inbound_replay_top], 0U);
  const auto results = bench.collect(Side::inbound, count);
  ASSERT_EQ(results.size(), count);
  std::size_t delivered = 0;
  while (delivered < count && results[delivered].done.verdict == ok) {
    ASSERT_EQ(to_hex(results[delivered].bytes), to_hex(inner));
    ++delivered;
  }
  EXPECT_GT(delivered, 0U);
  EXPECT_LT(delivered, count);
  std::uint64_t failed = 0;
  for (std::size_t i = delivered; i < count; ++i) {
    ASSERT_TRUE(results[i].done.verdict == unknown_spi || results[i].done.verdict == icv_failed) << i;
    failed += results[i].done.verdict == icv_failed ? 1U : 0U;
  }
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_inbound, 4, regs::counter_sa_inbound_count),
            (std::vector<std::uint64_t>{0, 0, 0, 0, 0, failed, 0, 0}));
  EXPECT_EQ(bench.one(Side::inbound, {}, new_sa.packet(1, inner)).done.verdict, ok);
}

TEST(Commands, RemovingAnOutboundSaUnderTraffic) {
  Bench bench;
  bench.core().hesitate({.seed = 5, .input_bubble = 0, .output_stall = 100});
  const OutboundSa old_sa;
  OutboundSa new_sa;
  new_sa.key = Bytes(32, 0x77);
  new_sa.next_sequence = 5000;
  bench.add(4, old_sa);
  const Bytes inner = udp_packet(200);
  constexpr std::size_t count = 400;
  for (std::size_t i = 0; i < count; ++i) {
    bench.send(Side::outbound, {.sa = 4}, inner);
  }
  bench.core().clock(300);
  bench.remove(Side::outbound, 4);
  bench.core().clock(100);
  bench.add(4, new_sa);
  const auto results = bench.collect(Side::outbound, count);
  ASSERT_EQ(results.size(), count);
  std::uint64_t old_sequence = 0;
  std::uint64_t invalid = 0;
  std::uint64_t new_sequence = 4999;
  for (const Result& result : results) {
    if (result.done.verdict == sa_invalid) {
      ++invalid;
      ASSERT_EQ(new_sequence, 4999U);
    } else if (invalid == 0) {
      ASSERT_EQ(to_hex(result.bytes), to_hex(old_sa.expect(inner, ++old_sequence)));
    } else {
      ASSERT_EQ(to_hex(result.bytes), to_hex(new_sa.expect(inner, ++new_sequence)));
    }
  }
  EXPECT_GT(old_sequence, 0U);
  EXPECT_GT(invalid, 0U);
  EXPECT_GT(new_sequence, 4999U);
  EXPECT_EQ(
      bench.snapshot(regs::snapshot_set_sa_outbound, 4, regs::counter_sa_outbound_count),
      (std::vector<std::uint64_t>{new_sequence - 4999, 200 * (new_sequence - 4999), 0, new_sequence + 1}));
}

TEST(Commands, ACommandThatWaitsRefusesTheNext) {
  Bench bench;
  const InboundSa sa;
  bench.add(0, sa);
  // Nothing leaves, so the removal waits for packets that cannot finish.
  bench.core().hesitate({.seed = 1, .input_bubble = 0, .output_stall = 255});
  const Bytes inner = udp_packet(9000);
  for (std::uint64_t i = 1; i <= 8; ++i) {
    bench.send(Side::inbound, {}, sa.packet(i, inner));
  }
  bench.core().clock(600);
  const std::uint32_t remove =
      field(regs::sa_command_inbound, 1) | field(regs::sa_command_operation, regs::sa_operation_remove);
  bench.core().write(regs::reg_sa_command, remove);
  EXPECT_EQ(bench.core().read(regs::reg_status), idle | field(regs::status_busy, 1));
  bench.core().write(regs::reg_sa_command, remove);
  EXPECT_EQ(bench.core().read(regs::reg_status),
            idle | field(regs::status_busy, 1) | field(regs::status_rejected, 1));
  bench.core().hesitate({});
  bench.core().clock(2000);
  EXPECT_EQ(bench.core().read(regs::reg_status) & 3, 1U);
  const auto results = bench.collect(Side::inbound, 8);
  ASSERT_EQ(results.size(), 8U);
  EXPECT_EQ(results.front().done.verdict, ok);
  EXPECT_EQ(results.back().done.verdict, unknown_spi);
}

TEST(SelfTest, AFailedOneStopsEveryPacketUntilOneHasPassed) {
  Bench bench;
  const OutboundSa outbound;
  const InboundSa inbound;
  bench.add(0, outbound);
  bench.add(0, inbound);
  const Bytes inner = udp_packet(300);
  const auto run = [&](bool corrupt) {
    EXPECT_TRUE(bench.command(regs::reg_self_test,
                              field(regs::self_test_run, 1) | field(regs::self_test_corrupt, corrupt)));
  };
  std::uint64_t number = 0;
  for (int round = 0; round < 2; ++round) {
    ++number;
    EXPECT_EQ(to_hex(bench.one(Side::outbound, {.sa = 0}, inner).bytes),
              to_hex(outbound.expect(inner, number)));
    EXPECT_EQ(bench.one(Side::inbound, {}, inbound.packet(number, inner)).done.verdict, ok);
    run(true);
    EXPECT_EQ(bench.core().read(regs::reg_status),
              field(regs::status_ready, 1) | field(regs::status_self_test_failed, 1));
    for (const Bytes& frame : {inner, Bytes(1), Bytes(20000), inbound.packet(number + 1, inner)}) {
      for (const Side side : {Side::outbound, Side::inbound}) {
        const Result result = bench.one(side, {.sa = 0}, frame);
        EXPECT_EQ(result.done.verdict, self_test_failed);
        EXPECT_EQ(result.done.length, 0U);
      }
    }
    // Registers and tables are as before; only packets are refused.
    EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, 0, regs::counter_sa_outbound_count),
              (std::vector<std::uint64_t>{number, 300 * number, 0, number + 1}));
    run(false);
    EXPECT_EQ(bench.core().read(regs::reg_status), idle);
  }
  for (const std::uint32_t set : {regs::snapshot_set_global_outbound, regs::snapshot_set_global_inbound}) {
    const auto counters = bench.snapshot(set, 0, global_counters);
    EXPECT_EQ(counters[regs::counter_global_count + self_test_failed], 8U);
    EXPECT_EQ(counters[regs::counter_global_packets_in], 10U);
    EXPECT_EQ(counters[regs::counter_global_packets_out], 2U);
  }
}

TEST(SelfTest, WaitsForThePacketsInFlight) {
  Bench bench;
  bench.core().hesitate({.seed = 11, .input_bubble = 10, .output_stall = 150});
  const OutboundSa outbound;
  const InboundSa inbound;
  bench.add(0, outbound);
  bench.add(0, inbound);
  const Bytes inner = udp_packet(700);
  constexpr std::size_t count = 60;
  for (std::uint64_t i = 1; i <= count; ++i) {
    bench.send(Side::outbound, {.sa = 0}, inner);
    bench.send(Side::inbound, {}, inbound.packet(i, inner));
  }
  for (int round = 0; round < 8; ++round) {
    bench.core().clock(97);
    ASSERT_TRUE(bench.command(regs::reg_self_test, field(regs::self_test_run, 1)));
    ASSERT_EQ(bench.core().read(regs::reg_status), idle);
  }
  for (const Side side : {Side::outbound, Side::inbound}) {
    const auto results = bench.collect(side, count);
    ASSERT_EQ(results.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(to_hex(results[i].bytes),
                to_hex(side == Side::outbound ? outbound.expect(inner, i + 1) : inner));
    }
  }
  // Without the run bit the register does nothing.
  EXPECT_TRUE(bench.command(regs::reg_self_test, field(regs::self_test_corrupt, 1)));
  EXPECT_EQ(bench.core().read(regs::reg_status), idle);
}

TEST(Reset, ForgetsEverything) {
  Bench bench;
  const OutboundSa outbound;
  const InboundSa inbound;
  bench.add(0, outbound);
  bench.add(0, inbound);
  const Bytes inner = udp_packet(3000);
  bench.core().hesitate({.seed = 9, .input_bubble = 0, .output_stall = 200});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    bench.send(Side::outbound, {.sa = 0}, inner);
    bench.send(Side::inbound, {}, inbound.packet(i, inner));
  }
  bench.core().clock(333);  // in the middle of packets
  bench.core().reset();
  bench.core().hesitate({});
  bench.core().clock(400);
  ASSERT_EQ(bench.core().read(regs::reg_status), idle);
  Bytes output(20000);
  EXPECT_FALSE(bench.core().done(Side::outbound, output));
  EXPECT_FALSE(bench.core().done(Side::inbound, output));
  for (const std::uint32_t set : {regs::snapshot_set_global_outbound, regs::snapshot_set_global_inbound}) {
    const auto counters = bench.snapshot(set, 0, global_counters);
    EXPECT_EQ(std::accumulate(counters.begin() + 1, counters.end(), std::uint64_t{0}), 0U);
    EXPECT_LT(counters[regs::counter_global_cycles], 2000U);
  }
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, 0, regs::counter_sa_outbound_count),
            (std::vector<std::uint64_t>{0, 0, 0, 0}));
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, inner).done.verdict, sa_invalid);
  EXPECT_EQ(bench.one(Side::inbound, {}, inbound.packet(1, inner)).done.verdict, unknown_spi);
  bench.add(0, outbound);
  bench.add(0, inbound);
  EXPECT_EQ(to_hex(bench.one(Side::outbound, {.sa = 0}, inner).bytes), to_hex(outbound.expect(inner, 1)));
  EXPECT_EQ(to_hex(bench.one(Side::inbound, {}, inbound.packet(1, inner)).bytes), to_hex(inner));
}

TEST(Snapshot, OneSetIsOfOneMoment) {
  Bench bench;
  OutboundSa outbound;
  InboundSa inbound;
  bench.add(1, outbound);
  bench.add(1, inbound);
  const Bytes inner = udp_packet(150);
  const std::size_t protected_size = outbound.expect(inner, 1).size();
  constexpr std::size_t count = 2000;
  for (std::uint64_t i = 1; i <= count; ++i) {
    bench.send(Side::outbound, {.sa = 1}, inner);
    bench.send(Side::inbound, {}, inbound.packet(i, inner));
  }
  bool moved = false;
  for (int i = 0; i < 6; ++i) {
    for (const bool out : {true, false}) {
      const auto all = bench.snapshot(
          out ? regs::snapshot_set_global_outbound : regs::snapshot_set_global_inbound, 0, global_counters);
      const std::size_t in_size = out ? inner.size() : protected_size;
      const std::size_t out_size = out ? protected_size : inner.size();
      EXPECT_EQ(all[regs::counter_global_bytes_in], in_size * all[regs::counter_global_packets_in]);
      EXPECT_EQ(all[regs::counter_global_bytes_out], out_size * all[regs::counter_global_packets_out]);
      EXPECT_EQ(all[regs::counter_global_count + ok], all[regs::counter_global_packets_out]);
      EXPECT_GE(all[regs::counter_global_packets_in], all[regs::counter_global_packets_out]);
      moved |= all[regs::counter_global_packets_out] > 0 && all[regs::counter_global_packets_in] < count;
    }
    const auto sa_out = bench.snapshot(regs::snapshot_set_sa_outbound, 1, regs::counter_sa_outbound_count);
    EXPECT_EQ(sa_out[regs::counter_sa_outbound_bytes], 150 * sa_out[regs::counter_sa_outbound_packets]);
    EXPECT_EQ(sa_out[regs::counter_sa_outbound_next_sequence], sa_out[regs::counter_sa_outbound_packets] + 1);
    const auto sa_in = bench.snapshot(regs::snapshot_set_sa_inbound, 1, regs::counter_sa_inbound_count);
    EXPECT_EQ(sa_in[regs::counter_sa_inbound_bytes], 150 * sa_in[regs::counter_sa_inbound_packets]);
    EXPECT_EQ(sa_in[regs::counter_sa_inbound_replay_top], sa_in[regs::counter_sa_inbound_packets]);
  }
  EXPECT_TRUE(moved);  // or nothing was shown
  ASSERT_EQ(bench.collect(Side::outbound, count).size(), count);
  ASSERT_EQ(bench.collect(Side::inbound, count).size(), count);
  const auto end = bench.snapshot(regs::snapshot_set_global_inbound, 0, global_counters);
  EXPECT_EQ(end[regs::counter_global_packets_in], count);
  EXPECT_EQ(end[regs::counter_global_count + ok], count);
}

TEST(Snapshot, EveryVerdictHasItsCounter) {
  Bench bench;
  OutboundSa outbound;
  outbound.lease_limit = 3;
  bench.add(0, outbound);
  const Bytes inner = udp_packet(100);
  for (int i = 0; i < 4; ++i) {
    bench.send(Side::outbound, {.sa = 0}, inner);
  }
  bench.send(Side::outbound, {.sa = 1}, inner);
  bench.send(Side::outbound, {.sa = 0}, Bytes(17000));
  bench.send(Side::outbound, {.sa = 0}, Bytes(10));
  ASSERT_EQ(bench.collect(Side::outbound, 7).size(), 7U);
  std::vector<std::uint64_t> expected(global_counters);
  expected[regs::counter_global_packets_in] = 7;
  expected[regs::counter_global_bytes_in] = 500 + 17010;
  expected[regs::counter_global_packets_out] = 2;
  expected[regs::counter_global_bytes_out] = 2 * outbound.expect(inner, 1).size();
  expected[regs::counter_global_count + ok] = 2;
  expected[regs::counter_global_count + lease_exhausted] = 2;
  expected[regs::counter_global_count + sa_invalid] = 1;
  expected[regs::counter_global_count + too_long] = 1;
  expected[regs::counter_global_count + header_malformed] = 1;
  auto counters = bench.snapshot(regs::snapshot_set_global_outbound, 0, global_counters);
  EXPECT_GT(counters[regs::counter_global_cycles], 0U);
  counters[regs::counter_global_cycles] = 0;
  EXPECT_EQ(counters, expected);
}

TEST(Trace, IsWrittenAndRefusedWithAReason) {
  const auto refused = EspCore::create("/nowhere/at/all.fst");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/nowhere/at/all.fst"), std::string::npos);

  const auto path = std::filesystem::temp_directory_path() /
                    ("espgate_trace_" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) +
                     "_" + std::to_string(std::random_device{}()) + ".fst");
  {
    Bench bench(path.string());
    const OutboundSa sa;
    bench.add(0, sa);
    const Bytes inner = udp_packet(100);
    EXPECT_EQ(to_hex(bench.one(Side::outbound, {.sa = 0}, inner).bytes), to_hex(sa.expect(inner, 1)));
  }
  EXPECT_GT(std::filesystem::file_size(path), 1000U);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace espgate::sim::test
