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
void check_both_ways(CryptoLibrary library, const Bytes& key, const Bytes& nonce, const Bytes& aad,
                     const Bytes& plaintext, const Bytes& ciphertext, const Bytes& icv) {
  auto sealing = AesGcm::create(AesGcm::Use::seal, key, library);
  auto opening = AesGcm::create(AesGcm::Use::open, key, library);
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

class AesGcmOf : public ::testing::TestWithParam<CryptoLibrary> {
 protected:
  void SetUp() override {
    if (!is_available(GetParam())) {
      GTEST_SKIP() << "libipsec-mb is not there, or not for this processor";
    }
  }
};

TEST_P(AesGcmOf, GcmSpecification) {
  int cases = 0;
  const nlohmann::json vectors = load_json("esp/gcm_spec.json");
  for (const auto& c : vectors.at("cases")) {
    SCOPED_TRACE(c.at("id").get<int>());
    check_both_ways(GetParam(), hex(c, "key"), hex(c, "nonce"), hex(c, "aad"), hex(c, "plaintext"),
                    hex(c, "ciphertext"), hex(c, "icv"));
    ++cases;
  }
  EXPECT_EQ(cases, 8);
}

// All vectors with 96-bit nonces and a key size that the engines carry.
TEST_P(AesGcmOf, Wycheproof) {
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
        check_both_ways(GetParam(), hex(c, "key"), hex(c, "iv"), hex(c, "aad"), hex(c, "msg"), hex(c, "ct"),
                        hex(c, "tag"));
        ++valid;
      } else {
        auto opening = AesGcm::create(AesGcm::Use::open, hex(c, "key"), GetParam());
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
TEST_P(AesGcmOf, WycheproofGmac) {
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
      auto sealing = AesGcm::create(AesGcm::Use::seal, hex(c, "key"), GetParam());
      auto opening = AesGcm::create(AesGcm::Use::open, hex(c, "key"), GetParam());
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

TEST_P(AesGcmOf, RefusesOtherKeySizesAndShortIcvs) {
  EXPECT_FALSE(AesGcm::create(AesGcm::Use::seal, Bytes(24), GetParam()));
  EXPECT_FALSE(AesGcm::create(AesGcm::Use::seal, {}, GetParam()));
  auto opening = AesGcm::create(AesGcm::Use::open, Bytes(16), GetParam());
  ASSERT_TRUE(opening);
  Bytes opened;
  // Test case 1 of the GCM specification, its ICV cut to 12 bytes.
  EXPECT_FALSE(opening->open(GcmNonce{}, {}, {}, opened, *from_hex("58e2fccefa7e3061367f1d57")));
}

TEST_P(AesGcmOf, TakesMoreAadOrText) {
  auto sealing = AesGcm::create(AesGcm::Use::seal, Bytes(16), GetParam());
  ASSERT_TRUE(sealing);
  Bytes text(16);
  Bytes icv(16);
  EXPECT_FALSE(sealing->seal(GcmNonce{}, {}, text, icv, Bytes(8)));
  EXPECT_FALSE(sealing->seal(GcmNonce{}, {}, text, ByteSpan(icv).first(12)));
}

INSTANTIATE_TEST_SUITE_P(Library, AesGcmOf,
                         ::testing::Values(CryptoLibrary::openssl, CryptoLibrary::ipsec_mb),
                         [](const auto& parameter) {
                           return parameter.param == CryptoLibrary::openssl ? "openssl" : "ipsec_mb";
                         });

// Every length about the library's block sizes, in place and by open, with each library's answers for the
// other.
TEST(AesGcm, LibrariesAgree) {
  if (!is_available(CryptoLibrary::ipsec_mb)) {
    GTEST_SKIP() << "libipsec-mb is not there, or not for this processor";
  }
  for (const std::size_t key_bytes : {16U, 32U}) {
    const Bytes key(key_bytes, 0x5a);
    auto one = AesGcm::create(AesGcm::Use::seal, key, CryptoLibrary::openssl);
    auto other = AesGcm::create(AesGcm::Use::open, key, CryptoLibrary::ipsec_mb);
    ASSERT_TRUE(one && other);
    for (std::size_t bytes = 0; bytes < 1100; bytes += bytes < 300 ? 1 : 37) {
      Bytes plain(bytes);
      for (std::size_t i = 0; i < bytes; ++i) {
        plain[i] = static_cast<std::uint8_t>(i * 7);
      }
      Bytes text = plain;
      Bytes icv(16);
      const GcmNonce nonce = nonce_of(Bytes(12, static_cast<std::uint8_t>(bytes)));
      const Bytes aad(bytes % 2 == 0 ? 8 : 12, 0x77);
      ASSERT_TRUE(one->seal(nonce, aad, text, icv));
      Bytes opened(bytes);
      ASSERT_TRUE(other->open(nonce, aad, text, opened, icv)) << bytes;
      ASSERT_EQ(opened, plain) << bytes;
    }
  }
}

}  // namespace
}  // namespace espgate::driver::test
