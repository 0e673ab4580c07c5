#include "software/esp.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/json.h"
#include "support/packets.h"

namespace espgate::driver::test {
namespace {

using software::AesGcm;
using software::EspCipher;
using software::EspHeader;

// The packets of draft-mcgrew-gcm-test-01, as whole ESP packets through the transform that the engine uses.
// Their next header and payload are not what tunnel mode carries, so this is one level below the engine.
TEST(Esp, Rfc4106TestPackets) {
  int without_esn = 0;
  int with_esn = 0;
  int other_key_size = 0;
  const nlohmann::json vectors = load_json("esp/gcm_test.json");
  for (const auto& c : vectors.at("cases")) {
    SCOPED_TRACE(c.at("id").get<int>());
    const Bytes key_bytes = hex(c, "key");
    const AesGcmKey key{.key = InlineSecret<32>(key_bytes), .salt = InlineSecret<4>(hex(c, "salt"))};
    const Bytes aad = hex(c, "aad");
    const bool esn = aad.size() == 12;
    auto sealing = EspCipher::create(AesGcm::Use::seal, Cipher::aes_gcm_16, key, esn);
    auto opening = EspCipher::create(AesGcm::Use::open, Cipher::aes_gcm_16, key, esn);
    if (key_bytes.size() == 24) {
      EXPECT_FALSE(sealing || opening);
      ++other_key_size;
      continue;
    }
    ASSERT_TRUE(sealing && opening);
    EspHeader header{
        .spi = load_be32(aad), .sequence = esn ? load_be64(aad, 4) : load_be32(aad, 4), .iv = {}};
    std::ranges::copy(hex(c, "iv"), header.iv.begin());

    Bytes expected(aad.begin(), aad.begin() + 4);
    expected.insert(expected.end(), aad.end() - 4, aad.end());
    for (const char* part : {"iv", "ciphertext", "icv"}) {
      const Bytes bytes = hex(c, part);
      expected.insert(expected.end(), bytes.begin(), bytes.end());
    }
    const Bytes plaintext = hex(c, "plaintext");
    Bytes packet(plaintext.size() + software::esp_overhead);
    ASSERT_TRUE(sealing->seal_plaintext(header, plaintext, packet));
    EXPECT_EQ(packet, expected);

    Bytes opened(plaintext.size());
    const auto high = static_cast<std::uint32_t>(header.sequence >> 32);
    EXPECT_TRUE(opening->open(packet, high, opened));
    EXPECT_EQ(opened, plaintext);
    EXPECT_EQ(opening->open(packet, high + 1, opened), !esn)
        << "the high half is authenticated with ESN only";
    ++(esn ? with_esn : without_esn);
  }
  EXPECT_EQ(without_esn, 4);
  EXPECT_EQ(with_esn, 9);
  EXPECT_EQ(other_key_size, 1);
}

TEST(Esp, PayloadIsPaddedToFourBytes) {
  const AesGcmKey key{.key = InlineSecret<32>(Bytes(16)), .salt = InlineSecret<4>(Bytes(4))};
  for (const Cipher kind : {Cipher::aes_gcm_16, Cipher::null_aes_gmac}) {
    auto sealing = EspCipher::create(AesGcm::Use::seal, kind, key, false);
    auto opening = EspCipher::create(AesGcm::Use::open, kind, key, false);
    ASSERT_TRUE(sealing && opening);
    for (std::size_t bytes = 0; bytes < 200; ++bytes) {
      Bytes payload(bytes, 0xab);
      for (const std::size_t padded : {bytes, bytes + 1, bytes + 67}) {
        Bytes packet(software::esp_packet_bytes(padded), 0xee);
        ASSERT_EQ(packet.size() % 4, 0U);
        ASSERT_TRUE(sealing->seal({.spi = 1, .sequence = bytes, .iv = {}}, payload, padded, 4, packet));
        Bytes plaintext(packet.size() - software::esp_overhead);
        ASSERT_TRUE(opening->open(packet, 0, plaintext));
        Bytes zeroed = payload;
        zeroed.resize(padded);
        EXPECT_EQ(plaintext, with_trailer(zeroed)) << bytes << " padded to " << padded;
      }
    }
  }
}

}  // namespace
}  // namespace espgate::driver::test
