// Traffic flow confidentiality (RFC 4303 section 2.7) and dummy packets (section 2.6).
#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

Bytes zero_padded(Bytes payload, std::size_t bytes) {
  payload.resize(std::max(payload.size(), bytes));
  return payload;
}

TEST_P(TfcConformance, ShortPacketsArePaddedToOneSize) {
  std::uint32_t spi = 0x7000;
  for (const Cipher cipher : {Cipher::aes_gcm_16, Cipher::null_aes_gmac}) {
    for (const std::uint16_t tfc_bytes : std::initializer_list<std::uint16_t>{1, 100, 127, 512, 1421}) {
      OutboundSa sa = outbound_sa(++spi);
      sa.cipher = cipher;
      sa.tfc_bytes = tfc_bytes;
      const auto index = add(sa);
      const auto to = add(peer_of(sa));
      std::vector<Packet> packets;
      for (const std::size_t bytes :
           {20U, 21U, 64U, 99U, 100U, 101U, 127U, 128U, 130U, 511U, 600U, 1421U, 1500U}) {
        packets.push_back({.sa = index, .bytes = packet_of(bytes), .tfc_bytes = tfc_bytes});
      }
      const auto sent = run(engine(), Direction::outbound, packets);
      for (std::size_t i = 0; i < packets.size(); ++i) {
        ASSERT_EQ(sent[i].verdict, Verdict::ok);
        EXPECT_EQ(open_esp(sa, sent[i].output, 20, 0), with_trailer(zero_padded(packets[i].bytes, tfc_bytes)))
            << packets[i].bytes.size() << " bytes to " << tfc_bytes;
        const Outcome received = unprotect(sent[i].output);
        EXPECT_EQ(received.verdict, Verdict::ok);
        EXPECT_EQ(received.sa, to);
        EXPECT_EQ(received.output, packets[i].bytes);
      }
      std::uint64_t bytes = 0;
      for (const Packet& packet : packets) {
        bytes += packet.bytes.size();
      }
      EXPECT_EQ(outbound_counters(index).bytes, bytes) << "padding is not counted";
    }
  }
}

TEST_P(TfcConformance, PaddingReachesToTheLongestPacket) {
  OutboundSa sa = outbound_sa6();
  sa.encapsulation = UdpEncapsulation{};
  sa.tfc_bytes = static_cast<std::uint16_t>(engine().capabilities().max_packet_bytes);
  const auto index = add(sa);
  const auto sent =
      run(engine(), Direction::outbound, {{.sa = index, .bytes = packet_of(30), .tfc_bytes = sa.tfc_bytes}});
  ASSERT_EQ(sent.front().verdict, Verdict::ok);
  EXPECT_EQ(open_esp(sa, sent.front().output, 48, 0), with_trailer(zero_padded(packet_of(30), sa.tfc_bytes)));
}

TEST_P(TfcConformance, TransportModePadsNoPackets) {
  OutboundSa sa = outbound_sa();
  sa.mode = Mode::transport;
  sa.tfc_bytes = 500;
  const Bytes packet = packet_of(60);
  const Outcome sent =
      run(engine(), Direction::outbound, {{.sa = add(sa), .bytes = packet, .tfc_bytes = 500}}).front();
  EXPECT_EQ(open_esp(sa, sent.output, 20, 0), with_trailer(ByteView(packet).subspan(20), 17));
}

TEST_P(TfcConformance, DummyPackets) {
  std::uint32_t spi = 0x7100;
  for (const Mode mode : {Mode::tunnel, Mode::transport}) {
    for (const bool ipv6 : {false, true}) {
      for (const std::uint16_t tfc_bytes : std::initializer_list<std::uint16_t>{0, 77}) {
        OutboundSa sa = ipv6 ? outbound_sa6(++spi) : outbound_sa(++spi);
        sa.mode = mode;
        sa.tfc_bytes = tfc_bytes;
        sa.next_hop = {6, 5, 4, 3, 2, 1};
        const auto index = add(sa);
        const auto to = add(peer_of(sa));
        std::uint64_t bytes = 0;
        for (std::size_t length = 1; length < 140; length += 3) {
          const Bytes payload(length, static_cast<std::uint8_t>(length));
          bytes += length;
          const Outcome sent = dummy(index, payload, tfc_bytes);
          ASSERT_EQ(sent.verdict, Verdict::ok);
          EXPECT_EQ(sent.next_hop, sa.next_hop);
          const Bytes& out = sent.output;
          ASSERT_EQ(open_esp(sa, out, ipv6 ? 40 : 20, 0), with_trailer(zero_padded(payload, tfc_bytes), 59));
          EXPECT_EQ(load_be16(out, 0), ipv6 ? 0x6000 : 0x4500) << "the traffic class is 0";
          EXPECT_EQ(ByteView(out).subspan(ipv6 ? 8 : 12, 4).front(), ipv6 ? 0x20 : 192)
              << "the SA's addresses";
          EXPECT_EQ(unprotect(out).verdict, Verdict::dummy);
        }
        EXPECT_EQ(outbound_counters(index).bytes, bytes);
        EXPECT_EQ(inbound_counters(to).packets, 0U);
        EXPECT_EQ(inbound_counters(to).replay_top, outbound_counters(index).packets);
      }
    }
  }
}

TEST_P(TfcConformance, DummyHeadersFollowTheSa) {
  OutboundSa sa = outbound_sa(0x7201);
  sa.dscp = 10;
  sa.df = DfPolicy::set;
  sa.hop_limit = 3;
  Bytes out = dummy(add(sa), Bytes(20)).output;
  ASSERT_GT(out.size(), 20U);
  EXPECT_EQ(out.at(1), 10 << 2) << "ECN 0";
  EXPECT_EQ(load_be16(out, 6), 0x4000);
  EXPECT_EQ(out.at(8), 3);
  sa.df = DfPolicy::copy;
  sa.dscp.reset();
  out = dummy(add(sa), Bytes(20, 0xff)).output;
  ASSERT_GT(out.size(), 20U);
  EXPECT_EQ(out.at(1), 0);
  EXPECT_EQ(load_be16(out, 6), 0) << "nothing to copy from";
}

TEST_P(TfcConformance, DummyChecks) {
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 3;
  const auto index = add(sa);
  EXPECT_EQ(dummy(index, {}).verdict, Verdict::header_malformed);
  const std::size_t longest = engine().capabilities().max_packet_bytes;
  EXPECT_EQ(dummy(index, Bytes(longest + 1)).verdict, Verdict::too_long);
  EXPECT_EQ(dummy(index + 1, Bytes(10)).verdict, Verdict::sa_invalid);
  EXPECT_EQ(dummy(index, Bytes(longest, 0x45)).verdict, Verdict::ok);
  EXPECT_EQ(dummy(index, Bytes(10, 0x11)).verdict, Verdict::ok) << "it need not look like a packet";
  EXPECT_EQ(dummy(index, Bytes(10)).verdict, Verdict::lease_exhausted);
  EXPECT_EQ(outbound_counters(index).packets, 2U);
}

}  // namespace
}  // namespace espgate::driver::test
