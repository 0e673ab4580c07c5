#include <gtest/gtest.h>

#include "base/checksum.h"
#include "conformance.h"

namespace espgate::driver::test {
namespace {

TEST_P(OutboundConformance, BuildsTheOuterHeader) {
  OutboundSa sa = outbound_sa();
  sa.hop_limit = 17;
  sa.next_sequence = 0x12345;
  const auto index = add(sa);
  const Bytes inner = ipv4({.tos = 0xb9, .identification = 7, .payload = udp(1, 2, 30)});
  const Outcome outcome = protect(index, inner);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.sa, index);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 20 + 16 + 58 + 2 + 16);
  EXPECT_EQ(out[0], 0x45);
  EXPECT_EQ(out[1], 0xb9) << "DSCP and ECN are the inner packet's";
  EXPECT_EQ(load_be16(out, 2), out.size());
  EXPECT_EQ(load_be16(out, 4), 0x2345) << "identification is the low half of the sequence number";
  EXPECT_EQ(load_be16(out, 6), 0);
  EXPECT_EQ(out[8], 17);
  EXPECT_EQ(out[9], 50);
  EXPECT_EQ(internet_checksum(ByteView(out).first(20)), 0);
  EXPECT_EQ(load_be32(out, 12), 0xc0000201U);
  EXPECT_EQ(load_be32(out, 16), 0xc0000202U);
  EXPECT_EQ(load_be32(out, 20), sa.spi);
  EXPECT_EQ(load_be32(out, 24), 0x12345U);
  EXPECT_EQ(load_be64(out, 28), 0x12345U) << "the IV is the sequence number";
  EXPECT_EQ(open_esp(sa, out, 20, 0), with_trailer(inner));
}

TEST_P(OutboundConformance, BuildsUdpEncapsulation) {
  OutboundSa sa = outbound_sa();
  sa.encapsulation = UdpEncapsulation{.source_port = 4500, .destination_port = 61234};
  const Bytes inner = packet_of(60);
  const Outcome outcome = protect(add(sa), inner);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  const Bytes& out = outcome.output;
  ASSERT_EQ(out.size(), 20 + 8 + 16 + 60 + 4 + 16);
  EXPECT_EQ(out[9], 17);
  EXPECT_EQ(internet_checksum(ByteView(out).first(20)), 0);
  EXPECT_EQ(load_be16(out, 20), 4500);
  EXPECT_EQ(load_be16(out, 22), 61234);
  EXPECT_EQ(load_be16(out, 24), out.size() - 20);
  EXPECT_EQ(load_be16(out, 26), 0);
  EXPECT_EQ(open_esp(sa, out, 28, 0), with_trailer(inner));
}

TEST_P(OutboundConformance, EveryKindOfSaAndEveryLengthModuloTheBeatOpensElsewhere) {
  for (const std::size_t key : {16U, 32U}) {
    for (const bool esn : {false, true}) {
      for (const bool encapsulated : {false, true}) {
        OutboundSa sa = outbound_sa();
        sa.key = key_of(key, static_cast<std::uint8_t>(key + (esn ? 1 : 0) + (encapsulated ? 2 : 0)));
        sa.esn = esn;
        sa.next_sequence = esn ? 0x7'fffffff0 : 1;
        sa.lease_limit = sa.next_sequence + 1000;
        if (encapsulated) {
          sa.encapsulation = UdpEncapsulation{};
        }
        const auto index = add(sa);
        std::vector<Packet> packets;
        for (std::size_t bytes = 20; bytes < 160; ++bytes) {
          packets.push_back({.sa = index, .bytes = packet_of(bytes)});
        }
        const auto outcomes = run(engine(), Direction::outbound, packets);
        for (std::size_t i = 0; i < packets.size(); ++i) {
          ASSERT_EQ(outcomes[i].verdict, Verdict::ok) << "length " << packets[i].bytes.size();
          const std::uint64_t sequence = sa.next_sequence + i;
          ASSERT_EQ(open_esp(sa, outcomes[i].output, encapsulated ? 28 : 20,
                             static_cast<std::uint32_t>(sequence >> 32)),
                    with_trailer(packets[i].bytes))
              << "length " << packets[i].bytes.size() << ", key " << key << ", ESN " << esn;
        }
      }
    }
  }
}

TEST_P(OutboundConformance, DfAndDscpPolicies) {
  for (const DfPolicy policy : {DfPolicy::copy, DfPolicy::set, DfPolicy::clear}) {
    OutboundSa sa = outbound_sa();
    sa.df = policy;
    sa.dscp = 46;
    const auto index = add(sa);
    for (const std::uint16_t inner_df : std::initializer_list<std::uint16_t>{0, 0x4000}) {
      for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
        const auto outcome =
            protect(index, ipv4({.tos = static_cast<std::uint8_t>(0x20 | ecn), .fragment = inner_df}));
        ASSERT_EQ(outcome.verdict, Verdict::ok);
        EXPECT_EQ(outcome.output[1], 46 << 2 | ecn);
        const std::uint16_t expected = policy == DfPolicy::copy  ? inner_df
                                       : policy == DfPolicy::set ? 0x4000
                                                                 : 0;
        EXPECT_EQ(load_be16(outcome.output, 6), expected);
      }
    }
  }
}

TEST_P(OutboundConformance, InnerFragmentsAndOptionsAndWrongChecksumsAreCarriedAsTheyAre) {
  const OutboundSa sa = outbound_sa();
  const auto index = add(sa);
  Bytes inner = ipv4({.fragment = 0x2005, .protocol = 6, .option_words = 10, .payload = Bytes(33, 9)});
  inner[10] ^= 0xff;
  const Outcome outcome = protect(index, inner);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(open_esp(sa, outcome.output, 20, 0), with_trailer(inner));
  EXPECT_EQ(load_be16(outcome.output, 6), 0) << "MF and offset stay inside";
}

TEST_P(OutboundConformance, PaddingOfTheLinkIsTrimmed) {
  const OutboundSa sa = outbound_sa();
  const auto index = add(sa);
  const Bytes inner = packet_of(30);
  Bytes frame = inner;
  frame.resize(100, 0xcc);
  const Outcome outcome = protect(index, frame);
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(open_esp(sa, outcome.output, 20, 0), with_trailer(inner));
  EXPECT_EQ(outbound_counters(index).bytes, 30U);
  EXPECT_EQ(counters().outbound.bytes_in, 100U);
}

TEST_P(OutboundConformance, TooLong) {
  const auto index = add(outbound_sa());
  const std::size_t longest = engine().capabilities().max_packet_bytes;
  EXPECT_EQ(protect(index, packet_of(longest)).verdict, Verdict::ok);
  EXPECT_EQ(protect(index, packet_of(longest + 1)).verdict, Verdict::too_long);
  Bytes padded = packet_of(40);
  padded.resize(longest + 1);
  EXPECT_EQ(protect(index, padded).verdict, Verdict::too_long) << "the frame counts, not the packet";
  EXPECT_EQ(protect(index, Bytes(70000, 0x45)).verdict, Verdict::too_long);
  EXPECT_EQ(outbound_counters(index).next_sequence, 2U);
}

TEST_P(OutboundConformance, HeaderMalformed) {
  const auto index = add(outbound_sa());
  const auto verdict_of = [&](Bytes packet, std::size_t at, std::uint8_t value) {
    packet[at] = value;
    return protect(index, packet).verdict;
  };
  const Bytes good = packet_of(44);
  EXPECT_EQ(verdict_of(good, 0, 0x65), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(good, 0, 0x44), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(good, 3, 19), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(good, 3, 45), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(good, 0, 0x4c), Verdict::header_malformed) << "header of 48 bytes in a packet of 44";
  EXPECT_EQ(verdict_of(good, 0, 0x4b), Verdict::ok) << "a header that fills the packet";
  for (const std::size_t length : {0U, 1U, 19U}) {
    EXPECT_EQ(protect(index, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length))).verdict,
              Verdict::header_malformed);
  }
  // The header is judged before the SA.
  EXPECT_EQ(protect(index + 1, Bytes(good.begin(), good.begin() + 19)).verdict, Verdict::header_malformed);
  EXPECT_EQ(outbound_counters(index).next_sequence, 2U);
}

TEST_P(OutboundConformance, SaInvalid) {
  const auto index = add(outbound_sa());
  const std::uint32_t rows = engine().capabilities().outbound_sas;
  for (const std::uint32_t none : {index + 1, rows - 1, rows, 0xffffU, 0x10000U, UINT32_MAX}) {
    const Outcome outcome = protect(none, packet_of(40));
    EXPECT_EQ(outcome.verdict, Verdict::sa_invalid) << none;
    EXPECT_EQ(outcome.sa, none);
  }
}

TEST_P(OutboundConformance, SequenceOverflowWithoutEsn) {
  OutboundSa sa = outbound_sa();
  sa.next_sequence = UINT32_MAX;
  sa.lease_limit = std::uint64_t{1} << 32;
  sa.lease_low = sa.lease_limit;
  const auto index = add(sa);
  const auto outcomes =
      run(engine(), Direction::outbound, std::vector<Packet>(3, {.sa = index, .bytes = packet_of(40)}));
  EXPECT_EQ(outcomes[0].verdict, Verdict::ok);
  EXPECT_EQ(load_be32(outcomes[0].output, 24), UINT32_MAX);
  EXPECT_EQ(outcomes[1].verdict, Verdict::sequence_overflow);
  EXPECT_EQ(outcomes[2].verdict, Verdict::sequence_overflow);
  EXPECT_EQ(outbound_counters(index).next_sequence, std::uint64_t{1} << 32);
  EXPECT_EQ(outbound_counters(index).packets, 1U);
}

TEST_P(OutboundConformance, EsnCarriesIntoTheHighHalf) {
  OutboundSa sa = outbound_sa();
  sa.esn = true;
  sa.next_sequence = 0x5'ffffffff;
  sa.lease_limit = 0x6'00000001;
  sa.lease_low = sa.lease_limit;
  const auto index = add(sa);
  const auto outcomes =
      run(engine(), Direction::outbound, std::vector<Packet>(3, {.sa = index, .bytes = packet_of(40)}));
  EXPECT_EQ(load_be64(outcomes[0].output, 28), 0x5'ffffffffU);
  EXPECT_EQ(load_be64(outcomes[1].output, 28), 0x6'00000000U);
  EXPECT_EQ(load_be32(outcomes[1].output, 24), 0U);
  EXPECT_TRUE(open_esp(sa, outcomes[1].output, 20, 6));
  EXPECT_EQ(outcomes[2].verdict, Verdict::lease_exhausted);
}

TEST_P(OutboundConformance, TheLastNumberOfEsnNeverWraps) {
  OutboundSa sa = outbound_sa();
  sa.esn = true;
  sa.next_sequence = UINT64_MAX - 1;
  sa.lease_limit = UINT64_MAX;
  sa.lease_low = UINT64_MAX;
  const auto index = add(sa);
  const auto outcomes =
      run(engine(), Direction::outbound, std::vector<Packet>(3, {.sa = index, .bytes = packet_of(40)}));
  EXPECT_EQ(outcomes[0].verdict, Verdict::ok);
  EXPECT_EQ(outcomes[1].verdict, Verdict::lease_exhausted);
  EXPECT_EQ(outcomes[2].verdict, Verdict::lease_exhausted);
  EXPECT_EQ(outbound_counters(index).next_sequence, UINT64_MAX);
}

TEST_P(OutboundConformance, LeaseIsExhaustedUntilRenewed) {
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 3;
  sa.lease_low = 2;
  const auto index = add(sa);
  auto outcomes =
      run(engine(), Direction::outbound, std::vector<Packet>(4, {.sa = index, .bytes = packet_of(40)}));
  EXPECT_EQ(outcomes[1].verdict, Verdict::ok);
  EXPECT_EQ(outcomes[2].verdict, Verdict::lease_exhausted);
  EXPECT_EQ(outcomes[3].verdict, Verdict::lease_exhausted);
  EXPECT_EQ(outbound_counters(index).next_sequence, 3U) << "a dropped packet takes no number";
  ASSERT_TRUE(engine().renew_lease({index}, 5, 5));
  outcomes =
      run(engine(), Direction::outbound, std::vector<Packet>(3, {.sa = index, .bytes = packet_of(40)}));
  EXPECT_EQ(load_be32(outcomes[0].output, 24), 3U);
  EXPECT_EQ(load_be32(outcomes[1].output, 24), 4U);
  EXPECT_EQ(outcomes[2].verdict, Verdict::lease_exhausted);
}

TEST_P(OutboundConformance, NothingLeasedCarriesNothing) {
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 1;
  const auto index = add(sa);
  EXPECT_EQ(protect(index, packet_of(40)).verdict, Verdict::lease_exhausted);
}

TEST_P(OutboundConformance, LeaseLowIsReportedOncePerLease) {
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 100;
  sa.lease_low = 4;
  const auto index = add(sa);
  const std::vector<Packet> three(3, {.sa = index, .bytes = packet_of(40)});
  run(engine(), Direction::outbound, three);  // 1 to 3
  EXPECT_TRUE(events(engine()).empty());
  run(engine(), Direction::outbound, three);  // 4 to 6
  auto seen = events(engine());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].sa.value, index);
  run(engine(), Direction::outbound, three);  // 7 to 9
  EXPECT_TRUE(events(engine()).empty());
  ASSERT_TRUE(engine().renew_lease({index}, 200, 12));
  run(engine(), Direction::outbound, three);  // 10 to 12
  EXPECT_EQ(events(engine()).size(), 1U);
  // A renewal whose low mark is passed already reports with the next packet.
  ASSERT_TRUE(engine().renew_lease({index}, 300, 5));
  EXPECT_TRUE(events(engine()).empty());
  run(engine(), Direction::outbound, three);
  EXPECT_EQ(events(engine()).size(), 1U);
}

TEST_P(OutboundConformance, LeaseLowOfARemovedSaIsNotReportedForItsSuccessor) {
  OutboundSa sa = outbound_sa();
  sa.lease_low = 1;
  const auto index = add(sa);
  protect(index, packet_of(40));
  ASSERT_TRUE(engine().remove(Direction::outbound, {index}));
  sa.lease_low = sa.lease_limit;
  ASSERT_EQ(add(sa), index);
  EXPECT_TRUE(events(engine()).empty());
}

TEST_P(OutboundConformance, CountsPerSaAndAltogether) {
  const auto first = add(outbound_sa(0x1001));
  const auto second = add(outbound_sa(0x1002));
  run(engine(), Direction::outbound,
      {{.sa = first, .bytes = packet_of(20)},
       {.sa = second, .bytes = packet_of(100)},
       {.sa = first, .bytes = packet_of(31)},
       {.sa = first + 100, .bytes = packet_of(50)},
       {.sa = first, .bytes = Bytes(10, 0x45)}});
  EXPECT_EQ(outbound_counters(first),
            (OutboundSaCounters{.packets = 2, .bytes = 51, .expired = 0, .next_sequence = 3}));
  EXPECT_EQ(outbound_counters(second),
            (OutboundSaCounters{.packets = 1, .bytes = 100, .expired = 0, .next_sequence = 2}));
  DirectionCounters expected;
  expected.packets_in = 5;
  expected.bytes_in = 211;
  expected.packets_out = 3;
  // payload, padding and trailer: 24, 104, 36
  expected.bytes_out = 3 * (20 + 32) + 24 + 104 + 36;
  expected.verdicts[static_cast<std::size_t>(Verdict::ok)] = 3;
  expected.verdicts[static_cast<std::size_t>(Verdict::sa_invalid)] = 1;
  expected.verdicts[static_cast<std::size_t>(Verdict::header_malformed)] = 1;
  EXPECT_EQ(counters().outbound, expected);
  EXPECT_EQ(counters().inbound, DirectionCounters{});
}

}  // namespace
}  // namespace espgate::driver::test
