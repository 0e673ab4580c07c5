// What an end proves its identity with, besides shared secrets: private keys and certificates.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "ike/identity.h"

namespace espgate::ike {

enum class KeyType : std::uint8_t { rsa, ecdsa, ed25519, ed448 };
// "RSA", "ECDSA", "ED25519", "ED448"
std::string_view to_string(KeyType type);

// RFC 7427 section 7 and RFC 8420 section 4, as in SIGNATURE_HASH_ALGORITHMS. SHA-1, 1, is left out: it is
// too short (RFC 8247 section 4.2). Ed25519 and Ed448 hash by themselves: identity.
enum class SignatureHash : std::uint16_t { sha2_256 = 2, sha2_384 = 3, sha2_512 = 4, identity = 5 };

// Which signatures are good enough. What is empty or 0 allows all that this library supports.
struct SignatureRules {
  std::vector<KeyType> keys;
  unsigned min_rsa_bits = 0;
  unsigned min_ecdsa_bits = 0;
  std::vector<SignatureHash> hashes;  // those of RSA and ECDSA
  bool pss_only = false;              // for RSA

  // strongSwan's way to write them in `auth`: "pubkey", "rsa-3072-ecdsa-256-sha256-sha384", "rsa/pss-sha512",
  // "ed25519", each with or without "ike:" before it.
  static Expected<SignatureRules> parse(std::string_view text);
  bool operator==(const SignatureRules&) const = default;
};

// SHA-1 over the public key's bits (RFC 5280 section 4.2.1.2, method 1): how strongSwan and vici name a key.
using KeyId = std::array<std::uint8_t, 20>;

// Cheap to copy: all copies share one key, which is wiped with the last of them. Never printed, never
// exported.
class PrivateKey {
 public:
  // PEM or DER: PKCS #8, encrypted or not, or the older forms for RSA and EC. The error says what is wrong:
  // not a key, a passphrase that is missing or wrong, or a key too weak to be used (RFC 8247 section 4).
  static Expected<PrivateKey> parse(ByteView pem_or_der, ByteView passphrase = {});

  KeyType type() const;
  unsigned bits() const;
  KeyId id() const;

  struct Impl;
  const Impl& impl() const { return *m_impl; }

 private:
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
  std::shared_ptr<const Impl> m_impl;
};

// An X.509 certificate (RFC 5280) that has been parsed, but not verified. Cheap to copy.
class Certificate {
 public:
  // One certificate, in DER or PEM, whose key is fit to be used (RFC 8247 section 4).
  static Expected<Certificate> parse(ByteView der_or_pem);

  ByteView der() const;
  Identity subject() const;
  Identity issuer() const;
  // Basic constraints allow it to issue certificates.
  bool is_authority() const;
  KeyType key_type() const;
  unsigned key_bits() const;
  KeyId key_id() const;
  std::chrono::sys_seconds not_before() const;
  std::chrono::sys_seconds not_after() const;
  // Whether it is this identity's: the subject or a subject alternative name (RFC 4945 section 3.1), or, for
  // a key ID, the subject key identifier.
  bool names(const Identity& identity) const;
  bool operator==(const Certificate& other) const;

  struct Impl;
  const Impl& impl() const { return *m_impl; }

 private:
  explicit Certificate(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
  std::shared_ptr<const Impl> m_impl;
};

// A certificate revocation list that has been parsed, but not verified. Cheap to copy.
class Crl {
 public:
  static Expected<Crl> parse(ByteView der_or_pem);
  Identity issuer() const;
  ByteView der() const;

  struct Impl;
  const Impl& impl() const { return *m_impl; }

 private:
  explicit Crl(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
  std::shared_ptr<const Impl> m_impl;
};

struct Credentials {
  std::vector<Certificate> certificates;  // of end entities, and intermediates
  std::vector<Certificate> authorities;   // trust anchors
  std::vector<Crl> crls;
  std::vector<PrivateKey> keys;
};

}  // namespace espgate::ike
