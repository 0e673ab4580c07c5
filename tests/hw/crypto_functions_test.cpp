// The functions that are written twice, for simulation and for synthesis, agree with each other and with
// their definition.
#include <VCryptoSimulated.h>
#include <VCryptoSynthesised.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>

namespace espgate::test {
namespace {

constexpr std::uint8_t multiply_in_gf256(unsigned a, unsigned b) {
  unsigned sum = 0;
  for (; b != 0; b >>= 1) {
    sum ^= (b & 1) != 0 ? a : 0;
    a = (a << 1) ^ ((a & 0x80) != 0 ? 0x11bU : 0);
  }
  return static_cast<std::uint8_t>(sum);
}

// FIPS-197 5.1.1: the inverse, then an affine transformation.
std::uint8_t sbox_by_definition(unsigned x) {
  unsigned inverse = 0;
  for (unsigned y = 1; y < 256 && inverse == 0; ++y) {
    inverse = multiply_in_gf256(x, y) == 1 ? y : 0;
  }
  unsigned sum = 0x63;
  for (unsigned i = 0; i < 5; ++i) {
    sum ^= (inverse << i) | (inverse >> (8 - i));
  }
  return static_cast<std::uint8_t>(sum);
}

std::uint64_t carry_less_product(std::uint32_t a, std::uint32_t b) {
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < 32; ++i) {
    sum ^= ((b >> i) & 1) != 0 ? std::uint64_t{a} << i : 0;
  }
  return sum;
}

template <typename Model>
void expect_sbox() {
  VerilatedContext context;
  Model model{&context};
  for (unsigned x = 0; x < 256; ++x) {
    model.byte_i = static_cast<std::uint8_t>(x);
    model.eval();
    EXPECT_EQ(model.sbox_o, sbox_by_definition(x)) << "of " << x;
  }
}

template <typename Model>
void expect_product(Model& model, std::uint32_t a, std::uint32_t b) {
  model.a_i = a;
  model.b_i = b;
  model.eval();
  ASSERT_EQ(model.clmul_o, carry_less_product(a, b)) << "of " << a << " and " << b;
}

// Every pair of single bits, the operands with the most carries, and random ones.
template <typename Model>
void expect_products() {
  VerilatedContext context;
  Model model{&context};
  for (unsigned i = 0; i < 32; ++i) {
    for (unsigned j = 0; j < 32; ++j) {
      expect_product(model, 1U << i, 1U << j);
    }
  }
  for (const std::uint32_t mask : {0xffffffffU, 0x11111111U, 0x22222222U, 0x44444444U, 0x88888888U, 0U}) {
    for (const std::uint32_t other : {0xffffffffU, 0x11111111U, 0x22222222U, 0x44444444U, 0x88888888U}) {
      expect_product(model, mask, other);
    }
  }
  std::mt19937 rng(1);
  for (int i = 0; i < 100000; ++i) {
    expect_product(model, static_cast<std::uint32_t>(rng()), static_cast<std::uint32_t>(rng()));
  }
}

TEST(CryptoFunctions, SboxAsSimulatedIsFips197s) {
  expect_sbox<VCryptoSimulated>();
}
TEST(CryptoFunctions, SboxAsSynthesisedIsFips197s) {
  expect_sbox<VCryptoSynthesised>();
}
TEST(CryptoFunctions, ProductAsSimulatedIsCarryLess) {
  expect_products<VCryptoSimulated>();
}
TEST(CryptoFunctions, ProductAsSynthesisedIsCarryLess) {
  expect_products<VCryptoSynthesised>();
}

}  // namespace
}  // namespace espgate::test
