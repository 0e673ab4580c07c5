#include <gtest/gtest.h>

#include "base/checksum.h"
#include "conformance.h"

namespace espgate::driver::test {
namespace {

TEST_P(InboundConformance, EveryKindOfSaAndEveryLengthModuloTheBeat) {
  std::uint32_t spi = 0x3000;
  for (const std::size_t key : {16U, 32U}) {
    for (const bool esn : {false, true}) {
      for (const bool encapsulated : {false, true}) {
        InboundSa sa = inbound_sa(++spi);
        sa.key = key_of(key, static_cast<std::uint8_t>(spi));
        sa.esn = esn;
        sa.encapsulated = encapsulated;
        sa.replay_top = esn ? 0x9'fffffff0 : 0;
        const auto index = add(sa);
        std::vector<Packet> packets;
        std::vector<Bytes> inner;
        for (std::size_t bytes = 20; bytes < 160; ++bytes) {
          inner.push_back(packet_of(bytes));
          packets.push_back({.sa = 0, .bytes = esp_for(sa, sa.replay_top + 1 + inner.size(), inner.back())});
        }
        const auto outcomes = run(engine(), Direction::inbound, packets);
        for (std::size_t i = 0; i < packets.size(); ++i) {
          ASSERT_EQ(outcomes[i].verdict, Verdict::ok)
              << to_string(outcomes[i].verdict) << ", length " << inner[i].size();
          ASSERT_EQ(outcomes[i].output, inner[i]);
          ASSERT_EQ(outcomes[i].sa, index);
        }
      }
    }
  }
}

TEST_P(InboundConformance, CarriesWhatOutboundMade) {
  OutboundSa out = outbound_sa();
  out.esn = true;
  out.encapsulation = UdpEncapsulation{};
  const auto from = add(out);
  const auto to = add(peer_of(out));
  for (const std::size_t bytes : {20U, 21U, 64U, 1400U, 9000U, 16000U}) {
    const Bytes inner = packet_of(bytes);
    const Outcome sent = protect(from, inner);
    const Outcome received = unprotect(sent.output);
    EXPECT_EQ(received.verdict, Verdict::ok);
    EXPECT_EQ(received.sa, to);
    EXPECT_EQ(received.output, inner);
  }
}

TEST_P(InboundConformance, TooLong) {
  const InboundSa sa = inbound_sa();
  add(sa);
  Bytes packet = esp_for(sa, 1);
  packet.resize(engine().capabilities().max_packet_bytes + 1);
  EXPECT_EQ(unprotect(packet).verdict, Verdict::too_long);
  packet.resize(engine().capabilities().max_packet_bytes);
  EXPECT_EQ(unprotect(packet).verdict, Verdict::ok) << "padding of the link is trimmed";
}

TEST_P(InboundConformance, HeaderMalformed) {
  const InboundSa sa = inbound_sa();
  add(sa);
  const Bytes good = esp_for(sa, 1);
  const auto verdict_of = [&](std::size_t at, std::uint8_t value) {
    Bytes packet = good;
    packet[at] = value;
    return unprotect(packet).verdict;
  };
  EXPECT_EQ(verdict_of(0, 0x65), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(0, 0x44), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(3, 19), Verdict::header_malformed);
  EXPECT_EQ(verdict_of(3, static_cast<std::uint8_t>(good.size() + 1)), Verdict::header_malformed);
  for (const std::size_t length : {0U, 1U, 19U, 40U}) {
    EXPECT_EQ(unprotect(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length))).verdict,
              Verdict::header_malformed);
  }
}

TEST_P(InboundConformance, NotEsp) {
  EXPECT_EQ(unprotect(ipv4({.protocol = 6, .payload = Bytes(40)})).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.protocol = 51, .payload = Bytes(40)})).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.fragment = 0x2000, .protocol = 6, .payload = Bytes(40)})).verdict,
            Verdict::outer_fragment)
      << "the fragment is judged before the protocol";
  EXPECT_EQ(unprotect(ipv4({.payload = udp(4500, 500, 40)})).verdict, Verdict::not_esp);
  // RFC 3948: the non-ESP marker, and the keep-alive.
  Bytes ike = ipv4({.payload = udp(4500, 4500, 40)});
  std::fill_n(ike.begin() + 28, 4, 0);
  EXPECT_EQ(unprotect(ike).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.payload = udp(4500, 4500, 1)})).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.payload = udp(4500, 4500, 0)})).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.payload = udp(4500, 4500, 3)})).verdict, Verdict::not_esp);
}

TEST_P(InboundConformance, UdpLengths) {
  InboundSa sa = inbound_sa();
  sa.encapsulated = true;
  add(sa);
  Bytes packet = esp_for(sa, 1);
  packet[25] ^= 1;
  EXPECT_EQ(unprotect(packet).verdict, Verdict::header_malformed);
  EXPECT_EQ(unprotect(ipv4({.protocol = 17, .payload = Bytes(7)})).verdict, Verdict::header_malformed);
}

TEST_P(InboundConformance, OuterFragment) {
  const InboundSa sa = inbound_sa();
  add(sa);
  for (const std::uint16_t fragment : std::initializer_list<std::uint16_t>{0x2000, 0x0001, 0x1fff, 0x6000}) {
    EspSpec spec = spec_for(sa, 1, packet_of(40));
    spec.outer.fragment = fragment;
    EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::outer_fragment) << fragment;
  }
  EspSpec spec = spec_for(sa, 1, packet_of(40));
  spec.outer.fragment = 0xc000;
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::ok) << "DF and the reserved bit do not matter";
}

TEST_P(InboundConformance, OuterOptionsAndTheHeaderWindow) {
  InboundSa plain = inbound_sa(0x2001);
  InboundSa udp_sa = inbound_sa(0x2002);
  udp_sa.encapsulated = true;
  add(plain);
  add(udp_sa);
  for (std::size_t words = 0; words <= 10; ++words) {
    EspSpec spec = spec_for(plain, words + 1, packet_of(40));
    spec.outer.option_words = words;
    EXPECT_EQ(unprotect(esp(spec)).verdict, words <= 7 ? Verdict::ok : Verdict::header_window) << words;
    spec = spec_for(udp_sa, words + 1, packet_of(40));
    spec.outer.option_words = words;
    EXPECT_EQ(unprotect(esp(spec)).verdict, words <= 5 ? Verdict::ok : Verdict::header_window) << words;
  }
}

TEST_P(InboundConformance, UdpAtTheEdgeOfTheHeaderWindow) {
  // With 60 bytes of IP header the UDP length lies beyond the window, with 56 the marker does.
  Bytes packet = ipv4({.option_words = 10, .payload = udp(4500, 4500, 40)});
  packet[65] ^= 1;
  EXPECT_EQ(unprotect(packet).verdict, Verdict::header_window);
  EXPECT_EQ(unprotect(ipv4({.option_words = 10, .payload = udp(4500, 4501, 40)})).verdict, Verdict::not_esp);
  EXPECT_EQ(unprotect(ipv4({.option_words = 10, .payload = Bytes(7)})).verdict, Verdict::header_malformed);
  packet = ipv4({.option_words = 9, .payload = udp(4500, 4500, 40)});
  EXPECT_EQ(unprotect(packet).verdict, Verdict::header_window);
  packet[61] ^= 1;
  EXPECT_EQ(unprotect(packet).verdict, Verdict::header_malformed);
  EXPECT_EQ(unprotect(ipv4({.option_words = 9, .payload = udp(4500, 4500, 3)})).verdict, Verdict::not_esp);
  // With 52, the marker is the last that fits.
  packet = ipv4({.option_words = 8, .payload = udp(4500, 4500, 40)});
  EXPECT_EQ(unprotect(packet).verdict, Verdict::header_window);
  std::fill_n(packet.begin() + 60, 4, 0);
  EXPECT_EQ(unprotect(packet).verdict, Verdict::not_esp);
}

TEST_P(InboundConformance, EspMalformed) {
  const InboundSa sa = inbound_sa();
  add(sa);
  const auto of_bytes = [](std::size_t bytes) {
    return ipv4({.protocol = 50, .payload = Bytes(bytes, 0x20)});
  };
  for (const std::size_t bytes : {0U, 8U, 32U, 35U, 37U, 38U, 39U, 101U}) {
    EXPECT_EQ(unprotect(of_bytes(bytes)).verdict, Verdict::esp_malformed) << bytes;
  }
  EXPECT_EQ(unprotect(of_bytes(36)).verdict, Verdict::unknown_spi);
}

TEST_P(InboundConformance, UnknownSpi) {
  const InboundSa sa = inbound_sa();
  add(sa);
  InboundSa other = sa;
  other.spi ^= 0x80000000;
  EXPECT_EQ(unprotect(esp_for(other, 1)).verdict, Verdict::unknown_spi);
}

TEST_P(InboundConformance, DestinationAndEncapsulationMismatch) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  InboundSa other = sa;
  other.outer_destination = IpAddress::v4(0xc0000209);
  const Outcome outcome = unprotect(esp_for(other, 1));
  EXPECT_EQ(outcome.verdict, Verdict::destination_mismatch);
  EXPECT_EQ(outcome.sa, index);
  other.encapsulated = true;
  EXPECT_EQ(unprotect(esp_for(other, 1)).verdict, Verdict::destination_mismatch)
      << "the destination comes first";
  other.outer_destination = sa.outer_destination;
  EXPECT_EQ(unprotect(esp_for(other, 1)).verdict, Verdict::encapsulation_mismatch);
  EXPECT_EQ(unprotect(esp_for(sa, 1)).verdict, Verdict::ok);
}

TEST_P(InboundConformance, EveryByteIsAuthenticated) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  const Bytes good = esp_for(sa, 2);
  // From the IV on; what stands before names another SA or another number.
  std::vector<Packet> packets;
  for (std::size_t at = 28; at < good.size(); ++at) {
    packets.push_back({.sa = 0, .bytes = good});
    packets.back().bytes[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
  }
  for (const Outcome& outcome : run(engine(), Direction::inbound, packets)) {
    EXPECT_EQ(outcome.verdict, Verdict::icv_failed);
    EXPECT_EQ(outcome.sa, index);
  }
  EXPECT_EQ(inbound_counters(index).icv_failed, packets.size());
  EXPECT_EQ(inbound_counters(index).replay_top, 0U);
  EXPECT_EQ(unprotect(good).verdict, Verdict::ok);
}

TEST_P(InboundConformance, PaddingIsChecked) {
  const InboundSa sa = inbound_sa();
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](Bytes plaintext) {
    EspSpec spec = spec_for(sa, ++sequence, {});
    spec.plaintext = std::move(plaintext);
    return unprotect(esp(spec)).verdict;
  };
  const Bytes inner = packet_of(41);
  for (const std::size_t words : {0U, 1U, 5U, 16U, 20U, 40U, 63U}) {
    EXPECT_EQ(verdict_of(with_trailer(inner, 4, words)), Verdict::ok) << words;
    const Bytes good = with_trailer(inner, 4, words);
    for (std::size_t at = inner.size(); at < good.size() - 2; ++at) {
      Bytes bad = good;
      bad[at] ^= 0x40;
      EXPECT_EQ(verdict_of(bad), Verdict::padding_malformed) << words << " words, byte " << at;
    }
  }
  Bytes long_padding = with_trailer(inner);
  for (const std::uint8_t length : std::initializer_list<std::uint8_t>{44, 45, 46, 64, 255}) {
    long_padding[long_padding.size() - 2] = length;
    EXPECT_EQ(verdict_of(long_padding), Verdict::padding_malformed) << int{length};
  }
  EXPECT_EQ(verdict_of({0, 59, 3, 4}), Verdict::padding_malformed);
  EXPECT_EQ(verdict_of({1, 2, 3, 4}), Verdict::padding_malformed);
  EXPECT_EQ(verdict_of({1, 2, 2, 4}), Verdict::inner_malformed) << "nothing but padding";
}

TEST_P(InboundConformance, DummyAndOtherNextHeaders) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  EspSpec spec = spec_for(sa, 1, {});
  spec.plaintext = with_trailer(Bytes(50, 0xdd), 59);
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::dummy);
  EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::replay_duplicate) << "a dummy moves the window";
  for (const std::uint8_t next_header : std::initializer_list<std::uint8_t>{0, 6, 17, 40, 50, 58, 60, 255}) {
    ++spec.sequence;
    spec.plaintext = with_trailer(packet_of(40), next_header);
    EXPECT_EQ(unprotect(esp(spec)).verdict, Verdict::next_header_unsupported) << int{next_header};
  }
  EXPECT_EQ(inbound_counters(index).packets, 0U);
}

TEST_P(InboundConformance, InnerMalformed) {
  const InboundSa sa = inbound_sa();
  add(sa);
  std::uint64_t sequence = 0;
  const auto verdict_of = [&](const Bytes& inner) {
    return unprotect(esp_for(sa, ++sequence, inner)).verdict;
  };
  EXPECT_EQ(verdict_of(Bytes(18, 0x45)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(Bytes(2, 0x45)), Verdict::inner_malformed);
  const auto changed = [](std::size_t at, std::uint8_t value) {
    Bytes inner = packet_of(42);
    inner[at] = value;
    return inner;
  };
  EXPECT_EQ(verdict_of(changed(0, 0x65)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(changed(0, 0x44)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(changed(0, 0x4b)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(changed(3, 43)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(changed(2, 0xff)), Verdict::inner_malformed);
  EXPECT_EQ(verdict_of(changed(3, 19)), Verdict::inner_malformed);
}

TEST_P(InboundConformance, TrafficFlowConfidentialityPaddingIsTrimmed) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  const Bytes inner = packet_of(45);
  Bytes payload = inner;
  payload.resize(300, 0x77);
  const Outcome outcome = unprotect(esp_for(sa, 1, payload));
  EXPECT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.output, inner);
  EXPECT_EQ(inbound_counters(index).bytes, 45U);
}

TEST_P(InboundConformance, EcnFollowsRfc6040) {
  const InboundSa sa = inbound_sa();
  add(sa);
  std::uint64_t sequence = 0;
  // Rows: inner Not-ECT, ECT(1), ECT(0), CE; columns: outer, in the same order. 9 is a drop.
  constexpr std::array<std::array<int, 4>, 4> expected{
      {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}}};
  for (std::size_t inner_ecn = 0; inner_ecn < 4; ++inner_ecn) {
    for (std::size_t outer_ecn = 0; outer_ecn < 4; ++outer_ecn) {
      Ipv4Spec spec{.tos = static_cast<std::uint8_t>(0xa0 | inner_ecn), .payload = udp(1, 2, 9)};
      Bytes inner = ipv4(spec);
      EspSpec packet = spec_for(sa, ++sequence, inner);
      packet.outer.tos = static_cast<std::uint8_t>(0x10 | outer_ecn);
      const Outcome outcome = unprotect(esp(packet));
      const int want = expected.at(inner_ecn).at(outer_ecn);
      if (want == 9) {
        EXPECT_EQ(outcome.verdict, Verdict::ecn_dropped);
        continue;
      }
      ASSERT_EQ(outcome.verdict, Verdict::ok);
      spec.tos = static_cast<std::uint8_t>(0xa0 | want);
      EXPECT_EQ(outcome.output, ipv4(spec)) << "inner " << inner_ecn << ", outer " << outer_ecn;
    }
  }
}

TEST_P(InboundConformance, EcnKeepsAWrongChecksumWrong) {
  const InboundSa sa = inbound_sa();
  add(sa);
  Bytes inner = ipv4({.tos = 2, .payload = udp(1, 2, 9)});
  inner[10] ^= 0x55;
  EspSpec packet = spec_for(sa, 1, inner);
  packet.outer.tos = 3;
  const Outcome outcome = unprotect(esp(packet));
  ASSERT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.output[1], 3);
  EXPECT_EQ(internet_checksum(ByteView(outcome.output).first(20)),
            internet_checksum(ByteView(inner).first(20)));
}

TEST_P(InboundConformance, CountsPerSaAndAltogether) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  const Bytes first = esp_for(sa, 1, packet_of(40));
  Bytes bad = esp_for(sa, 2, packet_of(40));
  bad.back() ^= 1;
  const Bytes other = ipv4({.protocol = 6, .payload = Bytes(10)});
  run(engine(), Direction::inbound,
      {{.sa = 0, .bytes = first},
       {.sa = 0, .bytes = first},
       {.sa = 0, .bytes = bad},
       {.sa = 0, .bytes = other},
       {.sa = 0, .bytes = esp_for(sa, 3, packet_of(60))}});
  EXPECT_EQ(inbound_counters(index), (InboundSaCounters{.packets = 2,
                                                        .bytes = 100,
                                                        .expired = 0,
                                                        .replay_too_old = 0,
                                                        .replay_duplicate = 1,
                                                        .icv_failed = 1,
                                                        .selector_mismatch = 0,
                                                        .replay_top = 3}));
  DirectionCounters expected;
  expected.packets_in = 5;
  expected.bytes_in = 3 * first.size() + other.size() + first.size() + 20;
  expected.packets_out = 2;
  expected.bytes_out = 100;
  expected.verdicts[static_cast<std::size_t>(Verdict::ok)] = 2;
  expected.verdicts[static_cast<std::size_t>(Verdict::replay_duplicate)] = 1;
  expected.verdicts[static_cast<std::size_t>(Verdict::icv_failed)] = 1;
  expected.verdicts[static_cast<std::size_t>(Verdict::not_esp)] = 1;
  EXPECT_EQ(counters().inbound, expected);
  EXPECT_EQ(counters().outbound, DirectionCounters{});
}

}  // namespace
}  // namespace espgate::driver::test
