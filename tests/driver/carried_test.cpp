// What is known of an SA when its card is gone.
#include "card/carried.h"

#include <gtest/gtest.h>

#include "support/harness.h"

namespace espgate::driver::test {
namespace {

using card::Carried;

TEST(Carried, TheNumberOfAPacketIsFoundInEveryEncapsulation) {
  InboundSa sa = inbound_sa();
  EXPECT_EQ(esp_sequence(esp_for(sa, 77)), 77U);
  sa.encapsulated = true;
  EXPECT_EQ(esp_sequence(esp_for(sa, 78)), 78U);
  EXPECT_EQ(esp_sequence(esp_for(inbound_sa6(), 79)), 79U);
  const Bytes packet = esp_for(sa, 78);
  for (std::size_t bytes = 0; bytes < 36; ++bytes) {
    EXPECT_FALSE(esp_sequence(ByteView(packet).first(bytes))) << bytes;
  }
}

TEST(Carried, TheHighestNumber) {
  EXPECT_EQ(highest_after(5, 9, false), 9U);
  EXPECT_EQ(highest_after(9, 5, false), 9U);
  EXPECT_EQ(highest_after(9, 5, true), 9U);
  constexpr std::uint64_t wrap = std::uint64_t{1} << 32U;
  EXPECT_EQ(highest_after(wrap - 2, 3, true), wrap + 3) << "over the wrap";
  EXPECT_EQ(highest_after(wrap + 3, 0xfffffff0, true), wrap + 3) << "one that is late";
  EXPECT_EQ(highest_after(3, 0xfffffff0, true), 0xfffffff0U) << "there is nothing before the first";
  EXPECT_EQ(highest_after(7 * wrap + 5, 6, true), 7 * wrap + 6);
}

TEST(Carried, WhatIsLeftOfALifetime) {
  const Lifetime lifetime{
      .soft_packets = 4, .soft_bytes = 100, .hard_packets = 5, .hard_bytes = Lifetime::none};
  EXPECT_EQ(card::left_of(lifetime, {}), lifetime);
  const Lifetime left = card::left_of(lifetime, {.packets = 4, .bytes = 60, .highest = 0});
  EXPECT_EQ(left.soft_packets, Lifetime::none) << "it has been reported";
  EXPECT_EQ(left.soft_bytes, 40U);
  EXPECT_EQ(left.hard_packets, 1U);
  EXPECT_EQ(left.hard_bytes, Lifetime::none);
  EXPECT_EQ(card::left_of(lifetime, {.packets = 9, .bytes = 0, .highest = 0}).hard_packets, 1U);
}

}  // namespace
}  // namespace espgate::driver::test
