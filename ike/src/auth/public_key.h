// Public keys that are fit to verify with.
#pragma once

#include <openssl/x509.h>

#include "crypto/openssl.h"
#include "ike/credentials.h"

namespace espgate::ike {

class PublicKey {
 public:
  // Refuses what RFC 8247 section 4 and common sense do not let pass: RSA with fewer than 2048 or more than
  // 8192 bits, an even modulus, an exponent below 3 or even; curves other than P-256, P-384, P-521, or
  // spelled out instead of named; any other kind of key.
  static Expected<PublicKey> from(const X509_PUBKEY* info);
  // SubjectPublicKeyInfo in DER.
  static Expected<PublicKey> from_der(ByteView info);

  KeyType type() const { return m_type; }
  unsigned bits() const { return m_bits; }
  EVP_PKEY* native() const { return m_key.get(); }
  // SubjectPublicKeyInfo in DER.
  const Bytes& info() const { return m_info; }
  KeyId id() const { return m_id; }
  // SHA-1 over the whole SubjectPublicKeyInfo: how a CERTREQ names an authority (RFC 7296 section 3.7).
  KeyId info_id() const;

 private:
  PublicKey(PkeyPtr key, KeyType type, const X509_PUBKEY* info);

  PkeyPtr m_key;
  KeyType m_type;
  unsigned m_bits;
  // Taken from the encoding while it is there: OpenSSL takes longer to encode a key than to verify with it.
  KeyId m_id;
  Bytes m_info;
};

}  // namespace espgate::ike
