#include "software/aes_gcm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "support/json.h"

namespace espgate::driver::test {
namespace {

using software::AesGcm;
using software::GcmNonce;

GcmNonce nonce_of(const Bytes& bytes) {
  GcmNonce nonce{};
  std::ranges::copy(bytes, nonce.begin());
  return nonce;
}

// Both directions; with a wrong ICV, or one that is right for other bytes, open must fail.
void check_both_ways(const Bytes& key, const Bytes& nonce, const Bytes& aad, const Bytes& plaintext,
                     const Bytes& ciphertext, const Bytes& icv) {
  auto sealing = AesGcm::create(AesGcm::Use::seal, key);
  auto opening = AesGcm::create(AesGcm::Use::open, key);
  ASSERT_TRUE(sealing && opening);
  Bytes text = plaintext;
  Bytes made(16);
  ASSERT_TRUE(sealing->seal(nonce_of(nonce), aad, text, made));
  EXPECT_EQ(text, ciphertext);
  EXPECT_EQ(made, icv);
  Bytes opened(ciphertext.size());
  EXPECT_TRUE(opening->open(nonce_of(nonce), aad, ciphertext, opened, icv));
  EXPECT_EQ(opened, plaintext);
  Bytes wrong = icv;
  wrong[7] ^= 0x10;
  EXPECT_FALSE(opening->open(nonce_of(nonce), aad, ciphertext, opened, wrong));
  // The context is not spoilt by a failure.
  EXPECT_TRUE(opening->open(nonce_of(nonce), aad, ciphertext, opened, icv));
}

TEST(AesGcm, GcmSpecification) {
  int cases = 0;
  const nlohmann::json vectors = load_json("esp/gcm_spec.json");
  for (const auto& c : vectors.at("cases")) {
    SCOPED_TRACE(c.at("id").get<int>());
    check_both_ways(hex(c, "key"), hex(c, "nonce"), hex(c, "aad"), hex(c, "plaintext"), hex(c, "ciphertext"),
                    hex(c, "icv"));
    ++cases;
  }
  EXPECT_EQ(cases, 8);
}

// All vectors with 96-bit nonces and a key size that the engines carry.
TEST(AesGcm, Wycheproof) {
  int valid = 0;
  int invalid = 0;
  const nlohmann::json vectors = load_json("wycheproof/aes_gcm_test.json");
  for (const auto& group : vectors.at("testGroups")) {
    if (group.at("ivSize") != 96 || group.at("tagSize") != 128 || group.at("keySize") == 192) {
      continue;
    }
    for (const auto& c : group.at("tests")) {
      SCOPED_TRACE(c.at("tcId").get<int>());
      if (c.at("result") == "valid") {
        check_both_ways(hex(c, "key"), hex(c, "iv"), hex(c, "aad"), hex(c, "msg"), hex(c, "ct"),
                        hex(c, "tag"));
        ++valid;
      } else {
        auto opening = AesGcm::create(AesGcm::Use::open, hex(c, "key"));
        ASSERT_TRUE(opening);
        Bytes opened(hex(c, "ct").size());
        EXPECT_FALSE(
            opening->open(nonce_of(hex(c, "iv")), hex(c, "aad"), hex(c, "ct"), opened, hex(c, "tag")));
        ++invalid;
      }
    }
  }
  EXPECT_EQ(valid, 79);
  EXPECT_EQ(invalid, 54);
}

// The message is AAD alone, given in one piece and in two.
TEST(AesGcm, WycheproofGmac) {
  int valid = 0;
  int invalid = 0;
  const nlohmann::json vectors = load_json("wycheproof/aes_gmac_test.json");
  for (const auto& group : vectors.at("testGroups")) {
    if (group.at("ivSize") != 96 || group.at("tagSize") != 128 || group.at("keySize") == 192) {
      continue;
    }
    for (const auto& c : group.at("tests")) {
      SCOPED_TRACE(c.at("tcId").get<int>());
      const bool good = c.at("result") == "valid";
      auto sealing = AesGcm::create(AesGcm::Use::seal, hex(c, "key"));
      auto opening = AesGcm::create(AesGcm::Use::open, hex(c, "key"));
      ASSERT_TRUE(sealing && opening);
      const GcmNonce nonce = nonce_of(hex(c, "iv"));
      const Bytes message = hex(c, "msg");
      const Bytes tag = hex(c, "tag");
      for (const std::size_t cut : {std::size_t{0}, message.size() / 3, message.size()}) {
        const ByteView first = ByteView(message).first(cut);
        const ByteView rest = ByteView(message).subspan(cut);
        Bytes made(16);
        ASSERT_TRUE(sealing->seal(nonce, first, {}, made, rest));
        EXPECT_EQ(made == tag, good);
        EXPECT_EQ(opening->open(nonce, first, {}, {}, tag, rest), good);
      }
      ++(good ? valid : invalid);
    }
  }
  EXPECT_EQ(valid, 2 * 15);
  EXPECT_EQ(invalid, 2 * 54);
}

TEST(AesGcm, RefusesOtherKeySizesAndShortIcvs) {
  EXPECT_FALSE(AesGcm::create(AesGcm::Use::seal, Bytes(24)));
  EXPECT_FALSE(AesGcm::create(AesGcm::Use::seal, {}));
  auto opening = AesGcm::create(AesGcm::Use::open, Bytes(16));
  ASSERT_TRUE(opening);
  Bytes opened;
  // Test case 1 of the GCM specification, its ICV cut to 12 bytes.
  EXPECT_FALSE(opening->open(GcmNonce{}, {}, {}, opened, *from_hex("58e2fccefa7e3061367f1d57")));
}

}  // namespace
}  // namespace espgate::driver::test
