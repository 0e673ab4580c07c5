#include "packet_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace espgate::offload {
namespace {

TEST(PacketPool, GivesEachSlotOnce) {
  PacketPool pool(3, 8, 16);
  std::set<PacketPool::Slot> taken;
  for (int i = 0; i < 3; ++i) {
    const PacketPool::Slot slot = pool.acquire().value_or(1000);
    EXPECT_TRUE(taken.insert(slot).second);
    EXPECT_TRUE(pool.in_use(slot));
  }
  EXPECT_FALSE(pool.acquire());
  EXPECT_EQ(pool.used(), 3U);
  pool.release(1);
  EXPECT_FALSE(pool.in_use(1));
  EXPECT_EQ(pool.used(), 2U);
  EXPECT_EQ(pool.acquire(), 1U);
}

TEST(PacketPool, KnowsWhatIsNoSlot) {
  const PacketPool pool(3, 8, 16);
  EXPECT_FALSE(pool.in_use(0));
  EXPECT_FALSE(pool.in_use(3));
  EXPECT_FALSE(pool.in_use(~std::uint64_t{0}));
}

TEST(PacketPool, BuffersDoNotOverlap) {
  PacketPool pool(4, 8, 16);
  for (PacketPool::Slot slot = 0; slot < 4; ++slot) {
    ASSERT_EQ(pool.input(slot).size(), 8U);
    ASSERT_EQ(pool.output(slot).size(), 16U);
    std::ranges::fill(pool.input(slot), static_cast<std::uint8_t>(slot));
    std::ranges::fill(pool.output(slot), static_cast<std::uint8_t>(slot + 100));
  }
  for (PacketPool::Slot slot = 0; slot < 4; ++slot) {
    EXPECT_TRUE(std::ranges::all_of(pool.input(slot), [&](auto b) { return b == slot; }));
    EXPECT_TRUE(std::ranges::all_of(pool.output(slot), [&](auto b) { return b == slot + 100; }));
  }
}

}  // namespace
}  // namespace espgate::offload
