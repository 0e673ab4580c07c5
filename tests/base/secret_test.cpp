#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <type_traits>

namespace espgate {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);

TEST(InlineSecret, WipesItsBytesWhenDestroyed) {
  alignas(InlineSecret<32>) std::array<std::uint8_t, sizeof(InlineSecret<32>)> storage{};
  auto* secret = new (storage.data()) InlineSecret<32>(Bytes(32, 0xa5));
  EXPECT_EQ(std::ranges::count(storage, 0xa5), 32);
  secret->~InlineSecret();
  EXPECT_EQ(std::ranges::count(storage, 0xa5), 0);
}

TEST(InlineSecret, KeepsAtMostItsCapacity) {
  EXPECT_EQ(InlineSecret<4>(Bytes(9, 1)).size(), 4U);
  EXPECT_EQ(InlineSecret<32>(Bytes(16, 1)).size(), 16U);
}

TEST(Secret, MovesAndClones) {
  Secret a(Bytes{1, 2, 3});
  const Secret b = a.clone();
  const Secret c = std::move(a);
  EXPECT_TRUE(equal_constant_time(b.view(), c.view()));
  EXPECT_FALSE(equal_constant_time(b.view(), Bytes{1, 2}));
  EXPECT_FALSE(equal_constant_time(b.view(), Bytes{1, 2, 4}));
}

TEST(Secret, WipeOverwrites) {
  Bytes bytes(40, 0xff);
  wipe(bytes);
  EXPECT_EQ(bytes, Bytes(40, 0));
}

}  // namespace
}  // namespace espgate
