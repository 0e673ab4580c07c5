// Keys of the IKE SA and of its Child SAs (RFC 7296 sections 2.14, 2.15 and 2.17).
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "ike/config.h"

namespace espgate::ike {

// RFC 7296 section 2.14. SK_a* are empty with an AEAD; SK_e* then end with the salt.
struct IkeKeys {
  Secret d;
  Secret ai;
  Secret ar;
  Secret ei;
  Secret er;
  Secret pi;
  Secret pr;
};
IkeKeys derive_ike_keys(const IkeProposal& chosen, ByteView shared_secret, ByteView initiator_nonce,
                        ByteView responder_nonce, std::uint64_t initiator_spi, std::uint64_t responder_spi);

// RFC 7296 section 2.18: the keys of an IKE SA that replaces another one, whose PRF and SK_d these are.
IkeKeys derive_rekeyed_ike_keys(const IkeProposal& chosen, Prf old_prf, const Secret& old_sk_d,
                                ByteView shared_secret, ByteView initiator_nonce, ByteView responder_nonce,
                                std::uint64_t initiator_spi, std::uint64_t responder_spi);

// RFC 7296 section 2.17; salts stand behind encryption keys.
struct ChildKeys {
  Secret initiator_encryption;
  Secret initiator_integrity;
  Secret responder_encryption;
  Secret responder_integrity;
};
// `shared_secret` is that of the exchange's own key exchange; empty without PFS.
ChildKeys derive_child_keys(const EspProposal& chosen, Prf prf, const Secret& sk_d, ByteView initiator_nonce,
                            ByteView responder_nonce, ByteView shared_secret = {});

// RFC 7296 section 2.15: what an end signs: message | nonce | prf(SK_p, ID body).
Bytes signed_octets(Prf algorithm, ByteView own_first_message, ByteView peer_nonce, const Secret& sk_p,
                    ByteView id_body);
// RFC 7296 section 2.15: prf(prf(PSK, "Key Pad for IKEv2"), message | nonce | prf(SK_p, ID body)).
Secret shared_key_auth(Prf algorithm, const Secret& psk, ByteView own_first_message, ByteView peer_nonce,
                       const Secret& sk_p, ByteView id_body);

}  // namespace espgate::ike
