// The inline shell around the stand-in core: every frame goes where it should, whole, and is counted once.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "base/hex.h"
#include "inline_bench.h"

namespace espgate::sim::test {
namespace {

constexpr std::array sides{InlineSide::protected_side, InlineSide::unprotected_side};
constexpr std::uint64_t hop = 0x06070809aabb;
constexpr std::uint8_t unknown_spi = 13;  // a verdict that is for the host
constexpr std::uint8_t icv_failed = 21;   // one that is not

std::uint64_t own(InlineSide side) {
  return InlineBench::mac.at(static_cast<std::size_t>(side));
}

std::vector<std::uint32_t> tags(std::size_t count) {
  const std::vector<std::uint32_t> both{0x88a80064, 0x81002fff};
  return {both.begin(), both.begin() + static_cast<std::ptrdiff_t>(count)};
}

class InlineTest : public ::testing::Test {
 protected:
  InlineBench bench;

  void expect_transmitted(InlineSide side, const Bytes& expected, const std::string& what) {
    const auto frame = bench.shell().transmitted(side);
    ASSERT_TRUE(frame) << what;
    EXPECT_EQ(to_hex(*frame), to_hex(expected)) << what;
  }
  void expect_host(InlineSide side, std::uint32_t reason, const Bytes& expected) {
    const auto frame = bench.shell().to_host();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->side, side);
    EXPECT_EQ(frame->reason, reason);
    EXPECT_EQ(to_hex(frame->bytes), to_hex(expected));
  }
  void TearDown() override {
    bench.expect_conservation();
    bench.expect_no_violations();
  }
};

TEST_F(InlineTest, EveryLengthWithEveryNumberOfTags) {
  for (const InlineSide side : sides) {
    bench.set(InlineBench::other(side), inline_shell::reg_vlan, 1U << inline_shell::vlan_keep.lsb);
    for (std::size_t count = 0; count <= 2; ++count) {
      std::vector<Bytes> expected;
      for (std::size_t bytes = 14; bytes < 14 + 200; ++bytes) {
        const Answer answer{.output = static_cast<std::uint32_t>(bytes), .next_hop = hop};
        const Bytes packet = asking(bytes, answer, static_cast<std::uint32_t>(bytes));
        Ethernet in = InlineBench::to(side);
        in.tags = tags(count);
        bench.shell().receive(side, in.frame(packet));
        // The next hop of the core has its first octet on top; the stand-in takes it from the packet.
        expected.push_back(leaving(
            {.destination = hop, .source = own(InlineBench::other(side)), .tags = in.tags}, packet, answer));
      }
      bench.settle();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expect_transmitted(InlineBench::other(side), expected[i], std::to_string(14 + i) + " bytes");
        ASSERT_FALSE(HasFailure()) << count << " tags";
      }
    }
  }
}

TEST_F(InlineTest, TagsAreSetByRegister) {
  const InlineSide out = InlineSide::unprotected_side;
  bench.set(out, inline_shell::reg_tag_outer, 0x88a80123);
  bench.set(out, inline_shell::reg_tag_inner, 0x81000456);
  for (std::uint32_t count = 0; count <= 2; ++count) {
    bench.set(out, inline_shell::reg_vlan, count);
    const Answer answer{.output = 100, .next_hop = hop};
    const Bytes packet = asking(100, answer, count);
    Ethernet in = InlineBench::to(InlineSide::protected_side);
    in.tags = tags(2 - count);
    bench.shell().receive(InlineSide::protected_side, in.frame(packet));
    bench.settle();
    Ethernet expected{.destination = hop, .source = own(out), .tags = {0x88a80123, 0x81000456}};
    expected.tags.resize(count);
    expect_transmitted(out, leaving(expected, packet, answer), std::to_string(count) + " tags");
  }
}

TEST_F(InlineTest, WithoutANextHopTheAddressesStay) {
  for (const InlineSide side : sides) {
    const Answer answer{.output = 70, .verdict = 1};
    const Bytes packet = asking(80, answer, 1);
    bench.shell().receive(side, InlineBench::to(side).frame(packet));
    bench.settle();
    expect_transmitted(InlineBench::other(side), leaving(InlineBench::to(side), packet, answer), "bypassed");
  }
}

TEST_F(InlineTest, OutboundRequestsAreLookUpsInTheSidesSpd) {
  bench.set(InlineSide::protected_side, inline_shell::reg_receive, 0x4200);
  bench.set(InlineSide::unprotected_side, inline_shell::reg_receive, 0x1700);
  const Answer answer{.output = 70, .echo_request = true};
  for (const InlineSide side : sides) {
    bench.shell().receive(side, InlineBench::to(side).frame(asking(91, answer, 1)));
    bench.settle();
    const auto frame = bench.shell().transmitted(InlineBench::other(side));
    ASSERT_TRUE(frame);
    const std::uint64_t asked = load_be16(*frame) * 0x100000000U + load_be32(*frame, 2);
    const std::uint64_t expected =
        side == InlineSide::protected_side ? 1U << 25U | 0x42U << 16U : 0x17U << 16U;
    EXPECT_EQ(asked, expected | 91U);
  }
}

TEST_F(InlineTest, WhatIsNotIpOrNotUnicastIsTheHosts) {
  for (const InlineSide side : sides) {
    Ethernet arp = InlineBench::to(side);
    arp.type = 0x0806;
    const Bytes body = asking(46, {.output = 46}, 1);
    Ethernet broadcast = arp;
    broadcast.destination = 0xffffffffffff;
    Ethernet multicast = InlineBench::to(side);
    multicast.destination = 0x01005e000001;
    Ethernet tagged = arp;
    tagged.tags = tags(2);
    Ethernet three = InlineBench::to(side);
    three.tags = {0x81000001, 0x81000002, 0x81000003};
    for (const Ethernet& e : {arp, broadcast, multicast, tagged, three}) {
      bench.shell().receive(side, e.frame(body));
    }
    bench.settle();
    expect_host(side, inline_shell::reason_non_ip, arp.frame(body));
    expect_host(side, inline_shell::reason_group, broadcast.frame(body));
    expect_host(side, inline_shell::reason_group, multicast.frame(body));
    expect_host(side, inline_shell::reason_non_ip, tagged.frame(body));
    expect_host(side, inline_shell::reason_non_ip, three.frame(body));
    const auto c = bench.counters(side);
    EXPECT_EQ(c[inline_shell::counter_non_ip], 3U);
    EXPECT_EQ(c[inline_shell::counter_group], 2U);
    EXPECT_EQ(c[inline_shell::counter_engine], 0U);
  }
}

TEST_F(InlineTest, FramesForOthersAreTakenInPromiscuousModeOnly) {
  const InlineSide side = InlineSide::protected_side;
  const Answer answer{.output = 70};
  const Bytes packet = asking(80, answer, 1);
  Ethernet foreign = InlineBench::to(side);
  foreign.destination = 0x020000009999;
  bench.shell().receive(side, foreign.frame(packet));
  bench.settle();
  EXPECT_FALSE(bench.shell().transmitted(InlineBench::other(side)));
  EXPECT_EQ(bench.counters(side)[inline_shell::counter_not_ours], 1U);
  bench.set(side, inline_shell::reg_receive, 1);
  bench.shell().receive(side, foreign.frame(packet));
  bench.settle();
  expect_transmitted(InlineBench::other(side), leaving(foreign, packet, answer), "promiscuous");
}

TEST_F(InlineTest, ExceptionsReachTheHostWholeAndOtherDropsAreCounted) {
  for (const InlineSide side : sides) {
    for (const std::size_t bytes : {20U, 50U, 51U, 64U, 500U, 9000U, 16384U}) {
      const Bytes exception = InlineBench::to(side).frame(asking(bytes, {.verdict = unknown_spi}, 1));
      bench.shell().receive(side, InlineBench::to(side).frame(asking(bytes, {.verdict = icv_failed}, 2)));
      bench.shell().receive(side, exception);
      bench.settle();
      expect_host(side, unknown_spi, exception);
    }
    EXPECT_FALSE(bench.shell().to_host());
    const auto c = bench.counters(side);
    EXPECT_EQ(c[inline_shell::counter_exceptions], 7U);
    EXPECT_EQ(c[inline_shell::counter_engine_drops], 7U);
  }
}

TEST_F(InlineTest, DamagedLongShortAndEarlyFramesAreDroppedByName) {
  const InlineSide side = InlineSide::unprotected_side;
  const Answer answer{.output = 70};
  const Bytes good = InlineBench::to(side).frame(asking(80, answer, 1));
  Ethernet two = InlineBench::to(side);
  two.tags = tags(2);
  for (const std::size_t bytes : {16384U, 16385U, 30000U}) {
    bench.shell().receive(side, two.frame(asking(bytes, answer, 1)));
    bench.shell().receive(side, good);
  }
  bench.shell().receive(side, good, true);
  bench.shell().receive(side, two.frame({}));
  Bytes one(1, 0x02);
  bench.shell().receive(side, one);
  bench.shell().receive(side, good);
  bench.settle();
  bench.shell().write(inline_shell::reg_control, 1);
  bench.shell().receive(side, good);
  bench.settle();
  std::size_t delivered = 0;
  while (bench.shell().transmitted(InlineBench::other(side))) {
    ++delivered;
  }
  EXPECT_EQ(delivered, 5U);
  const auto c = bench.counters(side);
  EXPECT_EQ(c[inline_shell::counter_received], 11U);
  EXPECT_EQ(c[inline_shell::counter_oversize], 2U);
  EXPECT_EQ(c[inline_shell::counter_receive_errors], 1U);
  EXPECT_EQ(c[inline_shell::counter_runt], 2U);
  EXPECT_EQ(c[inline_shell::counter_disabled], 1U);
}

TEST_F(InlineTest, TheHostSendsOnEitherSide) {
  for (const InlineSide side : sides) {
    std::vector<Bytes> frames;
    for (const std::size_t bytes : {46U, 50U, 64U, 1500U, 16392U}) {
      frames.push_back(InlineBench::to(side).frame(asking(bytes, {}, 1)));
      bench.shell().from_host(side, frames.back());
    }
    bench.shell().from_host(side, InlineBench::to(side).frame(asking(16393, {}, 1)));  // a byte too long
    frames.push_back(InlineBench::to(side).frame(asking(100, {}, 1)));
    bench.shell().from_host(side, frames.back());
    bench.settle();
    for (const Bytes& frame : frames) {
      expect_transmitted(side, frame, std::to_string(frame.size()) + " bytes");
    }
    EXPECT_FALSE(bench.shell().transmitted(side));
    const auto c = bench.counters(side);
    EXPECT_EQ(c[inline_shell::counter_from_host], 6U);
    EXPECT_EQ(c[inline_shell::counter_host_refused], 1U);
  }
}

TEST_F(InlineTest, AHostThatDoesNotTakeItsFramesHoldsUpNothing) {
  const InlineSide side = InlineSide::unprotected_side;
  bench.shell().hesitate({.seed = 1, .receive_gap = 0, .transmit_stall = 0, .host_stall = 255});
  const Answer answer{.output = 900, .next_hop = hop};
  for (std::uint32_t i = 0; i < 200; ++i) {
    bench.shell().receive(side, InlineBench::to(side).frame(asking(1000, {.verdict = unknown_spi}, i)));
    bench.shell().receive(side, InlineBench::to(side).frame(asking(1000, answer, i)));
  }
  bench.settle();
  std::size_t delivered = 0;
  while (bench.shell().transmitted(InlineBench::other(side))) {
    ++delivered;
  }
  EXPECT_EQ(delivered, 200U);
  bench.shell().hesitate({});
  bench.settle();
  std::size_t host = 0;
  while (bench.shell().to_host()) {
    ++host;
  }
  const auto c = bench.counters(side);
  EXPECT_EQ(c[inline_shell::counter_exceptions], 200U);
  EXPECT_GT(c[inline_shell::counter_host_overflow], 0U);
  EXPECT_EQ(host + c[inline_shell::counter_host_overflow], 200U);
}

TEST_F(InlineTest, AMacThatIsPausedLosesWholeFramesAndTheRestGoesOn) {
  const InlineSide side = InlineSide::protected_side;
  bench.shell().hesitate({.seed = 1, .receive_gap = 0, .transmit_stall = 255, .host_stall = 0});
  std::vector<Bytes> expected;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Answer answer{.output = 400, .next_hop = hop};
    const Bytes packet = asking(400, answer, i);
    expected.push_back(
        leaving({.destination = hop, .source = own(InlineBench::other(side)), .tags = {}}, packet, answer));
    bench.shell().receive(side, InlineBench::to(side).frame(packet));
  }
  bench.shell().clock(8000);
  bench.shell().hesitate({});
  bench.settle();
  std::size_t at = 0;
  std::size_t delivered = 0;
  while (const auto frame = bench.shell().transmitted(InlineBench::other(side))) {
    while (at < expected.size() && expected[at] != *frame) {
      ++at;
    }
    ASSERT_LT(at, expected.size()) << "a frame that was never sent, or out of order";
    ++at;
    ++delivered;
  }
  const auto c = bench.counters(side);
  EXPECT_GT(c[inline_shell::counter_overflow], 0U);
  EXPECT_EQ(delivered + c[inline_shell::counter_overflow], 1000U);
}

TEST_F(InlineTest, EverythingAtOnceComesOutInOrder) {
  for (const InlineHesitation& hesitation :
       {InlineHesitation{.seed = 1, .receive_gap = 0, .transmit_stall = 0, .host_stall = 0},
        InlineHesitation{.seed = 2, .receive_gap = 160, .transmit_stall = 60, .host_stall = 60},
        InlineHesitation{.seed = 3, .receive_gap = 200, .transmit_stall = 100, .host_stall = 20}}) {
    std::minstd_rand random(hesitation.seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() >> 4) % n; };
    bench.shell().hesitate(hesitation);
    std::array<std::deque<Bytes>, 2> wire;      // what the engine sends on each side
    std::array<std::deque<Bytes>, 2> injected;  // what the host does
    std::array<std::deque<Bytes>, 2> host;      // what the host gets from each side
    for (std::uint32_t i = 0; i < 300; ++i) {
      for (const InlineSide side : sides) {
        const auto s = static_cast<std::size_t>(side);
        const std::size_t bytes = 14 + below(below(10) == 0 ? 3000 : 200);
        const std::uint32_t kind = below(10);
        Answer answer{.output = 0, .verdict = 0, .late = below(2) == 0, .next_hop = hop};
        if (kind == 0) {
          answer.verdict = unknown_spi;
        } else if (kind == 1) {
          answer.verdict = icv_failed;
        } else {
          answer.output = 1 + below(static_cast<std::uint32_t>(bytes));
        }
        const Bytes packet = asking(bytes, answer, i);
        Ethernet in = InlineBench::to(side);
        in.tags = tags(below(3));
        in.type = kind == 2 ? 0x88cc : 0x86dd;
        const Bytes frame = in.frame(packet);
        if (kind == 0 || kind == 2) {
          host.at(s).push_back(frame);
        } else if (kind != 1) {
          const InlineSide out = InlineBench::other(side);
          wire.at(1 - s).push_back(
              leaving({.destination = hop, .source = own(out), .tags = {}}, packet, answer));
        }
        bench.shell().receive(side, frame);
        if (below(4) == 0) {
          const Ethernet from_host{
              .destination = InlineBench::peer, .source = 0x0e0000000000U + i, .tags = {}};
          injected.at(s).push_back(from_host.frame(asking(60 + below(300), {}, i)));
          bench.shell().from_host(side, injected.at(s).back());
        }
      }
    }
    bench.settle();
    bench.shell().hesitate({});
    bench.settle();
    for (const InlineSide side : sides) {
      const auto s = static_cast<std::size_t>(side);
      while (const auto frame = bench.shell().transmitted(side)) {
        auto& from =
            !injected.at(s).empty() && *frame == injected.at(s).front() ? injected.at(s) : wire.at(s);
        ASSERT_FALSE(from.empty());
        ASSERT_EQ(to_hex(*frame), to_hex(from.front())) << "seed " << hesitation.seed;
        from.pop_front();
      }
      EXPECT_TRUE(wire.at(s).empty() && injected.at(s).empty()) << "seed " << hesitation.seed;
    }
    while (const auto frame = bench.shell().to_host()) {
      auto& from = host.at(static_cast<std::size_t>(frame->side));
      ASSERT_FALSE(from.empty());
      ASSERT_EQ(to_hex(frame->bytes), to_hex(from.front())) << "seed " << hesitation.seed;
      from.pop_front();
    }
    EXPECT_TRUE(host[0].empty() && host[1].empty()) << "seed " << hesitation.seed;
    EXPECT_EQ(bench.counters(sides[0])[inline_shell::counter_overflow], 0U);
  }
}

TEST_F(InlineTest, FramesBackToBackTakeTheirBeats) {
  for (const std::size_t bytes : {50U, 114U, 500U, 1500U, 9000U}) {
    const std::size_t count = bytes > 2000 ? 40 : 300;
    const Answer answer{.output = static_cast<std::uint32_t>(bytes), .next_hop = hop};
    for (const InlineSide side : sides) {
      for (std::size_t i = 0; i < count; ++i) {
        bench.shell().receive(side, InlineBench::to(side).frame(asking(bytes, answer, 1)));
      }
    }
    std::array<std::vector<std::uint64_t>, 2> at;
    for (int i = 0; i < 100000 && at[0].size() + at[1].size() < 2 * count; ++i) {
      bench.shell().clock(1);
      for (const InlineSide side : sides) {
        while (bench.shell().transmitted(side)) {
          at.at(static_cast<std::size_t>(side)).push_back(bench.shell().cycles());
        }
      }
    }
    const std::size_t beats = (bytes + 14 + 63) / 64;
    for (const auto& times : at) {
      ASSERT_EQ(times.size(), count) << bytes;
      EXPECT_EQ(times.back() - times[count / 4], beats * (count - 1 - count / 4)) << bytes << " bytes";
    }
  }
}

TEST_F(InlineTest, ResetInMidTrafficLeavesNothingBehind) {
  const Answer answer{.output = 300, .next_hop = hop};
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 50; ++i) {
      for (const InlineSide side : sides) {
        bench.shell().receive(side, InlineBench::to(side).frame(asking(300, answer, i)));
        bench.shell().from_host(side, InlineBench::to(side).frame(asking(300, answer, i)));
      }
    }
    bench.shell().clock(60 + 37 * round);
    bench.shell().reset();
    for (const InlineSide side : sides) {
      EXPECT_EQ(bench.counters(side)[inline_shell::counter_received], 0U);
      bench.set(side, inline_shell::reg_receive, 1);
    }
    bench.shell().write(inline_shell::reg_control, 3);
    const Bytes packet = asking(300, answer, round);
    bench.shell().receive(sides[0], InlineBench::to(sides[0]).frame(packet));
    bench.settle();
    expect_transmitted(sides[1], leaving({.destination = hop, .source = 0, .tags = {}}, packet, answer),
                       "reset");
    EXPECT_FALSE(bench.shell().transmitted(sides[1]));
  }
}

}  // namespace
}  // namespace espgate::sim::test
