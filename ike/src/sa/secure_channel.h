// Encrypted messages of one IKE SA, both ways (RFC 7296 section 3.14), whole or in fragments (RFC 7383).
#pragma once

#include "crypto/key_schedule.h"
#include "crypto/sk_cipher.h"
#include "wire/message.h"

namespace espgate::ike {

class SecureChannel {
 public:
  // Takes SK_e and SK_a out of `keys`.
  SecureChannel(const IkeProposal& chosen, IkeKeys& keys, bool initiator);

  // One message, or the fragments of it when it would be longer than `max_message` bytes; 0: however long.
  std::vector<Bytes> protect(const wire::Header& header, const wire::Payloads& payloads, Random& random,
                             std::size_t max_message = 0);

  struct Opened {
    wire::PayloadType first = wire::PayloadType::none;
    Secret payloads;
  };
  // What is inside, when `message` is authentic. Payloads before the Encrypted one are not looked at.
  Result<Opened> open(ByteView message, const wire::EncryptedPayload& encrypted) const;
  // The same for the part of it that a fragment holds.
  Result<Secret> open(ByteView message, const wire::FragmentPayload& fragment) const;

 private:
  // `fragment` is nullptr for a whole message.
  Bytes seal(const wire::Header& header, wire::PayloadType first, ByteView inner,
             const wire::FragmentPayload* fragment, Random& random);

  std::unique_ptr<SkCipher> m_outbound;
  std::unique_ptr<SkCipher> m_inbound;
};

}  // namespace espgate::ike
