// The AES pipeline alone, two lanes wide.
#include <VAesPipeline.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>

#include "base/hex.h"
#include "gcm_reference.h"

namespace espgate::test {
namespace {

constexpr std::size_t lanes = 2;
constexpr std::size_t latency = 15;

struct AesSlot {
  Bytes key;
  std::array<Block, lanes> blocks{};
  std::array<bool, lanes> used{};
};

class AesPipeline {
 public:
  // The first evaluation only settles the model: it sees no clock edge.
  AesPipeline() { m_model.eval(); }

  // Sends a slot and returns the lanes that come out, of the slot sent 14 calls before.
  std::array<Block, lanes> cycle(const AesSlot& slot) {
    m_model.lane_i = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (slot.used[lane]) {
        m_model.lane_i = static_cast<std::uint8_t>(m_model.lane_i | (1U << lane));
        put(&m_model.block_i[4 * lane], 4, slot.blocks[lane]);
      }
    }
    Bytes key = slot.key;
    key.resize(32);
    put(&m_model.key_i[0], 8, key);
    m_model.key_256_i = slot.key.size() == 32;
    m_model.clk_i = 1;
    m_model.eval();
    m_model.clk_i = 0;
    m_model.eval();
    std::array<Block, lanes> out{};
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t i = 0; i < 4; ++i) {
        store_be32(out[lane], 4 * i, m_model.block_o[4 * lane + 3 - i]);
      }
    }
    return out;
  }

  Block encrypt(const Bytes& key, const Block& block, std::size_t lane) {
    AesSlot slot;
    slot.key = key;
    slot.blocks[lane] = block;
    slot.used[lane] = true;
    std::array<Block, lanes> out = cycle(slot);
    for (std::size_t i = 1; i < latency; ++i) {
      out = cycle({});
    }
    return out[lane];
  }

 private:
  static void put(std::uint32_t* words, std::size_t count, ByteView bytes) {
    for (std::size_t i = 0; i < count; ++i) {
      words[count - 1 - i] = load_be32(bytes, 4 * i);
    }
  }

  VerilatedContext m_context;
  VAesPipeline m_model{&m_context};
};

Block block_of(std::string_view hex) {
  Block block{};
  const Bytes bytes = bytes_of(hex);
  std::copy_n(bytes.begin(), 16, block.begin());
  return block;
}

// FIPS-197 appendix C.1 and C.3.
TEST(AesPipeline, Fips197AppendixC) {
  AesPipeline pipeline;
  const Block plain = block_of("00112233445566778899aabbccddeeff");
  const Bytes key_128 = bytes_of("000102030405060708090a0b0c0d0e0f");
  const Bytes key_256 = bytes_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    EXPECT_EQ(to_hex(pipeline.encrypt(key_128, plain, lane)), "69c4e0d86a7b0430d8cdb78070b4c55a");
    EXPECT_EQ(to_hex(pipeline.encrypt(key_256, plain, lane)), "8ea2b7ca516745bfeafc49904b496089");
  }
}

// FIPS-197 appendix B: another AES-128 example.
TEST(AesPipeline, Fips197AppendixB) {
  AesPipeline pipeline;
  EXPECT_EQ(to_hex(pipeline.encrypt(bytes_of("2b7e151628aed2a6abf7158809cf4f3c"),
                                    block_of("3243f6a8885a308d313198a2e0370734"), 0)),
            "3925841d02dc09fbdc118597196a0b32");
}

// A new key of either size in every cycle, lanes missing at random.
TEST(AesPipeline, KeysOfBothSizesChangeEveryCycle) {
  AesPipeline pipeline;
  std::mt19937_64 rng(7);
  std::deque<AesSlot> sent;
  int compared = 0;
  for (int i = 0; i < 20000; ++i) {
    AesSlot slot;
    slot.key.resize((rng() & 1) != 0 ? 32 : 16);
    std::generate(slot.key.begin(), slot.key.end(), [&] { return static_cast<std::uint8_t>(rng()); });
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      slot.used[lane] = rng() % 4 != 0;
      std::generate(slot.blocks[lane].begin(), slot.blocks[lane].end(),
                    [&] { return static_cast<std::uint8_t>(rng()); });
    }
    sent.push_back(slot);
    const std::array<Block, lanes> out = pipeline.cycle(slot);
    if (sent.size() < latency) {
      continue;
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (sent.front().used[lane]) {
        ASSERT_EQ(out[lane], aes_encrypt(sent.front().key, sent.front().blocks[lane])) << "slot " << i;
        ++compared;
      }
    }
    sent.pop_front();
  }
  EXPECT_GT(compared, 29000);
}

}  // namespace
}  // namespace espgate::test
