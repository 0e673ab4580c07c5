#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

TEST_P(TableConformance, CapabilitiesNameWhatTheEngineCarries) {
  const Capabilities& capabilities = engine().capabilities();
  EXPECT_EQ(capabilities.name, GetParam().name);
  EXPECT_FALSE(capabilities.version.empty());
  EXPECT_TRUE(capabilities.aes_gcm_128 && capabilities.aes_gcm_256 && capabilities.esn);
  EXPECT_TRUE(capabilities.gmac_128 && capabilities.gmac_256);
  EXPECT_TRUE(capabilities.tunnel && capabilities.ipv6 && capabilities.transport);
  EXPECT_TRUE(capabilities.udp_encapsulation && capabilities.tfc && capabilities.lifetimes);
  EXPECT_TRUE(capabilities.spd_cache);
  EXPECT_GE(capabilities.spd_cache_entries, 512U);
  EXPECT_EQ(capabilities.replay_window, 2048U);
  EXPECT_EQ(capabilities.max_packet_bytes, 16384U);
  EXPECT_GE(capabilities.outbound_sas, 256U);
  EXPECT_GE(capabilities.inbound_sas, 256U);
  EXPECT_TRUE(engine().health());
}

TEST_P(TableConformance, RefusesSenselessOutboundSas) {
  const auto refused = [&](auto change, std::string_view word) {
    OutboundSa sa = outbound_sa();
    change(sa);
    const auto result = engine().add_outbound(sa);
    ASSERT_FALSE(result) << word;
    EXPECT_NE(result.error().message.find(word), std::string::npos) << result.error().message;
  };
  refused([](OutboundSa& sa) { sa.spi = 255; }, "SPI");
  refused([](OutboundSa& sa) { sa.spi = 0; }, "SPI");
  refused([](OutboundSa& sa) { sa.key = key_of(24); }, "24 bytes");
  refused([](OutboundSa& sa) { sa.key.key = {}; }, "0 bytes");
  refused([](OutboundSa& sa) { sa.key.salt = InlineSecret<4>(Bytes(3)); }, "salt");
  refused([](OutboundSa& sa) { sa.outer_source = *IpAddress::parse("2001:db8::1"); }, "one family");
  refused([](OutboundSa& sa) { sa.outer_source = *IpAddress::parse("::"); }, "source ::");
  refused([](OutboundSa& sa) { sa.cipher = static_cast<Cipher>(7); }, "cipher 7");
  refused([](OutboundSa& sa) { sa.mode = static_cast<Mode>(2); }, "mode 2");
  refused([](OutboundSa& sa) { sa.tfc_bytes = 16385; }, "tfc_bytes 16385");
  refused([](OutboundSa& sa) { sa.lifetime.soft_packets = 0; }, "soft_packets is 0");
  refused([](OutboundSa& sa) { sa.lifetime.hard_bytes = 0; }, "hard_bytes is 0");
  refused([](OutboundSa& sa) { sa.outer_destination = {}; }, "destination 0.0.0.0");
  refused([](OutboundSa& sa) { sa.encapsulation = UdpEncapsulation{.destination_port = 0}; }, "port");
  refused([](OutboundSa& sa) { sa.dscp = 64; }, "DSCP");
  refused([](OutboundSa& sa) { sa.df = static_cast<DfPolicy>(3); }, "DF");
  refused([](OutboundSa& sa) { sa.hop_limit = 0; }, "hop limit");
  refused([](OutboundSa& sa) { sa.next_sequence = 0; }, "next_sequence");
  refused([](OutboundSa& sa) { sa.next_sequence = sa.lease_limit + 1; }, "lease_limit");
  refused([](OutboundSa& sa) { sa.lease_limit = (std::uint64_t{1} << 32) + 1; }, "lease_limit");
  // None of them took a row.
  EXPECT_EQ(add(outbound_sa()), 0U);
}

TEST_P(TableConformance, RefusesSenselessInboundSas) {
  const auto refused = [&](auto change, std::string_view word) {
    InboundSa sa = inbound_sa();
    change(sa);
    const auto result = engine().add_inbound(sa);
    ASSERT_FALSE(result) << word;
    EXPECT_NE(result.error().message.find(word), std::string::npos) << result.error().message;
  };
  refused([](InboundSa& sa) { sa.spi = 1; }, "SPI");
  refused([](InboundSa& sa) { sa.key = key_of(24); }, "24 bytes");
  refused([](InboundSa& sa) { sa.outer_destination = *IpAddress::parse("::"); }, "destination ::");
  refused([](InboundSa& sa) { sa.selectors.source = *IpRange::parse("2001:db8::/32"); }, "one family");
  refused([](InboundSa& sa) { sa.selectors.source.last = *IpAddress::parse("ffff::"); }, "source selector");
  refused([](InboundSa& sa) { sa.replay_window = 31; }, "replay_window 31");
  refused([](InboundSa& sa) { sa.replay_window = 2049; }, "replay_window 2049");
  refused([](InboundSa& sa) { sa.lifetime.soft_bytes = 0; }, "soft_bytes is 0");
  refused([](InboundSa& sa) { sa.lifetime.hard_packets = 0; }, "hard_packets is 0");
  refused(
      [](InboundSa& sa) {
        sa.mode = Mode::transport;
        sa.outer_destination = *IpAddress::parse("2001:db8::1");
      },
      "transport mode");
  refused([](InboundSa& sa) { std::swap(sa.selectors.destination.first, sa.selectors.destination.last); },
          "destination selector");
  refused([](InboundSa& sa) { sa.selectors.source_port_first = 9, sa.selectors.source_port_last = 8; },
          "source ports");
  refused(
      [](InboundSa& sa) { sa.selectors.destination_port_last = 8, sa.selectors.destination_port_first = 9; },
      "destination ports");
  refused([](InboundSa& sa) { sa.replay_top = std::uint64_t{1} << 32; }, "replay_top");
  EXPECT_EQ(add(inbound_sa()), 0U);
}

TEST_P(TableConformance, RefusesASecondInboundSaWithTheSameSpi) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  InboundSa other = inbound_sa();
  other.key = key_of(16);
  const auto result = engine().add_inbound(other);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("there already"), std::string::npos) << result.error().message;
  ASSERT_TRUE(engine().remove(Direction::inbound, {index}));
  add(other);
  // Outbound, the SPI is the peer's choice and need not be unique.
  add(outbound_sa(0x1001));
  add(outbound_sa(0x1001));
}

TEST_P(TableConformance, FullTables) {
  const Capabilities& capabilities = engine().capabilities();
  std::set<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < capabilities.outbound_sas; ++i) {
    rows.insert(add(outbound_sa(0x1000 + i)));
  }
  EXPECT_EQ(rows.size(), capabilities.outbound_sas);
  EXPECT_EQ(*rows.rbegin(), capabilities.outbound_sas - 1);
  const auto outbound = engine().add_outbound(outbound_sa(0x999));
  ASSERT_FALSE(outbound);
  EXPECT_NE(outbound.error().message.find("outbound SA table"), std::string::npos)
      << outbound.error().message;
  // SPIs that a hash table takes without a full bucket.
  rows.clear();
  for (std::uint32_t i = 0; i < capabilities.inbound_sas; ++i) {
    rows.insert(add(inbound_sa(0x1000 + i)));
  }
  EXPECT_EQ(rows.size(), capabilities.inbound_sas);
  const auto inbound = engine().add_inbound(inbound_sa(0x999));
  ASSERT_FALSE(inbound);
  EXPECT_NE(inbound.error().message.find("inbound SA table"), std::string::npos) << inbound.error().message;
  // The last row works, and a row that is given back can be taken again.
  const std::uint32_t last = capabilities.outbound_sas - 1;
  EXPECT_EQ(run_one(engine(), Direction::outbound, last, packet_of(40)).verdict, Verdict::ok);
  ASSERT_TRUE(engine().remove(Direction::outbound, {7}));
  EXPECT_EQ(run_one(engine(), Direction::outbound, 7, packet_of(40)).verdict, Verdict::sa_invalid);
  EXPECT_EQ(add(outbound_sa(0x999)), 7U);
}

// In hardware the SPI table's entries move to make room for new ones, with packets on their way.
TEST_P(TableConformance, EverySaIsFoundWhileOthersCome) {
  const std::uint32_t all = std::min(engine().capabilities().inbound_sas, 256U);
  constexpr std::uint32_t scattered = 0x9e3779b1;
  constexpr std::uint32_t at_a_time = 4;
  constexpr std::uint64_t rounds = 12;
  std::vector<InboundSa> sas;
  const auto more = [&](std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      sas.push_back(inbound_sa(0x1000 + scattered * static_cast<std::uint32_t>(sas.size())));
      add(sas.back());
    }
  };
  more(all - at_a_time * static_cast<std::uint32_t>(rounds));
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    std::vector<Packet> packets;
    for (const InboundSa& sa : sas) {
      packets.push_back({.bytes = esp_for(sa, round)});
    }
    const auto outcomes =
        run_both(engine(), {}, packets, {.after = {0, 60}, .change = [&] { more(at_a_time); }});
    ASSERT_EQ(outcomes[1].size(), packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_EQ(outcomes[1][i].verdict, Verdict::ok) << "SA " << i << " in round " << round;
    }
  }
  EXPECT_EQ(sas.size(), all);
}

TEST_P(TableConformance, RemoveForgetsEverything) {
  OutboundSa out = outbound_sa();
  const auto from = add(out);
  InboundSa in = peer_of(out);
  const auto to = add(in);
  const Outcome sent = protect(from, packet_of(40));
  EXPECT_EQ(unprotect(sent.output).verdict, Verdict::ok);
  ASSERT_TRUE(engine().remove(Direction::outbound, {from}));
  ASSERT_TRUE(engine().remove(Direction::inbound, {to}));
  EXPECT_EQ(protect(from, packet_of(40)).verdict, Verdict::sa_invalid);
  EXPECT_EQ(unprotect(sent.output).verdict, Verdict::unknown_spi);
  EXPECT_FALSE(engine().outbound_sa_counters({from}));
  EXPECT_FALSE(engine().inbound_sa_counters({to}));
  EXPECT_FALSE(engine().remove(Direction::outbound, {from}));
  EXPECT_FALSE(engine().remove(Direction::inbound, {to}));
  // In the same rows, under new keys, everything starts anew.
  out.key = key_of(16, 0x77);
  in.key = out.key;
  in.spi = out.spi;
  EXPECT_EQ(add(out), from);
  EXPECT_EQ(add(in), to);
  EXPECT_EQ(outbound_counters(from),
            (OutboundSaCounters{.packets = 0, .bytes = 0, .expired = 0, .next_sequence = 1}));
  EXPECT_EQ(inbound_counters(to), InboundSaCounters{});
  EXPECT_EQ(unprotect(sent.output).verdict, Verdict::icv_failed) << "the old key is gone";
  EXPECT_EQ(unprotect(protect(from, packet_of(40)).output).verdict, Verdict::ok);
}

TEST_P(TableConformance, UnknownRowsAreErrors) {
  EXPECT_FALSE(engine().remove(Direction::outbound, {0}));
  EXPECT_FALSE(engine().remove(Direction::inbound, {UINT32_MAX}));
  EXPECT_FALSE(engine().renew_lease({3}, 10, 5));
  EXPECT_FALSE(engine().renew_lease({UINT32_MAX}, 10, 5));
  EXPECT_FALSE(engine().outbound_sa_counters({0}));
  EXPECT_FALSE(engine().inbound_sa_counters({0}));
}

TEST_P(TableConformance, RenewalsAreChecked) {
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 100;
  sa.lease_low = 50;
  const auto index = add(sa);
  EXPECT_FALSE(engine().renew_lease({index}, 99, 50)) << "lower than the one in force";
  EXPECT_FALSE(engine().renew_lease({index}, (std::uint64_t{1} << 32) + 1, 50)) << "beyond the number space";
  EXPECT_TRUE(engine().renew_lease({index}, std::uint64_t{1} << 32, 50));
  sa.esn = true;
  const auto esn = add(sa);
  EXPECT_TRUE(engine().renew_lease({esn}, (std::uint64_t{1} << 32) + 1, 50));
  EXPECT_TRUE(engine().renew_lease({esn}, UINT64_MAX, UINT64_MAX));
}

TEST_P(TableConformance, PacketsSubmittedBeforeARemovalAreCarried) {
  OutboundSa out = outbound_sa();
  const auto from = add(out);
  const Bytes inner = packet_of(1000);
  std::vector<Bytes> buffers(20, Bytes(inner.size() + max_expansion));
  std::vector<PacketRequest> requests;
  for (Bytes& buffer : buffers) {
    requests.push_back({.cookie = requests.size(), .sa = {from}, .input = inner, .output = buffer});
  }
  ASSERT_EQ(engine().submit(Direction::outbound, requests), requests.size());
  ASSERT_TRUE(engine().remove(Direction::outbound, {from}));
  // The row's next owner must not be touched by what is still on its way.
  ASSERT_EQ(add(outbound_sa(0x1234)), from);
  std::vector<Completion> completions(requests.size());
  std::size_t count = 0;
  for (int polls = 0; polls < 1000 && count < requests.size(); ++polls) {
    count += engine().poll(Direction::outbound, std::span(completions).subspan(count));
  }
  ASSERT_EQ(count, requests.size());
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(completions[i].verdict, Verdict::ok);
    EXPECT_EQ(load_be32(buffers[i], 24), i + 1);
  }
  EXPECT_EQ(outbound_counters(from),
            (OutboundSaCounters{.packets = 0, .bytes = 0, .expired = 0, .next_sequence = 1}));
}

TEST_P(TableConformance, AFullQueueTakesNoMoreAndLosesNothing) {
  const auto index = add(outbound_sa());
  const Bytes inner = packet_of(40);
  Bytes output(inner.size() + max_expansion);
  const PacketRequest request{.cookie = 1, .sa = {index}, .input = inner, .output = output};
  std::size_t taken = 0;
  while (engine().submit(Direction::outbound, std::span(&request, 1)) == 1) {
    ASSERT_LT(++taken, 100000U) << "the queue has no end";
  }
  EXPECT_EQ(engine().in_flight(Direction::outbound), taken);
  EXPECT_EQ(engine().in_flight(Direction::inbound), 0U);
  std::vector<Completion> completions(64);
  std::size_t polled = 0;
  for (int polls = 0; polls < 10000 && polled < taken; ++polls) {
    polled += engine().poll(Direction::outbound, completions);
  }
  EXPECT_EQ(polled, taken);
  EXPECT_EQ(engine().in_flight(Direction::outbound), 0U);
  EXPECT_EQ(engine().poll(Direction::outbound, completions), 0U);
  EXPECT_EQ(counters().outbound.packets_in, taken);
  EXPECT_EQ(engine().submit(Direction::outbound, std::span(&request, 1)), 1U);
}

}  // namespace
}  // namespace espgate::driver::test
