// Key exchange, PRFs, key schedule and the Encrypted payload against published vectors.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "crypto/key_exchange.h"
#include "crypto/key_schedule.h"
#include "crypto/prf.h"
#include "crypto/sk_cipher.h"
#include "simulated_peers.h"

namespace espgate::ike {
namespace {

using test::SeededRandom;

nlohmann::json load(const std::string& file) {
  std::ifstream stream(std::string(ESPGATE_TEST_DATA) + "/ike/" + file);
  return nlohmann::json::parse(stream);
}

Bytes hex(const nlohmann::json& value) {
  return *from_hex(value.get<std::string>());
}

Bytes of(const Secret& secret) {
  return {secret.view().begin(), secret.view().end()};
}

TEST(X25519, Wycheproof) {
  unsigned agreed = 0;
  unsigned refused = 0;
  const auto file = load("x25519_test.json");
  for (const auto& group : file["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      const auto own = KeyExchange::from_private(Group::curve25519, hex(vector["private"]));
      ASSERT_TRUE(own);
      const auto secret = (*own)->shared_secret(hex(vector["public"]));
      const Bytes expected = hex(vector["shared"]);
      // RFC 8031 section 2: a result of zero is refused; the other "acceptable" ones agree.
      if (expected == Bytes(32)) {
        EXPECT_FALSE(secret);
        ++refused;
      } else {
        ASSERT_TRUE(secret);
        EXPECT_EQ(to_hex(secret->view()), to_hex(expected));
        ++agreed;
      }
    }
  }
  EXPECT_GT(agreed, 450U);
  EXPECT_GT(refused, 10U);
}

// The vectors' points carry a format byte, and their private keys may lead with zeros; ours do neither.
void run_ecp_vectors(const std::string& file, Group group, std::size_t size) {
  unsigned agreed = 0;
  unsigned refused = 0;
  const auto vectors = load(file);
  for (const auto& test_group : vectors["testGroups"]) {
    for (const auto& vector : test_group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      Bytes private_key = hex(vector["private"]);
      while (private_key.size() > size && private_key.front() == 0) {
        private_key.erase(private_key.begin());
      }
      const auto own = KeyExchange::from_private(group, private_key);
      ASSERT_TRUE(own);
      Bytes point = hex(vector["public"]);
      const bool uncompressed = point.size() == 2 * size + 1 && point.front() == 4;
      if (uncompressed) {
        point.erase(point.begin());
      }
      const auto secret = (*own)->shared_secret(point);
      if (vector["result"] == "valid" && uncompressed) {
        ASSERT_TRUE(secret);
        EXPECT_EQ(to_hex(secret->view()), vector["shared"].get<std::string>());
        ++agreed;
      } else {
        EXPECT_FALSE(secret);
        ++refused;
      }
    }
  }
  EXPECT_GT(agreed, 200U);
  EXPECT_GT(refused, 10U);
}

TEST(Ecp256, Wycheproof) {
  run_ecp_vectors("ecdh_secp256r1_ecpoint_test.json", Group::ecp_256, 32);
}
TEST(Ecp384, Wycheproof) {
  run_ecp_vectors("ecdh_secp384r1_ecpoint_test.json", Group::ecp_384, 48);
}

TEST(Ecp256, Rfc5903Example) {
  // RFC 5903 section 8.1.
  const auto initiator = KeyExchange::from_private(
      Group::ecp_256, *from_hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"));
  ASSERT_TRUE(initiator);
  EXPECT_EQ(to_hex((*initiator)->public_value()),
            "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
            "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
}

TEST(KeyExchange, BothSidesAgreeInEveryGroup) {
  SeededRandom random(1);
  for (const Group group : {Group::curve25519, Group::ecp_256, Group::ecp_384}) {
    const auto a = KeyExchange::generate(group, random);
    const auto b = KeyExchange::generate(group, random);
    const auto ab = a->shared_secret(b->public_value());
    const auto ba = b->shared_secret(a->public_value());
    ASSERT_TRUE(ab && ba);
    EXPECT_EQ(of(*ab), of(*ba));
    EXPECT_NE(a->public_value(), b->public_value());
    Bytes bad = b->public_value();
    bad.pop_back();
    EXPECT_FALSE(a->shared_secret(bad));
    EXPECT_FALSE(a->shared_secret(Bytes(b->public_value().size())));
    EXPECT_FALSE(a->shared_secret({}));
  }
}

void run_hmac_vectors(const std::string& file, Prf algorithm, Integrity integrity, std::size_t icv) {
  unsigned checked = 0;
  const auto vectors = load(file);
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      const Bytes tag = hex(vector["tag"]);
      const Bytes message = hex(vector["msg"]);
      const Bytes key = hex(vector["key"]);
      const Secret full = prf(algorithm, key, {message});
      const bool same = std::ranges::equal(full.view().first(tag.size()), tag);
      EXPECT_EQ(same, vector["result"] == "valid");
      EXPECT_EQ(to_hex(integrity_icv(integrity, key, message)), to_hex(full.view().first(icv)));
      ++checked;
    }
  }
  EXPECT_GT(checked, 100U);
}

TEST(Prf, WycheproofHmacSha256) {
  run_hmac_vectors("hmac_sha256_test.json", Prf::hmac_sha2_256, Integrity::hmac_sha2_256_128, 16);
}
TEST(Prf, WycheproofHmacSha384) {
  run_hmac_vectors("hmac_sha384_test.json", Prf::hmac_sha2_384, Integrity::hmac_sha2_384_192, 24);
}
TEST(Prf, WycheproofHmacSha512) {
  run_hmac_vectors("hmac_sha512_test.json", Prf::hmac_sha2_512, Integrity::hmac_sha2_512_256, 32);
}

// NIST CAVP, application-specific KDFs (SP 800-135), IKEv2 samples; public domain.
struct KdfVector {
  Prf prf;
  const char* initiator_nonce;
  const char* responder_nonce;
  const char* shared_secret;
  const char* seed;
  std::uint64_t initiator_spi;
  std::uint64_t responder_spi;
  const char* material;
};
constexpr KdfVector kdf_vectors[] = {
    {Prf::hmac_sha2_256, "3f302be1abcb28e1", "8c332ee006064c9b",
     "0f4d257d7a58fc4545c7d7a88119eee5d5c9690c5b4c989171d3abbfd99d1d29",
     "5f00d1bd2c58ec224b1e6b71fa0f19a1faa7a193952c444411b47c1a9d8ba6fe", 0x40dac39e1e1a8640,
     0x8619a1cf9a6e4c07,
     "0b137d669b0947d7d026d593f0305ad401ff0c471357d695778a9c7f4b4869ece98aca53"
     "1188d16041b3bb936d2dbb3b4993a6e768a809160de45d0283f273a6cdf6854379e31be7"
     "2b8d3d1fa990cf9c5b015ca9f918a7df6253c958114a09d4e1c19bdcd4db14b29d98db1a"
     "74ad405c588662c14a04d0d36aa4ab55e90f8986d12d4aad"},
    {Prf::hmac_sha2_384, "fd1b572a8e735591", "6013b0ef88dacd3d",
     "d3288cd87565101e88fe3bad918f31939d8dd26ff1071f8b2d7f447524e58d7c",
     "69fe7a1ac94adaeb711295f5fe004b1a8d6a0b65d05692758ce8ad2f7a45f59d7d0b596f51f7dfcf3330061888f6a94f",
     0x2116ad07ce61f749, 0x24880e55f11a65b7,
     "4f904c2025c90c817ea5ff9b662a6fdb445a73b57cdf09eacd379b95e1f03cacb04cd6de"
     "eda4f952191dd9bc1f7a9502471a648d74dc06d38112de48a42501f6b1a3ad55c2099cd9"
     "a648e5f17e5bf3e34bf9b5953decb768a34f875fe2b78dca0c2fcca81ec1a412006dfaed"
     "38fa06882e61f4c148105fb8e231fdb33c4d484c001721d4"},
};

TEST(KeySchedule, NistIkeV2Samples) {
  for (const KdfVector& vector : kdf_vectors) {
    const Bytes ni = *from_hex(vector.initiator_nonce);
    const Bytes nr = *from_hex(vector.responder_nonce);
    const Bytes secret = *from_hex(vector.shared_secret);
    Bytes nonces = ni;
    nonces.insert(nonces.end(), nr.begin(), nr.end());
    const Secret seed = prf(vector.prf, nonces, {secret});
    EXPECT_EQ(to_hex(seed.view()), vector.seed);
    Bytes spis(16);
    store_be64(spis, 0, vector.initiator_spi);
    store_be64(spis, 8, vector.responder_spi);
    const std::string material(vector.material);
    EXPECT_EQ(to_hex(prf_plus(vector.prf, seed.view(), {nonces, spis}, material.size() / 2).view()),
              material);

    const IkeProposal proposal{
        {{Encryption::aes_cbc, 128}}, {vector.prf}, {Integrity::hmac_sha2_256_128}, {}};
    const IkeKeys keys =
        derive_ike_keys(proposal, secret, ni, nr, vector.initiator_spi, vector.responder_spi);
    const std::string in_order = to_hex(keys.d.view()) + to_hex(keys.ai.view()) + to_hex(keys.ar.view()) +
                                 to_hex(keys.ei.view()) + to_hex(keys.er.view()) + to_hex(keys.pi.view()) +
                                 to_hex(keys.pr.view());
    EXPECT_EQ(keys.ai.size(), 32U);
    EXPECT_EQ(keys.ei.size(), 16U);
    EXPECT_EQ(in_order.substr(0, material.size()), material);
  }
}

TEST(KeySchedule, ChildKeysAreCutInOrder) {
  const Secret d(Bytes(32, 0xd0));
  const Bytes ni(32, 1);
  const Bytes nr(32, 2);
  const EspProposal gcm{{{Encryption::aes_gcm_16, 256}}, {}, {}, {EsnMode::yes}};
  const ChildKeys keys = derive_child_keys(gcm, Prf::hmac_sha2_256, d, ni, nr);
  const Secret material = prf_plus(Prf::hmac_sha2_256, d.view(), {ni, nr}, 72);
  EXPECT_EQ(to_hex(keys.initiator_encryption.view()) + to_hex(keys.responder_encryption.view()),
            to_hex(material.view()));
  EXPECT_TRUE(keys.initiator_integrity.empty());

  const EspProposal cbc{{{Encryption::aes_cbc, 128}}, {Integrity::hmac_sha2_256_128}, {}, {EsnMode::no}};
  const ChildKeys with_integrity = derive_child_keys(cbc, Prf::hmac_sha2_256, d, ni, nr);
  const Secret all = prf_plus(Prf::hmac_sha2_256, d.view(), {ni, nr}, 96);
  EXPECT_EQ(to_hex(with_integrity.initiator_encryption.view()) +
                to_hex(with_integrity.initiator_integrity.view()) +
                to_hex(with_integrity.responder_encryption.view()) +
                to_hex(with_integrity.responder_integrity.view()),
            to_hex(all.view()));
}

struct Suite {
  EncryptionTransform encryption;
  Integrity integrity;
  std::size_t key;
  std::size_t integrity_key;
};
constexpr Suite suites[] = {
    {{Encryption::aes_gcm_16, 128}, Integrity::none, 20, 0},
    {{Encryption::aes_gcm_16, 192}, Integrity::none, 28, 0},
    {{Encryption::aes_gcm_16, 256}, Integrity::none, 36, 0},
    {{Encryption::aes_cbc, 128}, Integrity::hmac_sha2_256_128, 16, 32},
    {{Encryption::aes_cbc, 192}, Integrity::hmac_sha2_384_192, 24, 48},
    {{Encryption::aes_cbc, 256}, Integrity::hmac_sha2_512_256, 32, 64},
};

std::unique_ptr<SkCipher> make_cipher(const Suite& suite) {
  return SkCipher::create(suite.encryption, suite.integrity, Secret(Bytes(suite.key, 0x5a)),
                          Secret(Bytes(suite.integrity_key, 0xa5)));
}

TEST(SkCipher, OpensWhatItSealedAndNothingElse) {
  SeededRandom random(2);
  const Bytes prefix(32, 9);
  for (const Suite& suite : suites) {
    const auto cipher = make_cipher(suite);
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 300U}) {
      Bytes plaintext(size);
      random.fill(plaintext);
      const Bytes body = cipher->seal(prefix, plaintext, random);
      EXPECT_EQ(body.size(), cipher->body_size(size));
      const auto opened = cipher->open(prefix, body);
      ASSERT_TRUE(opened);
      EXPECT_EQ(*opened, plaintext);
      for (std::size_t i = 0; i < body.size(); ++i) {
        Bytes bad = body;
        bad[i] ^= 0x10;
        EXPECT_FALSE(cipher->open(prefix, bad));
        EXPECT_FALSE(cipher->open(prefix, ByteView(body).first(i)));
      }
      for (std::size_t i = 0; i < prefix.size(); ++i) {
        Bytes bad = prefix;
        bad[i] ^= 0x01;
        EXPECT_FALSE(cipher->open(bad, body));
      }
    }
  }
}

TEST(SkCipher, NeverUsesAnIvTwice) {
  SeededRandom random(3);
  const auto cipher = make_cipher(suites[2]);
  std::set<Bytes> seen;
  for (int i = 0; i < 1000; ++i) {
    const Bytes body = cipher->seal({}, Bytes(4), random);
    EXPECT_TRUE(seen.insert(Bytes(body.begin(), body.begin() + 8)).second);
  }
}

TEST(SharedKeyAuth, IsTheFormulaOfTheRfc) {
  // RFC 7296 section 2.15, put together from prf() step by step.
  const Bytes psk{'p', 's', 'k'};
  const Bytes message(100, 1);
  const Bytes nonce(32, 2);
  const Bytes id{2, 0, 0, 0, 'a'};
  const Secret sk_p(Bytes(32, 3));
  const std::string pad = "Key Pad for IKEv2";
  const Secret key = prf(Prf::hmac_sha2_256, psk, {Bytes(pad.begin(), pad.end())});
  const Secret maced = prf(Prf::hmac_sha2_256, sk_p.view(), {id});
  const Secret expected = prf(Prf::hmac_sha2_256, key.view(), {message, nonce, maced.view()});
  EXPECT_EQ(of(shared_key_auth(Prf::hmac_sha2_256, Secret(ByteView(psk)), message, nonce, sk_p, id)),
            of(expected));
}

}  // namespace
}  // namespace espgate::ike
