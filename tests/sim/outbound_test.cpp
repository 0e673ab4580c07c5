// Outbound packets and verdicts, one by one, against what OpenSSL and RFC 4303/4106 make of them.
#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

Bytes key_of(std::size_t size, std::uint8_t first) {
  Bytes key(size);
  for (std::size_t i = 0; i < size; ++i) {
    key[i] = static_cast<std::uint8_t>(first + 7 * i);
  }
  return key;
}

// The four kinds of SA that take different ways through the frame stage and the cipher.
std::vector<OutboundSa> kinds() {
  std::vector<OutboundSa> sas(4);
  for (std::size_t i = 0; i < sas.size(); ++i) {
    sas[i].spi = 0x10203040 + static_cast<std::uint32_t>(i);
    sas[i].key = key_of(i % 2 == 0 ? 16 : 32, static_cast<std::uint8_t>(17 * i + 1));
    sas[i].esn = i >= 2;
    if (i == 1 || i == 2) {
      sas[i].encapsulation = Encapsulation{4500, static_cast<std::uint16_t>(40000 + i)};
    }
  }
  return sas;
}

TEST(Outbound, EveryLengthIsWhatOpenSslMakes) {
  Bench bench;
  const auto sas = kinds();
  for (std::uint32_t i = 0; i < sas.size(); ++i) {
    bench.add(i, sas[i]);
  }
  std::vector<Bytes> inner;
  for (std::size_t size = 20; size <= 20 + 4 * 140; ++size) {
    inner.push_back(udp_packet(size));
  }
  for (const std::size_t size : {1400U, 1500U, 4095U, 4096U, 8999U, 9000U, 16381U, 16382U, 16383U, 16384U}) {
    inner.push_back(udp_packet(size));
  }
  // Every SA takes every length modulo 64; they change with every packet.
  std::size_t checked = 0;
  for (std::uint32_t round = 0; round < sas.size(); ++round) {
    for (std::size_t i = 0; i < inner.size(); ++i) {
      bench.send(Side::outbound, {.sa = (static_cast<std::uint32_t>(i) + round) % 4}, inner[i]);
    }
    const auto results = bench.collect(Side::outbound, inner.size());
    ASSERT_EQ(results.size(), inner.size());
    std::array<std::uint64_t, 4> sequence{};
    for (std::size_t i = 0; i < inner.size(); ++i) {
      const std::size_t sa = (i + round) % 4;
      // Numbers go on from the rounds before.
      sequence[sa] =
          sequence[sa] == 0 ? load_be64(results[i].bytes, sas[sa].encapsulation ? 36 : 28) : sequence[sa] + 1;
      ASSERT_EQ(results[i].done.verdict, ok);
      ASSERT_EQ(results[i].done.sa, sa);
      ASSERT_EQ(to_hex(results[i].bytes), to_hex(sas[sa].expect(inner[i], sequence[sa]))) << inner[i].size();
      ++checked;
    }
  }
  EXPECT_EQ(checked, 4U * 571U);
}

TEST(Outbound, NumbersOfOneSaFollowOneAnotherBackToBack) {
  Bench bench;
  const OutboundSa sa;
  bench.add(0, sa);
  const Bytes inner = udp_packet(30);
  for (int i = 0; i < 300; ++i) {
    bench.send(Side::outbound, {.sa = 0}, inner);
    if (i % 3 == 0) {
      bench.send(Side::outbound, {.sa = 0}, Bytes(19));  // takes no number
    }
  }
  std::uint64_t sequence = 0;
  for (const Result& result : bench.collect(Side::outbound, 400)) {
    if (result.done.verdict == ok) {
      ++sequence;
      ASSERT_EQ(to_hex(result.bytes), to_hex(sa.expect(inner, sequence)));
    } else {
      ASSERT_EQ(result.done.verdict, header_malformed);
      ASSERT_EQ(result.done.length, 0U);
    }
  }
  EXPECT_EQ(sequence, 300U);
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, 0, regs::counter_sa_outbound_count),
            (std::vector<std::uint64_t>{300, 9000, 0, 301}));
}

TEST(Outbound, OuterHeaderFollowsTheSa) {
  Bench bench;
  std::uint32_t index = 0;
  std::vector<OutboundSa> sas;
  for (const std::uint32_t df : {regs::df_policy_copy, regs::df_policy_set, regs::df_policy_clear}) {
    for (const bool copy : {false, true}) {
      OutboundSa sa;
      sa.df_policy = df;
      sa.dscp = copy ? std::nullopt : std::optional<std::uint8_t>(46);
      sa.hop_limit = static_cast<std::uint8_t>(200 + index);
      bench.add(index++, sa);
      sas.push_back(sa);
    }
  }
  std::vector<std::uint64_t> sequence(sas.size());
  for (std::uint32_t i = 0; i < sas.size(); ++i) {
    for (const std::uint16_t fragment : std::array<std::uint16_t, 4>{0x0000, 0x4000, 0x2000, 0x00b9}) {
      for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
        Ipv4 ip;
        ip.tos = static_cast<std::uint8_t>(0xa8 | ecn);
        ip.fragment = fragment;
        ip.option_words = ecn;
        ip.payload = Bytes(33, 0x5a);
        const Bytes inner = ip.build();
        const Result result = bench.one(Side::outbound, {.sa = i}, inner);
        ASSERT_EQ(result.done.verdict, ok);
        ASSERT_EQ(to_hex(result.bytes), to_hex(sas[i].expect(inner, ++sequence[i])));
        ASSERT_EQ(internet_checksum(ByteView(result.bytes).first(20)), 0);
      }
    }
  }
}

TEST(Outbound, LinkPaddingIsTrimmed) {
  Bench bench;
  const OutboundSa sa;
  bench.add(0, sa);
  std::uint64_t sequence = 0;
  for (const std::size_t padding : {1U, 26U, 64U, 300U, 16384U - 60U}) {
    const Bytes inner = udp_packet(60);
    Bytes frame = inner;
    frame.resize(60 + padding, 0xee);
    const Result result = bench.one(Side::outbound, {.sa = 0}, frame);
    ASSERT_EQ(result.done.verdict, ok);
    ASSERT_EQ(to_hex(result.bytes), to_hex(sa.expect(inner, ++sequence)));
  }
}

TEST(Outbound, FrameOverTheMaximumIsTooLong) {
  Bench bench;
  const OutboundSa sa;
  bench.add(0, sa);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, udp_packet(16384)).done.verdict, ok);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, udp_packet(16385)).done.verdict, too_long);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, Bytes(65535, 0x45)).done.verdict, too_long);
  // The length is looked at before the header and the SA.
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 77}, Bytes(20000)).done.verdict, too_long);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0}, udp_packet(64)).done.verdict, ok);
}

TEST(Outbound, HeaderThatMakesNoSenseIsMalformed) {
  Bench bench;
  bench.add(0, OutboundSa{});
  const auto verdict = [&](std::size_t at, std::uint8_t value, std::size_t size = 60) {
    Bytes frame = udp_packet(60);
    frame.resize(size);
    frame[at] = value;
    return bench.one(Side::outbound, {.sa = 0}, frame).done.verdict;
  };
  EXPECT_EQ(verdict(0, 0x45), ok);
  EXPECT_EQ(verdict(0, 0x55), header_malformed);  // version
  EXPECT_EQ(verdict(0, 0x65), header_malformed);
  EXPECT_EQ(verdict(0, 0x44), header_malformed);  // IHL
  EXPECT_EQ(verdict(0, 0x4f), ok);                // 60 bytes of header
  EXPECT_EQ(verdict(3, 59), ok);
  EXPECT_EQ(verdict(3, 20), ok);
  EXPECT_EQ(verdict(3, 19), header_malformed);  // total below the header
  EXPECT_EQ(verdict(3, 61), header_malformed);  // above the frame
  EXPECT_EQ(verdict(0, 0x45, 59), header_malformed);
  EXPECT_EQ(verdict(0, 0x45, 19), header_malformed);  // runt
  EXPECT_EQ(verdict(0, 0x45, 1), header_malformed);
}

TEST(Outbound, RowsThatAreNotThereAreInvalid) {
  Bench bench;
  bench.add(7, OutboundSa{});
  const Bytes inner = udp_packet(100);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 6}, inner).done.verdict, sa_invalid);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 7 + 256}, inner).done.verdict, sa_invalid);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 0xffff}, inner).done.verdict, sa_invalid);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 7}, inner).done.verdict, ok);
  bench.remove(Side::outbound, 7);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 7}, inner).done.verdict, sa_invalid);
}

TEST(Outbound, SequenceNumbersNeverWrap) {
  Bench bench;
  const Bytes inner = udp_packet(100);
  OutboundSa sa;
  sa.next_sequence = 0xffffffff;
  bench.add(0, sa);
  sa.esn = true;
  bench.add(1, sa);
  sa.next_sequence = ~std::uint64_t{0} - 1;
  bench.add(2, sa);
  for (int i = 0; i < 3; ++i) {
    for (std::uint32_t row = 0; row < 3; ++row) {
      bench.send(Side::outbound, {.sa = row}, inner);
    }
  }
  const auto results = bench.collect(Side::outbound, 9);
  ASSERT_EQ(results.size(), 9U);
  sa.esn = false;
  EXPECT_EQ(to_hex(results[0].bytes), to_hex(sa.expect(inner, 0xffffffff)));
  EXPECT_EQ(results[3].done.verdict, sequence_overflow);
  EXPECT_EQ(results[6].done.verdict, sequence_overflow);
  sa.esn = true;
  EXPECT_EQ(to_hex(results[1].bytes), to_hex(sa.expect(inner, 0xffffffff)));
  EXPECT_EQ(to_hex(results[4].bytes), to_hex(sa.expect(inner, 0x100000000)));
  EXPECT_EQ(to_hex(results[7].bytes), to_hex(sa.expect(inner, 0x100000001)));
  EXPECT_EQ(to_hex(results[2].bytes), to_hex(sa.expect(inner, ~std::uint64_t{0} - 1)));
  // The last number of all is no less than any lease limit.
  EXPECT_EQ(results[5].done.verdict, lease_exhausted);
  EXPECT_EQ(results[8].done.verdict, lease_exhausted);
  sa.next_sequence = 0;
  bench.add(3, sa);
  EXPECT_EQ(bench.one(Side::outbound, {.sa = 3}, inner).done.verdict, sequence_overflow);
}

TEST(Outbound, LeaseEndsIsRenewedAndWarns) {
  Bench bench;
  OutboundSa sa;
  sa.next_sequence = 5;
  sa.lease_limit = 9;
  sa.lease_low = 7;
  bench.add(0, sa);
  const Bytes inner = udp_packet(64);
  const auto run = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bench.send(Side::outbound, {.sa = 0}, inner);
    }
    return bench.collect(Side::outbound, count);
  };
  const auto first = run(6);
  ASSERT_EQ(first.size(), 6U);
  const std::array<std::uint8_t, 6> verdicts{ok, ok, ok, ok, lease_exhausted, lease_exhausted};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(first[i].done.verdict, verdicts[i]) << i;
    EXPECT_EQ(first[i].done.next_hop, verdicts[i] == ok ? sa.next_hop : 0U);
  }
  const Event low{.sa = 0, .side = Side::outbound, .kinds = 1U << regs::event_kind_lease_low};
  EXPECT_EQ(bench.events(), std::vector<Event>{low});  // of two packets at or past lease_low
  bench.renew_lease(0, 20, 10);
  const auto second = run(2);
  ASSERT_EQ(second.size(), 2U);
  // The number goes on where it was; nothing but the lease has changed.
  EXPECT_EQ(to_hex(second[0].bytes), to_hex(sa.expect(inner, 9)));
  EXPECT_EQ(to_hex(second[1].bytes), to_hex(sa.expect(inner, 10)));
  EXPECT_EQ(run(5).size(), 5U);
  EXPECT_EQ(bench.events(), std::vector<Event>{low});
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_outbound, 0, regs::counter_sa_outbound_count),
            (std::vector<std::uint64_t>{11, 704, 0, 16}));
}

}  // namespace
}  // namespace espgate::sim::test
