// Protection of the Encrypted payload in one direction: AES-GCM (RFC 5282) and ChaCha20-Poly1305 (RFC 7634),
// or AES-CBC (RFC 7296 section 3.14) and AES-CTR (RFC 5930) with an integrity algorithm.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/secret.h"
#include "ike/config.h"
#include "ike/stack.h"
#include "reason.h"

namespace espgate::ike {

class SkCipher {
 public:
  // `encryption_key` ends with the salt for an AEAD and for AES-CTR; `integrity_key` is empty for an AEAD.
  static std::unique_ptr<SkCipher> create(const EncryptionTransform& encryption, Integrity integrity,
                                          Secret encryption_key, Secret integrity_key);
  SkCipher(const SkCipher&) = delete;
  SkCipher& operator=(const SkCipher&) = delete;
  virtual ~SkCipher() = default;

  // Size of the body (IV, ciphertext, ICV) for `plaintext_size` bytes of payloads.
  virtual std::size_t body_size(std::size_t plaintext_size) const = 0;
  // The body. `prefix` is the message from its header up to and with the Encrypted payload's header, with
  // every length in place.
  virtual Bytes seal(ByteView prefix, ByteView plaintext, Random& random) = 0;
  // The payloads inside; an error when the ICV or the padding is wrong, or when the body is too short.
  virtual Result<Bytes> open(ByteView prefix, ByteView body) const = 0;

 protected:
  SkCipher() = default;
};

}  // namespace espgate::ike
