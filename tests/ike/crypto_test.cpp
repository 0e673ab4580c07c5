// Key exchange, PRFs, key schedule and the Encrypted payload against published vectors.
#include <gtest/gtest.h>
#include <openssl/bn.h>

#include "base/hex.h"
#include "crypto/key_exchange.h"
#include "crypto/key_schedule.h"
#include "crypto/openssl.h"
#include "crypto/prf.h"
#include "crypto/sk_cipher.h"
#include "simulated_peers.h"
#include "wycheproof.h"

namespace espgate::ike {
namespace {

using test::hex;
using test::load_vectors;
using test::SeededRandom;

Bytes of(const Secret& secret) {
  return {secret.view().begin(), secret.view().end()};
}

void run_montgomery_vectors(const std::string& name, Group kind, std::size_t size) {
  unsigned agreed = 0;
  unsigned refused = 0;
  const auto file = load_vectors(name);
  for (const auto& group : file["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      const auto own = KeyExchange::from_private(kind, hex(vector["private"]));
      ASSERT_TRUE(own);
      const auto secret = (*own)->shared_secret(hex(vector["public"]));
      const Bytes expected = hex(vector["shared"]);
      // RFC 8031 section 2: a result of zero is refused; the other "acceptable" ones agree.
      if (expected == Bytes(size) || hex(vector["public"]).size() != size) {
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

TEST(X25519, Wycheproof) {
  run_montgomery_vectors("x25519_test.json", Group::curve25519, 32);
}
TEST(X448, Wycheproof) {
  run_montgomery_vectors("x448_test.json", Group::curve448, 56);
}

// The vectors' points carry a format byte, and their private keys may lead with zeros; ours do neither.
void run_ecp_vectors(const std::string& file, Group group, std::size_t size) {
  unsigned agreed = 0;
  unsigned refused = 0;
  const auto vectors = load_vectors(file);
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

TEST(Ecp521, Wycheproof) {
  run_ecp_vectors("ecdh_secp521r1_ecpoint_test.json", Group::ecp_521, 66);
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
  for (const Group group :
       {Group::curve25519, Group::curve448, Group::ecp_256, Group::ecp_384, Group::ecp_521, Group::modp_2048,
        Group::modp_3072, Group::modp_4096, Group::modp_6144, Group::modp_8192}) {
    SCOPED_TRACE(to_string(group));
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
    Bytes oversized = b->public_value();
    oversized.insert(oversized.begin(), 0);
    EXPECT_FALSE(a->shared_secret(oversized));
    EXPECT_FALSE(a->shared_secret(Bytes(65000, 2)));
  }
}

// 2^number mod p and peer^number mod p, by another way than ours: plain BN_mod_exp.
TEST(Modp, IsExponentiationModuloThePrimeOfRfc3526) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> prime(BN_get_rfc3526_prime_2048(nullptr), BN_free);
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> scratch(BN_CTX_new(), BN_CTX_free);
  // The first 64 bits of each of the primes are ones, and RFC 3526 section 3 gives the next.
  Bytes prime_bytes(256);
  ASSERT_EQ(BN_bn2binpad(prime.get(), prime_bytes.data(), 256), 256);
  EXPECT_EQ(to_hex(ByteView(prime_bytes).first(24)), "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd1");
  const auto power = [&](ByteView base, ByteView exponent) {
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> b(
        BN_bin2bn(base.data(), static_cast<int>(base.size()), nullptr), BN_free);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> e(
        BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr), BN_free);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> r(BN_new(), BN_free);
    BN_mod_exp(r.get(), b.get(), e.get(), prime.get(), scratch.get());
    Bytes out(256);
    BN_bn2binpad(r.get(), out.data(), 256);
    return out;
  };
  // Many results, for one in 256 leads with a zero byte that must stay.
  unsigned with_leading_zero = 0;
  for (std::uint16_t i = 1; i <= 600; ++i) {
    const Bytes own{0, 0, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 7};
    const Bytes peer =
        power(Bytes{2}, Bytes{static_cast<std::uint8_t>(i), 9, 200, 3, static_cast<std::uint8_t>(i >> 8)});
    const auto exchange = KeyExchange::from_private(Group::modp_2048, own);
    ASSERT_TRUE(exchange);
    if (i == 1) {
      EXPECT_EQ((*exchange)->public_value(), power(Bytes{2}, own));
    }
    const auto secret = (*exchange)->shared_secret(peer);
    ASSERT_TRUE(secret);
    ASSERT_EQ(of(*secret), power(peer, own));
    with_leading_zero += secret->view().front() == 0 ? 1U : 0U;
  }
  EXPECT_GT(with_leading_zero, 0U);
}

// RFC 6989 section 2.1: 0, 1, p - 1, p and more are refused, 2 and p - 2 are not.
TEST(Modp, DegenerateValuesAreRefused) {
  SeededRandom random(9);
  const auto own = KeyExchange::generate(Group::modp_2048, random);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> prime(BN_get_rfc3526_prime_2048(nullptr), BN_free);
  Bytes p(256);
  ASSERT_EQ(BN_bn2binpad(prime.get(), p.data(), 256), 256);
  const auto last = [](Bytes value, std::uint8_t byte) {
    value.back() = byte;
    return value;
  };
  EXPECT_FALSE(own->shared_secret(Bytes(256)));
  EXPECT_FALSE(own->shared_secret(last(Bytes(256), 1)));
  EXPECT_TRUE(own->shared_secret(last(Bytes(256), 2)));
  EXPECT_TRUE(own->shared_secret(last(p, 0xfd)));
  EXPECT_FALSE(own->shared_secret(last(p, 0xfe)));
  EXPECT_FALSE(own->shared_secret(p));
  EXPECT_FALSE(own->shared_secret(Bytes(256, 0xff)));
  EXPECT_FALSE(KeyExchange::from_private(Group::modp_2048, Bytes{0}));
  EXPECT_FALSE(KeyExchange::from_private(Group::modp_2048, Bytes{1}));
}

TEST(KeyExchange, GroupsThatDoNotExistAreAFaultOfOurs) {
  SeededRandom random(1);
  EXPECT_THROW(KeyExchange::generate(Group::none, random), CryptoFailure);
  EXPECT_THROW(KeyExchange::generate(Group{2}, random), CryptoFailure);
  EXPECT_THROW(KeyExchange::generate(Group{1030}, random), CryptoFailure);
}

void run_hmac_vectors(const std::string& file, Prf algorithm, Integrity integrity, std::size_t icv) {
  unsigned checked = 0;
  const auto vectors = load_vectors(file);
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

TEST(Prf, WycheproofAesCmac) {
  unsigned checked = 0;
  const auto vectors = load_vectors("aes_cmac_test.json");
  for (const auto& group : vectors["testGroups"]) {
    if (group["keySize"] != 128 || group["tagSize"] != 128) {
      continue;
    }
    for (const auto& vector : group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      const Bytes tag = hex(vector["tag"]);
      const Bytes message = hex(vector["msg"]);
      const Bytes key = hex(vector["key"]);
      const Secret full = prf(Prf::aes128_cmac, key, {message});
      EXPECT_EQ(of(full) == tag, vector["result"] == "valid");
      EXPECT_EQ(to_hex(integrity_icv(Integrity::aes_cmac_96, key, message)), to_hex(full.view().first(12)));
      ++checked;
    }
  }
  EXPECT_GT(checked, 50U);
}

// RFC 4615 section 4: keys of 18, 16 and 10 bytes.
TEST(Prf, Rfc4615AesCmacPrf128) {
  Bytes message(20);
  for (std::uint8_t i = 0; i < 20; ++i) {
    message[i] = i;
  }
  const Bytes key = *from_hex("000102030405060708090a0b0c0d0e0fedcb");
  const auto value = [&](std::size_t size) {
    return to_hex(prf(Prf::aes128_cmac, ByteView(key).first(size), {message}).view());
  };
  EXPECT_EQ(value(18), "84a348a4a45d235babfffc0d2b4da09a");
  EXPECT_EQ(value(16), "980ae87b5f4c9c5214f5b6a8455e4c2d");
  EXPECT_EQ(value(10), "290d9e112edb09ee141fcf64c0b72f3d");
}

// RFC 2202 section 3, test cases 1, 2 and 7.
TEST(Prf, Rfc2202HmacSha1) {
  const auto value = [](ByteView key, std::string_view text) {
    const Bytes data(text.begin(), text.end());
    return to_hex(prf(Prf::hmac_sha1, key, {data}).view());
  };
  EXPECT_EQ(value(Bytes(20, 0x0b), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(value(Bytes{'J', 'e', 'f', 'e'}, "what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(
      value(Bytes(80, 0xaa), "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
  EXPECT_EQ(to_hex(integrity_icv(Integrity::hmac_sha1_96, Bytes(20, 0x0b),
                                 Bytes{'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e'})),
            "b617318655057264e28bc0b6");
}

TEST(Prf, UnknownOnesAreNotReplacedByAnother) {
  EXPECT_THROW(prf(Prf{1}, Bytes(16), {Bytes(4)}), CryptoFailure);
  EXPECT_THROW(prf_plus(Prf{99}, Bytes(16), {Bytes(4)}, 32), CryptoFailure);
  EXPECT_THROW(integrity_icv(Integrity::none, Bytes(16), Bytes(4)), CryptoFailure);
  EXPECT_THROW(integrity_icv(Integrity::aes_xcbc_96, Bytes(16), Bytes(4)), CryptoFailure);
}

// RFC 7296 section 2.14: with AES-CMAC the key for SKEYSEED is the first 64 bits of each nonce, but prf+
// takes the nonces whole.
TEST(KeySchedule, AesCmacTakesHalfItsKeyFromEachNonce) {
  SeededRandom random(4);
  Bytes ni(32);
  Bytes nr(48);
  Bytes secret(32);
  for (Bytes* bytes : {&ni, &nr, &secret}) {
    random.fill(*bytes);
  }
  const IkeProposal proposal{
      {{Encryption::aes_cbc, 128}}, {Prf::aes128_cmac}, {Integrity::aes_cmac_96}, {Group::curve25519}};
  const IkeKeys keys = derive_ike_keys(proposal, secret, ni, nr, 1, 2);
  Bytes key(ni.begin(), ni.begin() + 8);
  key.insert(key.end(), nr.begin(), nr.begin() + 8);
  const Secret seed = prf(Prf::aes128_cmac, key, {secret});
  Bytes spis(16);
  spis[7] = 1;
  spis[15] = 2;
  const Secret material = prf_plus(Prf::aes128_cmac, seed.view(), {ni, nr, spis}, 7 * 16);
  EXPECT_EQ(to_hex(keys.d.view()) + to_hex(keys.ai.view()) + to_hex(keys.ar.view()) + to_hex(keys.ei.view()) +
                to_hex(keys.er.view()) + to_hex(keys.pi.view()) + to_hex(keys.pr.view()),
            to_hex(material.view()));
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
    {{Encryption::aes_gcm_12, 128}, Integrity::none, 20, 0},
    {{Encryption::aes_gcm_12, 256}, Integrity::none, 36, 0},
    {{Encryption::aes_gcm_8, 128}, Integrity::none, 20, 0},
    {{Encryption::aes_gcm_8, 192}, Integrity::none, 28, 0},
    {{Encryption::chacha20_poly1305, 0}, Integrity::none, 36, 0},
    {{Encryption::aes_ctr, 128}, Integrity::hmac_sha2_256_128, 20, 32},
    {{Encryption::aes_ctr, 192}, Integrity::aes_cmac_96, 28, 16},
    {{Encryption::aes_ctr, 256}, Integrity::hmac_sha1_96, 36, 20},
    {{Encryption::aes_cbc, 128}, Integrity::aes_cmac_96, 16, 16},
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

TEST(SkCipher, RefusesKeysOfTheWrongSizeAndCiphersThatAreForEspOnly) {
  const auto make = [](const EncryptionTransform& encryption, std::size_t key) {
    return SkCipher::create(encryption, Integrity::hmac_sha2_256_128, Secret(key), Secret(32));
  };
  EXPECT_THROW(make({Encryption::aes_gcm_16, 128}, 16), CryptoFailure);
  EXPECT_THROW(make({Encryption::aes_gcm_16, 129}, 20), CryptoFailure);
  EXPECT_THROW(make({Encryption::aes_gcm_16, 0}, 4), CryptoFailure);
  EXPECT_THROW(make({Encryption::aes_cbc, 128}, 15), CryptoFailure);
  EXPECT_THROW(make({Encryption::aes_ctr, 128}, 16), CryptoFailure);
  EXPECT_THROW(make({Encryption::chacha20_poly1305, 0}, 32), CryptoFailure);
  for (const Encryption encryption :
       {Encryption::null, Encryption::null_auth_aes_gmac, Encryption::aes_ccm_16}) {
    EXPECT_THROW(make({encryption, 128}, 20), CryptoFailure);
  }
}

// What Wycheproof seals, opens: salt and IV are the nonce, and the last byte of the plaintext is the pad
// length.
TEST(SkCipher, WycheproofChaCha20Poly1305) {
  unsigned opened_count = 0;
  unsigned refused = 0;
  const auto vectors = load_vectors("chacha20_poly1305_test.json");
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      const Bytes nonce = hex(vector["iv"]);
      const Bytes plaintext = hex(vector["msg"]);
      if (nonce.size() != 12 || plaintext.empty()) {
        continue;
      }
      SCOPED_TRACE(vector["tcId"].get<int>());
      Bytes key = hex(vector["key"]);
      key.insert(key.end(), nonce.begin(), nonce.begin() + 4);
      const auto cipher = SkCipher::create({Encryption::chacha20_poly1305, 0}, Integrity::none,
                                           Secret(ByteView(key)), Secret());
      Bytes body(nonce.begin() + 4, nonce.end());
      for (const char* part : {"ct", "tag"}) {
        const Bytes bytes = hex(vector[part]);
        body.insert(body.end(), bytes.begin(), bytes.end());
      }
      const auto opened = cipher->open(hex(vector["aad"]), body);
      if (vector["result"] == "valid" && plaintext.back() < plaintext.size()) {
        ASSERT_TRUE(opened);
        EXPECT_EQ(*opened, Bytes(plaintext.begin(), plaintext.end() - 1 - plaintext.back()));
        ++opened_count;
      } else {
        EXPECT_FALSE(opened);
        ++refused;
      }
    }
  }
  EXPECT_GT(opened_count, 15U);
  EXPECT_GT(refused, 60U);
}

// RFC 3686 section 6, test vector 1. Its last byte, 'g', is made a pad length of 0 by flipping the same bits
// of the ciphertext.
TEST(SkCipher, Rfc3686CounterBlock) {
  const Bytes key = *from_hex("ae6852f8121067cc4bf7a5765577f39e00000030");
  const Bytes integrity_key(32, 1);
  const auto cipher = SkCipher::create({Encryption::aes_ctr, 128}, Integrity::hmac_sha2_256_128,
                                       Secret(ByteView(key)), Secret(ByteView(integrity_key)));
  Bytes body = *from_hex("0000000000000000e4095d4fb7a7b3792d6175a3261311b8");
  body.back() ^= 'g';
  const Bytes icv = integrity_icv(Integrity::hmac_sha2_256_128, integrity_key, body);
  body.insert(body.end(), icv.begin(), icv.end());
  const auto opened = cipher->open({}, body);
  ASSERT_TRUE(opened);
  EXPECT_EQ(std::string(opened->begin(), opened->end()), "Single block ms");
}

TEST(SkCipher, NeverUsesAnIvTwice) {
  SeededRandom random(3);
  for (const Suite& suite : suites) {
    if (suite.encryption.algorithm == Encryption::aes_cbc) {
      continue;
    }
    const auto cipher = make_cipher(suite);
    std::set<Bytes> seen;
    for (int i = 0; i < 1000; ++i) {
      const Bytes body = cipher->seal({}, Bytes(4), random);
      EXPECT_TRUE(seen.insert(Bytes(body.begin(), body.begin() + 8)).second);
    }
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
