#include "gf128.h"

#include <gtest/gtest.h>

#include <array>

#include "base/hex.h"
#include "support/random.h"

namespace espgate::driver::test {
namespace {

Gf128 element(std::string_view hex) {
  return Gf128::from_block(*from_hex(hex));
}
std::string text(const Gf128& value) {
  return to_hex(value.block());
}

TEST(Gf128, GhashOfTheGcmSpecification) {
  // McGrew and Viega, test case 2: X1 = C1 * H, and GHASH = (X1 + length) * H.
  const Gf128 h = element("66e94bd4ef8a2c3b884cfa59ca342b2e");
  EXPECT_EQ(text(element("0388dace60b6a392f328c2b971b2fe78") * h), "5e2ec746917062882c85b0685353deb7");
  EXPECT_EQ(text(element("5e2ec746917062882c85b0685353de37") * h), "f38cbb1ad69223dcc3457ae5b6b0f885");
}

TEST(Gf128, IsAField) {
  Random random(1);
  const Gf128 zero;
  for (int i = 0; i < 50; ++i) {
    const Gf128 a = Gf128::from_block(random.bytes(16));
    const Gf128 b = Gf128::from_block(random.bytes(16));
    const Gf128 c = Gf128::from_block(random.bytes(16));
    EXPECT_EQ(a * b, b * a);
    EXPECT_EQ((a * b) * c, a * (b * c));
    EXPECT_EQ(a * Gf128::one(), a);
    EXPECT_EQ(a * zero, zero);
    EXPECT_EQ(a * a.inverse(), Gf128::one());
  }
  EXPECT_EQ(zero.inverse(), zero);
  EXPECT_EQ(Gf128::one().inverse(), Gf128::one());
}

TEST(HashPowers, AreThePowersThatTheirNamesSay) {
  for (const std::size_t key_bytes : {16U, 32U}) {
    const auto powers = HashPowers::of_key(Bytes(key_bytes));
    ASSERT_TRUE(powers);
    // FIPS-197: AES of the zero block under the zero key.
    EXPECT_EQ(text(powers->h_1),
              key_bytes == 16 ? "66e94bd4ef8a2c3b884cfa59ca342b2e" : "dc95c078a2408989ad48a21492842087");
    Gf128 power = Gf128::one();
    for (int n = 1; n <= 20; ++n) {
      power = power * powers->h_1;
      const Gf128* named = n == 1    ? &powers->h_1
                           : n == 2  ? &powers->h_2
                           : n == 3  ? &powers->h_3
                           : n == 4  ? &powers->h_4
                           : n == 8  ? &powers->h_8
                           : n == 12 ? &powers->h_12
                           : n == 16 ? &powers->h_16
                           : n == 20 ? &powers->h_20
                                     : nullptr;
      if (named != nullptr) {
        EXPECT_EQ(*named, power) << n;
      }
    }
    EXPECT_EQ(powers->h_m1 * powers->h_1, Gf128::one());
    EXPECT_EQ(powers->h_m2 * powers->h_2, Gf128::one());
  }
  EXPECT_FALSE(HashPowers::of_key(Bytes(24)));
}

}  // namespace
}  // namespace espgate::driver::test
