// GMAC (RFC 4543) through esp_gcm_core: published vectors, and every length against OpenSSL.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "base/hex.h"
#include "gcm_bench.h"
#include "gcm_packets.h"

namespace espgate::test {
namespace {

// The vectors of the shape that the core takes: 96-bit nonce, 128 or 256-bit key, and more than the one block
// that stands in aad_i. All the invalid ones are of one block, so each valid one is also tried with its last
// byte changed.
TEST(Gmac, Wycheproof) {
  std::ifstream file(ESPGATE_TEST_DATA "/wycheproof/aes_gmac_test.json");
  ASSERT_TRUE(file);
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<GcmPacket> packets;
  std::vector<std::string> tags;
  for (const auto& group : json["testGroups"]) {
    if (group["ivSize"] != 96 || group["keySize"] == 192 || group["tagSize"] != 128) {
      continue;
    }
    for (const auto& test : group["tests"]) {
      const Bytes message = bytes_of(test["msg"].get<std::string>());
      if (message.size() <= 16) {
        continue;
      }
      ASSERT_EQ(test["result"], "valid");
      packets.push_back({.key = bytes_of(test["key"].get<std::string>()),
                         .nonce = bytes_of(test["iv"].get<std::string>()),
                         .aad = Bytes(message.begin(), message.begin() + 16),
                         .text = Bytes(message.begin() + 16, message.end()),
                         .gmac = true});
      tags.push_back(test["tag"]);
      packets.push_back(packets.back());
      packets.back().text.back() ^= 1;
      tags.push_back(test["tag"]);
    }
  }
  ASSERT_EQ(tags.size(), 20U);
  std::mt19937_64 rng(1);
  for (const GcmDirection direction : {GcmDirection::encrypt, GcmDirection::decrypt}) {
    const auto results = GcmBench::make(direction)->run(packets, 0, rng);
    ASSERT_EQ(results.size(), tags.size());
    for (std::size_t i = 0; i < tags.size(); ++i) {
      EXPECT_EQ(to_hex(results[i].text), to_hex(packets[i].text));
      EXPECT_EQ(to_hex(results[i].tag) == tags[i], i % 2 == 0) << i;
    }
  }
}

std::vector<GcmPacket> every_length(std::mt19937_64& rng) {
  std::vector<GcmPacket> packets;
  for (std::size_t length = 1; length <= 460; ++length) {
    GcmPacket packet = random_packet(length, rng);
    packet.gmac = true;
    packet.aad = random_bytes(16, rng);
    packets.push_back(packet);
  }
  return packets;
}

TEST(Gmac, EveryLength) {
  std::mt19937_64 rng(2);
  const auto packets = every_length(rng);
  expect_like_reference(packets, 0, 3);
  expect_like_reference(packets, 0.4, 4);
}

TEST(Gmac, JumboPackets) {
  std::mt19937_64 rng(5);
  std::vector<GcmPacket> packets;
  for (const std::size_t length : {9000U, 16384U, 65535U, 65520U, 1U}) {
    packets.push_back(random_packet(length, rng));
    packets.back().gmac = true;
    packets.back().aad = random_bytes(16, rng);
  }
  expect_like_reference(packets, 0, 6);
}

// Neither kind leaves anything behind for the next packet.
TEST(Gmac, AlternatesWithGcm) {
  std::mt19937_64 rng(7);
  std::vector<GcmPacket> packets;
  for (std::size_t i = 0; i < 1500; ++i) {
    packets.push_back(random_packet(1 + rng() % 200, rng));
    packets.back().gmac = i % 2 == 1;
    packets.back().aad = random_bytes(16, rng);
  }
  expect_like_reference(packets, 0, 8);
}

}  // namespace
}  // namespace espgate::test
