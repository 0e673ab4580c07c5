// Proving who we are, and checking who the peer is (RFC 7296 section 2.15): by pre-shared keys or by
// signatures.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "auth/certificate_wish.h"
#include "reason.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

// For the counters and for people. Peers are told AUTHENTICATION_FAILED and no more.
struct AuthRefusal {
  Reason counter = Reason::authentication_failed;
  std::string text;
};
template <typename T = void>
using AuthResult = std::expected<T, AuthRefusal>;

// Who we are on a connection: what is configured, the subject of our first certificate, or our address.
Identity effective_local_id(const ConnectionConfig& connection, const IpAddress& local);
// Whom we take the peer to be as long as it has not said so.
Identity expected_peer(const ConnectionConfig& connection, const IpAddress& remote);

// Whether we have what it takes to prove `own`, before anything is sent.
AuthResult<> can_prove(const ConfigStore& config, const ConnectionConfig& connection, const Identity& own,
                       const Identity& peer);

// The proof of `own`: certificates, if the peer wishes for them, and AUTH. `id` is our ID payload.
AuthResult<wire::Payloads> prove(const IkeSa& sa, const Identity& own, const Identity& peer,
                                 const wire::IdPayload& id, const CertificateWish& wish);
// Whether the payloads prove that the peer is `peer`; `id` is its ID payload, with every bit as it came.
AuthResult<> check_proof(IkeSa& sa, const Identity& own, const Identity& peer, const wire::IdPayload& id,
                         const wire::Payloads& payloads);

// Which authorities the peer's certificate may come from; nullopt when the connection asks for none.
std::optional<wire::CertRequestPayload> request_certificates(const ConfigStore& config,
                                                             const ConnectionConfig& connection,
                                                             const Limits& limits);

}  // namespace espgate::ike
