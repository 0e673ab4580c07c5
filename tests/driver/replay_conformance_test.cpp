#include <gtest/gtest.h>

#include "conformance.h"

namespace espgate::driver::test {
namespace {

TEST_P(ReplayConformance, ReplayWindowEdges) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  const auto verdict_of = [&](std::uint64_t sequence) { return unprotect(esp_for(sa, sequence)).verdict; };
  EXPECT_EQ(verdict_of(0), Verdict::replay_too_old);
  EXPECT_EQ(verdict_of(1), Verdict::ok);
  EXPECT_EQ(verdict_of(1), Verdict::replay_duplicate);
  EXPECT_EQ(verdict_of(100), Verdict::ok);
  EXPECT_EQ(verdict_of(100), Verdict::replay_duplicate);
  EXPECT_EQ(verdict_of(37), Verdict::ok) << "63 back is the last of the window";
  EXPECT_EQ(verdict_of(37), Verdict::replay_duplicate);
  EXPECT_EQ(verdict_of(36), Verdict::replay_too_old) << "64 back is outside";
  EXPECT_EQ(verdict_of(163), Verdict::ok) << "63 on: 100 becomes the oldest";
  EXPECT_EQ(verdict_of(100), Verdict::replay_duplicate);
  EXPECT_EQ(verdict_of(101), Verdict::ok);
  EXPECT_EQ(verdict_of(227), Verdict::ok) << "64 on: nothing of the old window is left";
  EXPECT_EQ(verdict_of(164), Verdict::ok);
  EXPECT_EQ(verdict_of(163), Verdict::replay_too_old);
  EXPECT_EQ(inbound_counters(index).replay_top, 227U);
  EXPECT_EQ(inbound_counters(index).replay_too_old, 3U);
  EXPECT_EQ(inbound_counters(index).replay_duplicate, 4U);
}

TEST_P(ReplayConformance, EverySizeOfWindow) {
  std::uint32_t spi = 0x3000;
  for (const std::uint16_t size : std::initializer_list<std::uint16_t>{32, 33, 64, 100, 1023, 2047, 2048}) {
    for (const std::uint64_t start : std::initializer_list<std::uint64_t>{0, 5000}) {
      SCOPED_TRACE("window " + std::to_string(size) + ", top " + std::to_string(start));
      InboundSa sa = inbound_sa(++spi);
      sa.replay_window = size;
      sa.replay_top = start;
      const auto index = add(sa);
      const auto verdict_of = [&](std::uint64_t sequence) {
        return unprotect(esp_for(sa, sequence)).verdict;
      };
      const std::uint64_t top = start + 3U * size;
      EXPECT_EQ(verdict_of(top), Verdict::ok);
      EXPECT_EQ(verdict_of(top - size), Verdict::replay_too_old);
      EXPECT_EQ(verdict_of(top - size + 1), Verdict::ok) << "the last of the window";
      EXPECT_EQ(verdict_of(top - size + 1), Verdict::replay_duplicate);
      EXPECT_EQ(verdict_of(top - size / 2), Verdict::ok);
      EXPECT_EQ(verdict_of(top + size / 2), Verdict::ok);
      EXPECT_EQ(verdict_of(top - size / 2 + 1), Verdict::ok) << "numbers that were skipped stay new";
      EXPECT_EQ(verdict_of(top - size / 2),
                size % 2 == 0 ? Verdict::replay_too_old : Verdict::replay_duplicate);
      EXPECT_EQ(verdict_of(top), Verdict::replay_duplicate);
      EXPECT_EQ(verdict_of(top + size / 2 + size), Verdict::ok) << "nothing of the old window is left";
      EXPECT_EQ(verdict_of(top + size / 2), Verdict::replay_too_old);
      EXPECT_EQ(verdict_of(top + size / 2 + 1), Verdict::ok);
      EXPECT_EQ(inbound_counters(index).replay_top, top + size / 2 + size);
    }
  }
}

// A window of many words: what an advance of any length leaves is exactly what was received.
TEST_P(ReplayConformance, AdvancesOfEveryLength) {
  InboundSa sa = inbound_sa();
  sa.replay_window = 2048;
  add(sa);
  std::uint64_t top = 1;
  ASSERT_EQ(unprotect(esp_for(sa, top)).verdict, Verdict::ok);
  for (const std::uint64_t advance :
       std::initializer_list<std::uint64_t>{1, 2, 63, 64, 65, 127, 128, 129, 500, 1024, 2046, 2047}) {
    std::vector<Packet> packets;
    std::vector<Verdict> expected;
    const auto expect = [&](std::uint64_t sequence, Verdict verdict) {
      packets.push_back({.sa = 0, .bytes = esp_for(sa, sequence)});
      expected.push_back(verdict);
    };
    expect(top + advance, Verdict::ok);
    expect(top, Verdict::replay_duplicate);
    if (advance > 1) {
      expect(top + 1, Verdict::ok);
      expect(top + advance - 1, advance == 2 ? Verdict::replay_duplicate : Verdict::ok);
    }
    expect(top + advance, Verdict::replay_duplicate);
    const auto outcomes = run(engine(), Direction::inbound, packets);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_EQ(outcomes[i].verdict, expected[i]) << "advance " << advance << ", packet " << i;
    }
    top += advance;
  }
}

TEST_P(ReplayConformance, DuplicatesInFlightTogether) {
  const InboundSa sa = inbound_sa();
  const auto index = add(sa);
  const Bytes packet = esp_for(sa, 5);
  Bytes corrupted = packet;
  corrupted.back() ^= 1;
  const auto outcomes = run(engine(), Direction::inbound,
                            {{.sa = 0, .bytes = corrupted},
                             {.sa = 0, .bytes = packet},
                             {.sa = 0, .bytes = packet},
                             {.sa = 0, .bytes = corrupted},
                             {.sa = 0, .bytes = esp_for(sa, 69)},
                             {.sa = 0, .bytes = packet}});
  EXPECT_EQ(outcomes[0].verdict, Verdict::icv_failed);
  EXPECT_EQ(outcomes[1].verdict, Verdict::ok) << "a wrong ICV does not move the window";
  EXPECT_EQ(outcomes[2].verdict, Verdict::replay_duplicate);
  EXPECT_EQ(outcomes[3].verdict, Verdict::replay_duplicate) << "the replay check comes before the ICV";
  EXPECT_EQ(outcomes[4].verdict, Verdict::ok);
  EXPECT_EQ(outcomes[5].verdict, Verdict::replay_too_old);
  EXPECT_EQ(inbound_counters(index).icv_failed, 1U);
}

TEST_P(ReplayConformance, ReplayCheckOff) {
  InboundSa sa = inbound_sa();
  sa.replay_check = false;
  const auto index = add(sa);
  for (const std::uint64_t sequence : std::initializer_list<std::uint64_t>{200, 200, 1, 0, 100}) {
    EXPECT_EQ(unprotect(esp_for(sa, sequence)).verdict, Verdict::ok) << sequence;
  }
  EXPECT_EQ(inbound_counters(index).replay_top, 200U);
}

TEST_P(ReplayConformance, ReplayTopCountsAsReceived) {
  InboundSa sa = inbound_sa();
  sa.replay_top = 1000;
  add(sa);
  EXPECT_EQ(unprotect(esp_for(sa, 1000)).verdict, Verdict::replay_duplicate);
  EXPECT_EQ(unprotect(esp_for(sa, 937)).verdict, Verdict::replay_duplicate);
  EXPECT_EQ(unprotect(esp_for(sa, 936)).verdict, Verdict::replay_too_old);
  EXPECT_EQ(unprotect(esp_for(sa, 1001)).verdict, Verdict::ok);
}

TEST_P(ReplayConformance, EsnHighHalfIsRecovered) {
  InboundSa sa = inbound_sa();
  sa.esn = true;
  sa.replay_top = 0x2'fffffff0;
  const auto index = add(sa);
  const auto verdict_of = [&](std::uint64_t sequence) { return unprotect(esp_for(sa, sequence)).verdict; };
  EXPECT_EQ(verdict_of(0x2'fffffff1), Verdict::ok);
  EXPECT_EQ(verdict_of(0x3'00000000), Verdict::ok) << "across the wrap";
  EXPECT_EQ(verdict_of(0x2'fffffff1), Verdict::replay_duplicate) << "back across the wrap";
  EXPECT_EQ(verdict_of(0x2'fffffffe), Verdict::ok);
  EXPECT_EQ(verdict_of(0x2'ffffffc1), Verdict::replay_duplicate) << "63 back, from before the SA was added";
  EXPECT_EQ(verdict_of(0x2'ffffffc0), Verdict::icv_failed) << "64 back is taken for 2^32 on, and fails there";
  EXPECT_EQ(verdict_of(0x4'00000001), Verdict::icv_failed) << "the high half is guessed one lower";
  EXPECT_EQ(verdict_of(0x3'00000001), Verdict::ok);
  EXPECT_EQ(inbound_counters(index).replay_top, 0x3'00000001U);
}

TEST_P(ReplayConformance, EsnBeforeNumberZeroIsTooOld) {
  InboundSa sa = inbound_sa();
  sa.esn = true;
  const auto index = add(sa);
  EXPECT_EQ(unprotect(esp_for(sa, 0xfffffff0)).verdict, Verdict::replay_too_old);
  EXPECT_EQ(unprotect(esp_for(sa, 0)).verdict, Verdict::replay_too_old);
  EXPECT_EQ(unprotect(esp_for(sa, 0xffffffc0)).verdict, Verdict::ok) << "just above the window's wrap";
  EXPECT_EQ(inbound_counters(index).replay_too_old, 2U);
  sa.spi = 0x2002;
  sa.replay_check = false;
  add(sa);
  EXPECT_EQ(unprotect(esp_for(sa, 0xfffffff0)).verdict, Verdict::replay_too_old);
}

// With ESN the window's size decides where the low half is taken to have wrapped.
TEST_P(ReplayConformance, EsnHighHalfFollowsTheSizeOfTheWindow) {
  std::uint32_t spi = 0x4000;
  for (const bool check : {true, false}) {
    InboundSa sa = inbound_sa(++spi);
    sa.esn = true;
    sa.replay_check = check;
    sa.replay_window = 2048;
    sa.replay_top = 0x7'00000100;
    add(sa);
    const auto verdict_of = [&](std::uint64_t sequence) { return unprotect(esp_for(sa, sequence)).verdict; };
    EXPECT_EQ(verdict_of(0x7'00000100 - 2047), check ? Verdict::replay_duplicate : Verdict::ok);
    EXPECT_EQ(verdict_of(0x7'00000100 - 2048), Verdict::icv_failed) << "taken for one 2^32 later";
    EXPECT_EQ(verdict_of(0x7'fffff000), Verdict::ok);
    EXPECT_EQ(verdict_of(0x8'000000ff), Verdict::ok);
  }
}

TEST_P(ReplayConformance, EsnBeyondTheLastNumberIsTooOld) {
  InboundSa sa = inbound_sa();
  sa.esn = true;
  sa.replay_top = UINT64_MAX - 10;
  const auto index = add(sa);
  const auto verdict_of = [&](std::uint64_t sequence) { return unprotect(esp_for(sa, sequence)).verdict; };
  EXPECT_EQ(verdict_of(5), Verdict::replay_too_old) << "2^64 + 5 is no number";
  EXPECT_EQ(verdict_of(UINT64_MAX - 80), Verdict::replay_too_old) << "left of the window is beyond, too";
  EXPECT_EQ(verdict_of(UINT64_MAX - 10), Verdict::replay_duplicate);
  EXPECT_EQ(verdict_of(UINT64_MAX), Verdict::ok) << "the last number of all";
  EXPECT_EQ(inbound_counters(index).replay_too_old, 2U);
  EXPECT_EQ(inbound_counters(index).replay_top, UINT64_MAX);
}

}  // namespace
}  // namespace espgate::driver::test
