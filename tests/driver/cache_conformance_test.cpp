// The SPD caches of both directions.
#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

// The flow of packet_of() and packet6_of().
Flow flow4() {
  return {.protocol = 17,
          .ports_known = true,
          .source_port = 1000,
          .destination_port = 2000,
          .source = IpAddress::v4(0x0a010005),
          .destination = IpAddress::v4(0x0a020007)};
}
Flow flow6() {
  Flow flow = flow4();
  flow.source = *IpAddress::parse("2001:db8:1::5");
  flow.destination = *IpAddress::parse("2001:db8:2::7");
  return flow;
}

TEST_P(CacheConformance, EveryPolicyOutbound) {
  const OutboundSa sa = outbound_sa();
  const auto index = add(sa);
  const auto other = add(outbound_sa6());
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss);
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {index}));
  Outcome outcome = look_up(packet_of(60));
  EXPECT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.sa, index);
  EXPECT_EQ(open_esp(sa, outcome.output, 20, 0), with_trailer(packet_of(60)));
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {other}));
  EXPECT_EQ(look_up(packet_of(60)).sa, other) << "the entry is replaced";
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::bypass));
  Bytes padded = packet_of(60);
  padded.resize(90, 0xcc);
  outcome = look_up(padded);
  EXPECT_EQ(outcome.verdict, Verdict::bypassed);
  EXPECT_EQ(outcome.output, packet_of(60)) << "padding of the link is trimmed";
  EXPECT_EQ(outcome.next_hop, MacAddress{});
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::discard));
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_discard);
  ASSERT_TRUE(engine().forget_policy(Direction::outbound, flow4()));
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss);
  EXPECT_TRUE(engine().forget_policy(Direction::outbound, flow4())) << "nothing to forget is no error";
  EXPECT_EQ(protect(index, packet_of(60)).verdict, Verdict::ok) << "who names the SA is not asked";
}

TEST_P(CacheConformance, BypassedPacketsOfEveryLength) {
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::bypass));
  ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow6(), Policy::bypass));
  std::vector<Packet> out;
  std::vector<Packet> in;
  for (std::size_t bytes = 50; bytes < 260; ++bytes) {
    out.push_back({.sa = 0, .bytes = packet_of(bytes), .kind = RequestKind::lookup});
    in.push_back({.sa = 0, .bytes = packet6_of(bytes)});
  }
  const auto outcomes = run_both(engine(), out, in);
  for (std::size_t i = 0; i < out.size(); ++i) {
    ASSERT_EQ(outcomes[0][i].verdict, Verdict::bypassed);
    ASSERT_EQ(outcomes[0][i].output, out[i].bytes);
    ASSERT_EQ(outcomes[1][i].verdict, Verdict::bypassed);
    ASSERT_EQ(outcomes[1][i].output, in[i].bytes);
  }
  const Counters counted = counters();
  EXPECT_EQ(counted.outbound.packets_out, out.size());
  EXPECT_EQ(counted.outbound.bytes_out, counted.outbound.bytes_in);
  EXPECT_EQ(counted.inbound.verdicts.at(static_cast<std::size_t>(Verdict::bypassed)), in.size());
}

TEST_P(CacheConformance, EveryFieldOfAFlowCounts) {
  for (const bool ipv6 : {false, true}) {
    const Flow flow = ipv6 ? flow6() : flow4();
    const Bytes packet = ipv6 ? packet6_of(60) : packet_of(60);
    const auto missed = [&](auto change, const char* what) {
      Flow other = flow;
      change(other);
      ASSERT_TRUE(engine().cache_policy(Direction::outbound, other, Policy::discard)) << what;
      EXPECT_EQ(look_up(packet).verdict, Verdict::policy_miss) << what;
      ASSERT_TRUE(engine().forget_policy(Direction::outbound, other)) << what;
    };
    missed([](Flow& f) { f.spd = 1; }, "SPD");
    missed([](Flow& f) { f.protocol = 6; }, "protocol");
    missed([](Flow& f) { f.source_port ^= 0x100; }, "source port");
    missed([](Flow& f) { f.destination_port ^= 1; }, "destination port");
    missed([](Flow& f) { f.ports_known = false, f.source_port = 0, f.destination_port = 0; }, "known ports");
    for (const std::size_t byte : {std::size_t{0}, std::size_t{3}, ipv6 ? std::size_t{15} : std::size_t{2}}) {
      const auto flipped = [byte](const IpAddress& address) {
        Bytes bytes(address.bytes().begin(), address.bytes().end());
        bytes[byte] ^= 1;
        return *IpAddress::from_bytes(bytes);
      };
      missed([&](Flow& f) { f.source = flipped(f.source); }, "source");
      missed([&](Flow& f) { f.destination = flipped(f.destination); }, "destination");
    }
    missed([](Flow& f) { std::swap(f.source, f.destination); }, "direction of the flow");
    ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow, Policy::discard));
    EXPECT_EQ(look_up(packet).verdict, Verdict::policy_discard);
  }
  // The same address bytes in the other family are another flow.
  Flow mapped = flow4();
  mapped.source = *IpAddress::parse("::a01:5");
  mapped.destination = *IpAddress::parse("::a02:7");
  ASSERT_TRUE(engine().forget_policy(Direction::outbound, flow4()));
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, mapped, Policy::bypass));
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss);
}

TEST_P(CacheConformance, TheRequestNamesTheSpd) {
  for (const std::uint8_t spd : std::initializer_list<std::uint8_t>{0, 1, 128, 255}) {
    Flow flow = flow4();
    flow.spd = spd;
    ASSERT_TRUE(
        engine().cache_policy(Direction::outbound, flow, spd % 2 == 0 ? Policy::bypass : Policy::discard));
    ASSERT_TRUE(
        engine().cache_policy(Direction::inbound, flow, spd % 2 == 0 ? Policy::discard : Policy::bypass));
  }
  for (const std::uint8_t spd : std::initializer_list<std::uint8_t>{0, 1, 128, 255}) {
    EXPECT_EQ(look_up(packet_of(60), spd).verdict,
              spd % 2 == 0 ? Verdict::bypassed : Verdict::policy_discard);
    const auto inbound =
        run(engine(), Direction::inbound, {{.sa = 0, .bytes = packet_of(60), .kind = {}, .spd = spd}});
    EXPECT_EQ(inbound.front().verdict, spd % 2 == 0 ? Verdict::policy_discard : Verdict::bypassed);
  }
  EXPECT_EQ(look_up(packet_of(60), 2).verdict, Verdict::policy_miss);
}

TEST_P(CacheConformance, FlowsWithoutPorts) {
  Flow flow = flow4();
  flow.ports_known = false;
  flow.source_port = 0;
  flow.destination_port = 0;
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow, Policy::bypass));
  EXPECT_EQ(look_up(ipv4({.payload = Bytes(3)})).verdict, Verdict::bypassed) << "too short to have ports";
  EXPECT_EQ(look_up(ipv4({.payload = Bytes(8)})).verdict, Verdict::policy_miss) << "ports, and both are 0";
  flow.protocol = 1;
  flow.ports_known = true;
  flow.source_port = 0x0803;
  flow.destination_port = 0x0803;
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow, Policy::discard));
  EXPECT_EQ(look_up(ipv4({.protocol = 1, .payload = {8, 3, 1, 2}})).verdict, Verdict::policy_discard);
  EXPECT_EQ(look_up(ipv4({.protocol = 1, .payload = {8, 4, 1, 2}})).verdict, Verdict::policy_miss);
}

TEST_P(CacheConformance, InboundCleartext) {
  const auto verdict_of = [&](Bytes packet) { return unprotect(packet).verdict; };
  EXPECT_EQ(verdict_of(packet_of(60)), Verdict::not_esp);
  ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow4(), Policy::bypass));
  Bytes padded = packet_of(60);
  padded.resize(70);
  const Outcome outcome = unprotect(padded);
  EXPECT_EQ(outcome.verdict, Verdict::bypassed);
  EXPECT_EQ(outcome.output, packet_of(60));
  ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow4(), Policy::discard));
  EXPECT_EQ(verdict_of(packet_of(60)), Verdict::policy_discard);
  ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow4(), Policy::protect));
  EXPECT_EQ(verdict_of(packet_of(60)), Verdict::policy_discard) << "cleartext that ought to be protected";
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss) << "the outbound cache is another one";
  ASSERT_TRUE(engine().forget_policy(Direction::inbound, flow4()));
  EXPECT_EQ(verdict_of(packet_of(60)), Verdict::not_esp);
}

TEST_P(CacheConformance, IkeReachesTheHostWhateverTheCacheSays) {
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{500, 4500}) {
    Flow flow = flow4();
    flow.source_port = port;
    flow.destination_port = port;
    ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow, Policy::discard));
    Bytes datagram = udp(port, port, 40);
    std::fill_n(datagram.begin() + 8, 4, 0);
    EXPECT_EQ(unprotect(ipv4({.payload = datagram})).verdict, Verdict::not_esp) << port;
    flow.destination_port = 501;
    ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow, Policy::discard));
    EXPECT_EQ(unprotect(ipv4({.payload = udp(port, 501, 40)})).verdict, Verdict::policy_discard);
  }
}

TEST_P(CacheConformance, EspItselfIsNeverLookedUp) {
  const InboundSa sa = inbound_sa();
  add(sa);
  Flow flow;
  flow.protocol = 50;
  flow.source = IpAddress::v4(0xc0000202);
  flow.destination = IpAddress::v4(0xc0000201);
  ASSERT_TRUE(engine().cache_policy(Direction::inbound, flow, Policy::discard));
  EXPECT_EQ(unprotect(esp_for(sa, 1)).verdict, Verdict::ok);
}

TEST_P(CacheConformance, RefusesWhatIsNoFlow) {
  const auto refused = [&](auto change, Policy policy, SaIndex sa, std::string_view word) {
    Flow flow = flow4();
    change(flow);
    const auto result = engine().cache_policy(Direction::outbound, flow, policy, sa);
    ASSERT_FALSE(result) << word;
    EXPECT_NE(result.error().message.find(word), std::string::npos) << result.error().message;
  };
  refused([](Flow& f) { f.source = *IpAddress::parse("::1"); }, Policy::bypass, {}, "one family");
  refused([](Flow& f) { f.ports_known = false; }, Policy::bypass, {}, "not known");
  refused([](Flow&) {}, Policy::protect, {3}, "no outbound SA 3");
  refused([](Flow&) {}, static_cast<Policy>(3), {}, "policy 3");
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss);
}

// A row's next owner must not get the packets of the SA that was removed.
TEST_P(CacheConformance, FlowsOfARemovedSaAreForgotten) {
  const auto first = add(outbound_sa(0x1001));
  const auto second = add(outbound_sa(0x1002));
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {first}));
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow6(), Policy::protect, {second}));
  ASSERT_TRUE(engine().remove(Direction::outbound, {first}));
  ASSERT_EQ(add(outbound_sa(0x1003)), first);
  EXPECT_EQ(look_up(packet_of(60)).verdict, Verdict::policy_miss);
  EXPECT_EQ(look_up(packet6_of(60)).sa, second);
}

// How an SA is replaced: the new one comes beside the old one, the flows go over to it in one step each, the
// old one goes.
TEST_P(CacheConformance, AFlowGoesOverToANewSaWithoutAGap) {
  const auto first = add(outbound_sa(0x1001));
  const auto second = add(outbound_sa(0x1002));
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {first}));
  const std::vector<Packet> packets(60, {.bytes = packet_of(60), .kind = RequestKind::lookup});
  const auto outcomes =
      run_both(engine(), packets, {},
               {.after = {30, 0}, .change = [&] {
                  EXPECT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {second}));
                  EXPECT_TRUE(engine().remove(Direction::outbound, {first}));
                }});
  ASSERT_EQ(outcomes[0].size(), packets.size());
  bool over = false;
  for (const Outcome& outcome : outcomes[0]) {
    ASSERT_EQ(outcome.verdict, Verdict::ok);
    over = over || outcome.sa == second;
    EXPECT_EQ(outcome.sa, over ? second : first);
  }
  EXPECT_TRUE(over);
}

TEST_P(CacheConformance, VerdictsOfTheSaComeAfterTheLookUp) {
  OutboundSa sa = outbound_sa();
  sa.mode = Mode::transport;
  sa.lease_limit = 2;
  sa.next_hop = {1, 2, 3, 4, 5, 6};
  const auto index = add(sa);
  ASSERT_TRUE(engine().cache_policy(Direction::outbound, flow4(), Policy::protect, {index}));
  EXPECT_EQ(look_up(packet_of(60)).next_hop, sa.next_hop);
  const Outcome exhausted = look_up(packet_of(60));
  EXPECT_EQ(exhausted.verdict, Verdict::lease_exhausted);
  EXPECT_EQ(exhausted.sa, index);
  const Bytes options = ipv4({.option_words = 9, .payload = udp(1000, 2000, 4)});
  const Outcome window = look_up(options);
  EXPECT_EQ(window.verdict, Verdict::header_window);
  EXPECT_EQ(window.sa, 0U);
}

TEST_P(CacheConformance, ManyFlows) {
  const auto index = add(outbound_sa());
  const std::uint32_t flows =
      std::min<std::uint32_t>(engine().capabilities().spd_cache_entries, 2000) * 9 / 10;
  const auto flow_of = [](std::uint32_t n) {
    Flow flow = n % 2 == 0 ? flow4() : flow6();
    flow.source_port = static_cast<std::uint16_t>(n);
    flow.destination_port = static_cast<std::uint16_t>(7 * n);
    return flow;
  };
  const auto policy_of = [](std::uint32_t n) { return static_cast<Policy>(n % 3); };
  for (std::uint32_t n = 0; n < flows; ++n) {
    const auto cached = engine().cache_policy(Direction::outbound, flow_of(n), policy_of(n), {index});
    ASSERT_TRUE(cached) << n << ": " << cached.error().message;
  }
  const auto expect_all = [&](auto forgotten) {
    std::vector<Packet> packets;
    for (std::uint32_t n = 0; n < flows; ++n) {
      const Bytes payload = udp(static_cast<std::uint16_t>(n), static_cast<std::uint16_t>(7 * n), 2);
      packets.push_back({.sa = 0,
                         .bytes = n % 2 == 0 ? ipv4({.payload = payload}) : ipv6({.payload = payload}),
                         .kind = RequestKind::lookup});
    }
    const auto outcomes = run(engine(), Direction::outbound, packets);
    for (std::uint32_t n = 0; n < flows; ++n) {
      const std::array<Verdict, 3> expected{Verdict::ok, Verdict::bypassed, Verdict::policy_discard};
      ASSERT_EQ(outcomes[n].verdict, forgotten(n) ? Verdict::policy_miss : expected.at(n % 3)) << n;
    }
  };
  expect_all([](std::uint32_t) { return false; });
  for (std::uint32_t n = 1; n < flows; n += 5) {
    ASSERT_TRUE(engine().forget_policy(Direction::outbound, flow_of(n)));
  }
  expect_all([](std::uint32_t n) { return n % 5 == 1; });
}

}  // namespace
}  // namespace espgate::driver::test
