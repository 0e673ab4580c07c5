// The known answers of the self-test are what OpenSSL makes of their inputs; and the test passes, fails when
// one answer is taken wrong, and leaves the core fit for packets.
#include <VSelfTestConstants.h>
#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/hex.h"
#include "gcm_bench.h"
#include "gcm_packets.h"

namespace espgate::test {
namespace {

// The 8 * size bits from bit `lsb` of a port, first byte most significant.
template <typename Port>
Bytes number(const Port& port, std::size_t lsb, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t bit = lsb + 8 * (size - 1 - i);
    bytes[i] = static_cast<std::uint8_t>(port[bit / 32] >> bit % 32);
  }
  return bytes;
}

Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

// The text of a packet from its beats; zeros must follow.
Bytes text(VSelfTestConstants& model, bool cipher, unsigned first, std::size_t size) {
  Bytes bytes;
  for (unsigned beat = first; bytes.size() < size; ++beat) {
    model.beat_i = static_cast<std::uint8_t>(beat);
    model.eval();
    Bytes data(64);
    std::memcpy(data.data(), cipher ? &model.cipher_o[0] : &model.plain_o[0], 64);
    bytes.insert(bytes.end(), data.begin(), data.end());
  }
  EXPECT_TRUE(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end(),
                          [](std::uint8_t b) { return b == 0; }));
  bytes.resize(size);
  return bytes;
}

TEST(SelfTest, AnswersAreThoseOfOpenSsl) {
  VerilatedContext context;
  VSelfTestConstants model{&context};
  model.beat_i = 0;
  model.eval();
  const Bytes key_128 = number(model.keys_o, 128, 16);
  const Bytes key_256 = number(model.keys_o, 256, 32);
  EXPECT_EQ(to_hex(key_128), "feffe9928665731c6d6a8f9467308308");
  EXPECT_EQ(number(model.keys_o, 0, 16), Bytes(16));
  EXPECT_EQ(key_256, counting(0, 32));
  constexpr std::array<int, 10> exponents = {1, 2, 3, 4, 8, 12, 16, 20, -1, -2};  // from the top
  for (const bool large : {false, true}) {
    const Block h = aes_encrypt(large ? key_256 : key_128, {});
    for (std::size_t i = 0; i < exponents.size(); ++i) {
      const Block power = gf128_power(h, exponents.at(i));
      EXPECT_EQ(to_hex(number(model.powers_o, (large ? 1280 : 0) + 128 * (9 - i), 16)), to_hex(power)) << i;
    }
  }
  const std::array<GcmPacket, 3> packets{
      GcmPacket{.key = key_128,
                .nonce = number(model.nonces_o, 0, 12),
                .aad = {},
                .text = text(model, false, 0, 64),
                .gmac = false},
      GcmPacket{.key = key_256,
                .nonce = number(model.nonces_o, 96, 12),
                .aad = counting(0xb0, 12),
                .text = text(model, false, 1, 337),
                .gmac = false},
      GcmPacket{.key = key_128,
                .nonce = number(model.nonces_o, 0, 12),
                .aad = counting(0xc0, 16),
                .text = text(model, false, 7, 13),
                .gmac = true},
  };
  Bytes aad = packets[1].aad;
  aad.resize(16);
  EXPECT_EQ(number(model.aads_o, 0, 16), aad);
  EXPECT_EQ(number(model.aads_o, 128, 16), packets[2].aad);
  EXPECT_EQ(packets[1].text, counting(0, 337));
  EXPECT_EQ(packets[2].text, counting(0xd0, 13));
  constexpr std::array<unsigned, 3> first_beats = {0, 1, 7};
  for (std::size_t i = 0; i < 3; ++i) {
    const GcmPacket& packet = packets.at(i);
    EXPECT_EQ(model.lengths_o >> 16 * i & 0xffff, packet.text.size());
    const GcmResult sealed = gcm_encrypt(packet);
    EXPECT_EQ(to_hex(number(model.tags_o, 128 * i, 16)), to_hex(sealed.tag)) << i;
    EXPECT_EQ(to_hex(text(model, true, first_beats.at(i), packet.text.size())), to_hex(sealed.text)) << i;
  }
}

TEST(SelfTest, PassesFailsAndPassesAgain) {
  std::mt19937_64 rng(1);
  for (const GcmDirection direction : {GcmDirection::encrypt, GcmDirection::decrypt}) {
    const auto bench = GcmBench::make(direction);
    for (const bool corrupt : {false, true, false, true, true, false}) {
      EXPECT_EQ(bench->self_test(corrupt), !corrupt);
    }
  }
}

TEST(SelfTest, LeavesTheCoreToThePackets) {
  std::mt19937_64 rng(2);
  const auto bench = GcmBench::make(GcmDirection::encrypt);
  for (std::size_t round = 0; round < 20; ++round) {
    std::vector<GcmPacket> packets;
    for (std::size_t i = 0; i < 5; ++i) {
      packets.push_back(random_packet(1 + rng() % 700, rng));
    }
    const auto results = bench->run(packets, 0.1, rng);
    ASSERT_EQ(results.size(), packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_EQ(results[i], gcm_encrypt(packets[i]));
    }
    EXPECT_EQ(bench->self_test(round % 3 == 1), round % 3 != 1);
  }
}

}  // namespace
}  // namespace espgate::test
