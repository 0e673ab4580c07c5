// esp_gcm_core against published vectors and against OpenSSL, in both directions.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "base/hex.h"
#include "gcm_bench.h"
#include "gcm_packets.h"
#include "gcm_reference.h"

namespace espgate::test {
namespace {

struct Vector {
  std::string_view name, key, nonce, plain, cipher, tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, which NIST's SP 800-38D examples
// repeat: the cases with AES-128 or AES-256, a 96-bit IV, a payload and no more than 16 bytes of AAD.
constexpr Vector specification_cases[] = {
    {"case 2", "00000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78",
     "ab6e47d42cec13bdf53a67b21257bddf"},
    {"case 3", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
     "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"case 14", "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"case 15", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
};

TEST(GcmCore, CasesOfTheGcmSpecification) {
  std::mt19937_64 rng(1);
  const auto encrypt = GcmBench::make(GcmDirection::encrypt);
  const auto decrypt = GcmBench::make(GcmDirection::decrypt);
  for (const Vector& v : specification_cases) {
    SCOPED_TRACE(v.name);
    GcmPacket packet{.key = bytes_of(v.key),
                     .nonce = bytes_of(v.nonce),
                     .aad = {},
                     .text = bytes_of(v.plain),
                     .gmac = false};
    const auto sealed = encrypt->run({&packet, 1}, 0, rng);
    ASSERT_EQ(sealed.size(), 1U);
    EXPECT_EQ(to_hex(sealed[0].text), v.cipher);
    EXPECT_EQ(to_hex(sealed[0].tag), v.tag);
    packet.text = bytes_of(v.cipher);
    const auto opened = decrypt->run({&packet, 1}, 0, rng);
    ASSERT_EQ(opened.size(), 1U);
    EXPECT_EQ(to_hex(opened[0].text), v.plain);
    EXPECT_EQ(to_hex(opened[0].tag), v.tag);
  }
}

// All vectors of the shape that the core takes: 96-bit nonce, 128 or 256-bit key, a payload, AAD up to 16
// bytes.
TEST(GcmCore, Wycheproof) {
  std::ifstream file(ESPGATE_TEST_DATA "/wycheproof/aes_gcm_test.json");
  ASSERT_TRUE(file);
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<GcmPacket> packets;
  std::vector<GcmPacket> sealed;
  std::vector<nlohmann::json> tests;
  for (const auto& group : json["testGroups"]) {
    if (group["ivSize"] != 96 || group["keySize"] == 192 || group["tagSize"] != 128) {
      continue;
    }
    for (const auto& test : group["tests"]) {
      GcmPacket packet{.key = bytes_of(test["key"].get<std::string>()),
                       .nonce = bytes_of(test["iv"].get<std::string>()),
                       .aad = bytes_of(test["aad"].get<std::string>()),
                       .text = bytes_of(test["msg"].get<std::string>()),
                       .gmac = false};
      if (packet.aad.size() > 16 || packet.text.empty()) {
        continue;
      }
      packets.push_back(packet);
      packet.text = bytes_of(test["ct"].get<std::string>());
      sealed.push_back(packet);
      tests.push_back(test);
    }
  }
  ASSERT_EQ(tests.size(), 104U);
  std::mt19937_64 rng(2);
  const auto encrypted = GcmBench::make(GcmDirection::encrypt)->run(packets, 0, rng);
  const auto decrypted = GcmBench::make(GcmDirection::decrypt)->run(sealed, 0, rng);
  ASSERT_EQ(encrypted.size(), tests.size());
  ASSERT_EQ(decrypted.size(), tests.size());
  std::size_t valid = 0;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    SCOPED_TRACE(tests[i].dump());
    const std::string tag = tests[i]["tag"];
    if (tests[i]["result"] == "valid") {
      ++valid;
      EXPECT_EQ(to_hex(encrypted[i].text), tests[i]["ct"].get<std::string>());
      EXPECT_EQ(to_hex(encrypted[i].tag), tag);
      EXPECT_EQ(to_hex(decrypted[i].text), tests[i]["msg"].get<std::string>());
      EXPECT_EQ(to_hex(decrypted[i].tag), tag);
    } else {
      EXPECT_NE(to_hex(decrypted[i].tag), tag);
    }
  }
  EXPECT_EQ(valid, 50U);
}

TEST(GcmCore, EveryLengthUpTo600BackToBack) {
  std::mt19937_64 rng(3);
  std::vector<GcmPacket> packets;
  for (std::size_t length = 1; length <= 600; ++length) {
    packets.push_back(random_packet(length, rng));
  }
  expect_like_reference(packets, 0, 4);
  std::shuffle(packets.begin(), packets.end(), rng);
  expect_like_reference(packets, 0, 5);
}

TEST(GcmCore, EveryLengthUpTo600WithBubbles) {
  std::mt19937_64 rng(6);
  std::vector<GcmPacket> packets;
  for (std::size_t length = 1; length <= 600; ++length) {
    packets.push_back(random_packet(length, rng));
  }
  std::shuffle(packets.begin(), packets.end(), rng);
  expect_like_reference(packets, 0.1, 7);
  expect_like_reference(packets, 0.5, 8);
  expect_like_reference(packets, 0.9, 9);
}

TEST(GcmCore, JumboPackets) {
  std::mt19937_64 rng(10);
  std::vector<GcmPacket> packets;
  for (int i = 0; i < 40; ++i) {
    packets.push_back(random_packet(600 + rng() % (9216 - 600 + 1), rng));
    packets.push_back(random_packet(1 + rng() % 200, rng));
  }
  packets.push_back(random_packet(9216, rng));
  packets.push_back(random_packet(16384, rng));
  packets.push_back(random_packet(65535, rng));
  packets.push_back(random_packet(1, rng));
  expect_like_reference(packets, 0, 11);
  expect_like_reference(packets, 0.3, 12);
}

// A packet of one beat has its whole key schedule beside its neighbours' of the other size.
TEST(GcmCore, OneBeatPacketsOfBothKeySizesAlternate) {
  std::mt19937_64 rng(13);
  std::vector<GcmPacket> packets;
  for (std::size_t i = 0; i < 2000; ++i) {
    GcmPacket packet = random_packet(1 + rng() % 64, rng);
    packet.key = random_bytes(i % 2 == 0 ? 16 : 32, rng);
    packets.push_back(packet);
  }
  expect_like_reference(packets, 0, 14);
}

// Packets around the multiplier's five ranks, where a sum begins to feed back, in any order.
TEST(GcmCore, ShortPacketsInAnyOrder) {
  std::mt19937_64 rng(15);
  std::vector<GcmPacket> packets;
  packets.reserve(3000);
  for (int i = 0; i < 3000; ++i) {
    packets.push_back(random_packet(64 * (rng() % 12) + 1 + rng() % 64, rng));
  }
  expect_like_reference(packets, 0, 16);
  expect_like_reference(packets, 0.25, 17);
}

TEST(GcmCore, ResetInMidPacketForgetsIt) {
  std::mt19937_64 rng(18);
  for (unsigned beats = 1; beats <= 45; ++beats) {
    const auto bench = GcmBench::make(GcmDirection::encrypt);
    bench->reset_amid(random_packet(3200, rng), beats);
    std::vector<GcmPacket> packets;
    packets.reserve(5);
    for (int i = 0; i < 5; ++i) {
      packets.push_back(random_packet(1 + rng() % 700, rng));
    }
    const auto results = bench->run(packets, 0, rng);
    ASSERT_EQ(results.size(), packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_EQ(results[i], gcm_encrypt(packets[i])) << "packet " << i << " after " << beats << " beats";
    }
  }
}

}  // namespace
}  // namespace espgate::test
