// Keys, signatures and the AUTH payload of an end that signs.
#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "auth/signature_auth.h"
#include "test_keys.h"
#include "wycheproof.h"

namespace espgate::ike {
namespace {

using test::hex;
using test::load_vectors;
using wire::AuthMethod;
using wire::AuthPayload;

struct Count {
  unsigned good = 0;
  unsigned bad = 0;
};

Count run_vectors(const std::string& file, const SignatureScheme& scheme) {
  Count count;
  const auto vectors = load_vectors(file);
  for (const auto& group : vectors["testGroups"]) {
    const auto key = PublicKey::from_der(hex(group["publicKeyDer"]));
    EXPECT_TRUE(key);
    for (const auto& vector : group["tests"]) {
      SCOPED_TRACE(vector["tcId"].get<int>());
      const bool good = verify(*key, scheme, hex(vector["msg"]), hex(vector["sig"]));
      // "acceptable" is a PKCS #1 signature whose hash lacks its NULL: refused here.
      EXPECT_EQ(good, vector["result"] == "valid") << vector["comment"];
      ++(good ? count.good : count.bad);
    }
  }
  return count;
}

void expect_vectors(const std::string& file, const SignatureScheme& scheme, unsigned good, unsigned bad) {
  const Count count = run_vectors(file, scheme);
  EXPECT_GE(count.good, good);
  EXPECT_GE(count.bad, bad);
}

TEST(Wycheproof, RsaPkcs1) {
  expect_vectors("rsa_signature_2048_sha256_test.json", {KeyType::rsa, SignatureHash::sha2_256, false}, 7,
                 240);
}
TEST(Wycheproof, RsaPss) {
  expect_vectors("rsa_pss_2048_sha256_mgf1_32_test.json", {KeyType::rsa, SignatureHash::sha2_256, true}, 60,
                 40);
}
TEST(Wycheproof, EcdsaP256) {
  expect_vectors("ecdsa_secp256r1_sha256_test.json", {KeyType::ecdsa, SignatureHash::sha2_256, false}, 150,
                 150);
}
TEST(Wycheproof, EcdsaP384) {
  expect_vectors("ecdsa_secp384r1_sha384_test.json", {KeyType::ecdsa, SignatureHash::sha2_384, false}, 150,
                 150);
}
TEST(Wycheproof, EcdsaP521) {
  expect_vectors("ecdsa_secp521r1_sha512_test.json", {KeyType::ecdsa, SignatureHash::sha2_512, false}, 150,
                 150);
}
TEST(Wycheproof, Ed25519) {
  expect_vectors("ed25519_test.json", {KeyType::ed25519, SignatureHash::identity, false}, 80, 50);
}
TEST(Wycheproof, Ed448) {
  expect_vectors("ed448_test.json", {KeyType::ed448, SignatureHash::identity, false}, 15, 60);
}

// RFC 7427 appendix A.
TEST(AlgorithmIdentifier, IsThatOfTheRfc) {
  const std::pair<SignatureScheme, const char*> known[] = {
      {{KeyType::rsa, SignatureHash::sha2_256, false}, "300d06092a864886f70d01010b0500"},
      {{KeyType::rsa, SignatureHash::sha2_384, false}, "300d06092a864886f70d01010c0500"},
      {{KeyType::rsa, SignatureHash::sha2_512, false}, "300d06092a864886f70d01010d0500"},
      {{KeyType::ecdsa, SignatureHash::sha2_256, false}, "300a06082a8648ce3d040302"},
      {{KeyType::ecdsa, SignatureHash::sha2_384, false}, "300a06082a8648ce3d040303"},
      {{KeyType::ecdsa, SignatureHash::sha2_512, false}, "300a06082a8648ce3d040304"},
      {{KeyType::rsa, SignatureHash::sha2_256, true},
       "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d"
       "06096086480165030402010500a203020120"},
      {{KeyType::ed25519, SignatureHash::identity, false}, "300506032b6570"},
      {{KeyType::ed448, SignatureHash::identity, false}, "300506032b6571"},
  };
  for (const auto& [scheme, text] : known) {
    EXPECT_EQ(to_hex(algorithm_identifier(scheme)), text);
    EXPECT_EQ(find_scheme(*from_hex(text)), scheme);
  }
}

TEST(AlgorithmIdentifier, NothingElseIsOne) {
  // RSA and ECDSA with SHA-1, with MD5, DSA; RSA without its NULL; ECDSA with one; PSS with its defaults
  // (SHA-1); a length in long form; a byte too many and one too few; nothing.
  for (const char* text :
       {"300d06092a864886f70d0101050500", "300906072a8648ce3d0401", "300d06092a864886f70d0101040500",
        "300906072a8648ce380403", "300b06092a864886f70d01010b", "300c06082a8648ce3d0403020500",
        "300d06092a864886f70d01010a3000", "30810d06092a864886f70d01010b0500",
        "300d06092a864886f70d01010b050000", "300d06092a864886f70d01010b05", ""}) {
    EXPECT_FALSE(find_scheme(*from_hex(text))) << text;
  }
  Bytes pss = algorithm_identifier({KeyType::rsa, SignatureHash::sha2_256, true});
  pss.back() = 20;  // another salt
  EXPECT_FALSE(find_scheme(pss));
}

TEST(PublicKey, WeakRsaIsRefused) {
  const auto refusal = [](const PkeyPtr& key) {
    X509_PUBKEY* info = nullptr;
    require(X509_PUBKEY_set(&info, key.get()) == 1, "public key encoding");
    const auto made = PublicKey::from(info);
    X509_PUBKEY_free(info);
    return made ? std::string("accepted") : made.error().message;
  };
  EXPECT_EQ(refusal(test::rsa_public_key(2048, 65537)), "accepted");
  EXPECT_EQ(refusal(test::rsa_public_key(2048, 3)), "accepted");
  for (const int bits : {0, 1, 8, 512, 1024, 2047, 8193, 16384}) {
    EXPECT_NE(refusal(test::rsa_public_key(bits, 65537)).find("modulus"), std::string::npos) << bits;
  }
  for (const unsigned exponent : {0U, 1U, 2U, 4U, 65536U}) {
    EXPECT_NE(refusal(test::rsa_public_key(2048, exponent)).find("exponent"), std::string::npos) << exponent;
  }
}

TEST(PublicKey, OddCurvesAndKindsAreRefused) {
  for (const char* curve : {"P-224", "secp256k1", "brainpoolP256r1", "P-192"}) {
    EXPECT_NE(test::make_private_key(curve).error().message.find("curve"), std::string::npos) << curve;
  }
  EXPECT_FALSE(PublicKey::from_der({}));
  EXPECT_FALSE(PublicKey::from_der(Bytes(100, 0x30)));
  const PrivateKey key = *test::make_private_key("P-256");
  const PublicKey& good = public_key_of(key);
  Bytes longer = good.info();
  EXPECT_TRUE(PublicKey::from_der(longer));
  longer.push_back(0);
  EXPECT_FALSE(PublicKey::from_der(longer));
  Bytes off_curve = good.info();
  off_curve.back() ^= 1;
  EXPECT_FALSE(PublicKey::from_der(off_curve));
}

TEST(PrivateKey, EveryFormIsRead) {
  for (const char* kind : test::key_kinds) {
    const auto key = test::make_private_key(kind);
    ASSERT_TRUE(key) << key.error().message;
    for (const Bytes& form : {test::to_pem(*key), test::to_der(*key), test::to_encrypted_pem(*key, "open")}) {
      const auto again = PrivateKey::parse(form, Bytes{'o', 'p', 'e', 'n'});
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->id(), key->id());
      EXPECT_EQ(again->type(), key->type());
    }
  }
}

TEST(PrivateKey, RefusalsSayWhy) {
  const auto key = *test::make_private_key("P-256");
  const auto refusal = [](ByteView bytes, std::string_view passphrase = {}) {
    const auto parsed = PrivateKey::parse(bytes, Bytes(passphrase.begin(), passphrase.end()));
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_NE(refusal(test::to_encrypted_pem(key, "open")).find("a secret for it is needed"),
            std::string::npos);
  EXPECT_NE(refusal(test::to_encrypted_pem(key, "open"), "shut").find("not with the secret"),
            std::string::npos);
  EXPECT_NE(refusal(Bytes{'x'}).find("not a private key"), std::string::npos);
  EXPECT_NE(refusal({}).find("not a private key"), std::string::npos);
  EXPECT_NE(refusal(Bytes(70000)).find("not a private key"), std::string::npos);
  Bytes cut = test::to_der(key);
  cut.resize(cut.size() / 2);
  EXPECT_NE(refusal(cut).find("not a private key"), std::string::npos);
  EXPECT_NE(refusal(public_key_of(key).info()).find("not a private key"), std::string::npos);
  EXPECT_NE(test::make_private_key("RSA-1024").error().message.find("1024 bits"), std::string::npos);
}

const Bytes octets(300, 0x42);
const SignatureHashes sha2{SignatureHash::sha2_256, SignatureHash::sha2_384, SignatureHash::sha2_512};

TEST(SignatureAuth, GoesRoundWithEveryKey) {
  for (const char* kind : test::key_kinds) {
    const auto key = *test::make_private_key(kind);
    SCOPED_TRACE(kind);
    const auto auth = make_signature_auth(key, {}, supported_hashes(), octets);
    ASSERT_TRUE(auth) << auth.error().message;
    EXPECT_EQ(auth->method, AuthMethod::digital_signature);
    EXPECT_TRUE(verify_signature_auth(public_key_of(key), {}, *auth, octets));
    EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, *auth, Bytes(300, 0x43)));
    EXPECT_FALSE(verify_signature_auth(public_key_of(*test::make_private_key(kind)), {}, *auth, octets));
    for (std::size_t i = 0; i < auth->data.size(); i += 3) {
      AuthPayload bad = *auth;
      bad.data[i] ^= 0x20;
      EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, bad, octets)) << i;
      bad.data.resize(i);
      EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, bad, octets)) << i;
    }
  }
}

// A peer without RFC 7427 gets what RFC 7296 and RFC 4754 have.
TEST(SignatureAuth, OlderMethodsForOlderPeers) {
  const std::pair<const char*, AuthMethod> methods[] = {{"RSA-2048", AuthMethod::rsa_signature},
                                                        {"P-256", AuthMethod::ecdsa_256},
                                                        {"P-384", AuthMethod::ecdsa_384},
                                                        {"P-521", AuthMethod::ecdsa_521}};
  for (const auto& [kind, method] : methods) {
    const auto key = *test::make_private_key(kind);
    const auto auth = make_signature_auth(key, {}, std::nullopt, octets);
    ASSERT_TRUE(auth) << auth.error().message;
    EXPECT_EQ(auth->method, method);
    EXPECT_TRUE(verify_signature_auth(public_key_of(key), {}, *auth, octets));
    AuthPayload bad = *auth;
    bad.data.push_back(0);
    EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, bad, octets));
    for (const AuthMethod other : {AuthMethod::shared_key, AuthMethod::dss_signature, AuthMethod{99}}) {
      bad = *auth;
      bad.method = other;
      EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, bad, octets));
    }
  }
  // RFC 4754 section 7: r and s, each as long as the order.
  const auto p521 = make_signature_auth(*test::make_private_key("P-521"), {}, std::nullopt, octets);
  EXPECT_EQ(p521->data.size(), 132U);
  for (const char* kind : {"ED25519", "ED448"}) {
    EXPECT_NE(make_signature_auth(*test::make_private_key(kind), {}, std::nullopt, octets)
                  .error()
                  .message.find("RFC 7427"),
              std::string::npos);
  }
}

TEST(SignatureAuth, Sha1IsTooShort) {
  const auto key = *test::make_private_key("RSA-2048");
  const Bytes signature = test::sign_with_sha1(key, octets);
  EXPECT_FALSE(verify_signature_auth(public_key_of(key), {}, {AuthMethod::rsa_signature, signature}, octets));
  Bytes data = *from_hex("0f300d06092a864886f70d0101050500");
  data.insert(data.end(), signature.begin(), signature.end());
  const auto refused =
      verify_signature_auth(public_key_of(key), {}, {AuthMethod::digital_signature, data}, octets);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no algorithm that is supported"), std::string::npos);
  // A peer that takes nothing better than SHA-1 gets no signature.
  EXPECT_FALSE(make_signature_auth(key, {}, SignatureHashes{}, octets));
}

TEST(SignatureAuth, TheAlgorithmMustBeThatOfTheKey) {
  const auto rsa = *test::make_private_key("RSA-2048");
  const auto ec = *test::make_private_key("P-256");
  const auto auth = make_signature_auth(rsa, {}, sha2, octets);
  EXPECT_NE(verify_signature_auth(public_key_of(ec), {}, *auth, octets).error().message.find("claims to be"),
            std::string::npos);
}

TEST(SignatureAuth, PeersHashesDecide) {
  const auto p256 = *test::make_private_key("P-256");
  const auto scheme = [&](const PrivateKey& key, const SignatureRules& rules, const SignatureHashes& hashes) {
    const auto auth = make_signature_auth(key, rules, hashes, octets);
    return auth ? to_string(verify_signature_auth(public_key_of(key), {}, *auth, octets).value())
                : std::string("none");
  };
  EXPECT_EQ(scheme(p256, {}, sha2), "ECDSA_WITH_SHA256_DER");
  EXPECT_EQ(scheme(p256, {}, {SignatureHash::sha2_512}), "ECDSA_WITH_SHA512_DER");
  EXPECT_EQ(scheme(*test::make_private_key("P-384"), {}, sha2), "ECDSA_WITH_SHA384_DER");
  EXPECT_EQ(scheme(*test::make_private_key("P-521"), {}, sha2), "ECDSA_WITH_SHA512_DER");
  const auto rsa = *test::make_private_key("RSA-2048");
  EXPECT_EQ(scheme(rsa, {}, sha2), "RSA_EMSA_PSS_SHA2_256");
  EXPECT_EQ(scheme(rsa, *SignatureRules::parse("rsa-sha512"), sha2), "RSA_EMSA_PSS_SHA2_512");
  EXPECT_EQ(scheme(*test::make_private_key("ED25519"), {}, sha2), "none");
  EXPECT_EQ(scheme(*test::make_private_key("ED25519"), {}, supported_hashes()), "ED25519");
}

TEST(SignatureAuth, RulesAreHeldTo) {
  const auto rsa = *test::make_private_key("RSA-2048");
  const auto ec = *test::make_private_key("P-256");
  const auto auth_rsa = *make_signature_auth(rsa, {}, sha2, octets);
  const auto pkcs1 = *make_signature_auth(rsa, {}, std::nullopt, octets);
  const auto auth_ec = *make_signature_auth(ec, {}, sha2, octets);
  const auto good = [&](const PrivateKey& key, const char* rules, const AuthPayload& auth) {
    return verify_signature_auth(public_key_of(key), *SignatureRules::parse(rules), auth, octets).has_value();
  };
  EXPECT_TRUE(good(rsa, "pubkey", auth_rsa));
  EXPECT_TRUE(good(rsa, "rsa-2048-sha256", auth_rsa));
  EXPECT_TRUE(good(rsa, "ecdsa-384-rsa", auth_rsa));
  EXPECT_TRUE(good(rsa, "ike:rsa/pss-2048-sha256", auth_rsa));
  EXPECT_FALSE(good(rsa, "rsa-3072", auth_rsa));
  EXPECT_FALSE(good(rsa, "rsa-sha384", auth_rsa));
  EXPECT_FALSE(good(rsa, "ecdsa", auth_rsa));
  EXPECT_FALSE(good(rsa, "ed25519", auth_rsa));
  EXPECT_TRUE(good(rsa, "rsa", pkcs1));
  EXPECT_FALSE(good(rsa, "rsa/pss", pkcs1));
  EXPECT_TRUE(good(ec, "ecdsa-256", auth_ec));
  EXPECT_FALSE(good(ec, "ecdsa-384", auth_ec));
  EXPECT_FALSE(make_signature_auth(ec, *SignatureRules::parse("rsa"), sha2, octets));
  EXPECT_FALSE(make_signature_auth(rsa, *SignatureRules::parse("rsa/pss"), std::nullopt, octets));
}

TEST(SignatureRules, WrongWordsAreNamed) {
  for (const char* text : {"pubkey-sha1", "rsa-md5", "2048", "pubkey-2048", "ed25519-255", "rsa--sha256", "",
                           "rsa-sha256x", "dss", "bliss", "rsa-99999999999"}) {
    EXPECT_FALSE(SignatureRules::parse(text)) << text;
  }
  EXPECT_NE(SignatureRules::parse("rsa-sha1").error().message.find("too short"), std::string::npos);
}

TEST(HashNotify, GoesRoundAndForgivesWhatItDoesNotKnow) {
  EXPECT_EQ(announced_hashes({announce_hashes()}), supported_hashes());
  EXPECT_EQ(announced_hashes({}), std::nullopt);
  wire::NotifyPayload odd{.notify = wire::NotifyType::signature_hash_algorithms,
                          .data = {0, 1, 0, 2, 0x12, 0x34, 0}};
  EXPECT_EQ(announced_hashes({odd}), SignatureHashes{SignatureHash::sha2_256});
}

}  // namespace
}  // namespace espgate::ike
