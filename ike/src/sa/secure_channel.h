// Encrypted messages of one IKE SA, both ways (RFC 7296 section 3.14).
#pragma once

#include "crypto/key_schedule.h"
#include "crypto/sk_cipher.h"
#include "wire/message.h"

namespace espgate::ike {

class SecureChannel {
 public:
  // Takes SK_e and SK_a out of `keys`.
  SecureChannel(const IkeProposal& chosen, IkeKeys& keys, bool initiator);

  // A whole message.
  Bytes protect(const wire::Header& header, const wire::Payloads& payloads, Random& random);

  struct Opened {
    wire::PayloadType first = wire::PayloadType::none;
    Secret payloads;
  };
  // What is inside, when `message` is authentic. Payloads before the Encrypted one are not looked at.
  Result<Opened> open(ByteView message, const wire::EncryptedPayload& encrypted) const;

 private:
  std::unique_ptr<SkCipher> m_outbound;
  std::unique_ptr<SkCipher> m_inbound;
};

}  // namespace espgate::ike
