// Which of our certificates to show.
#pragma once

#include "auth/certificate.h"
#include "auth/certificate_wish.h"
#include "ike/config.h"

namespace espgate::ike {

struct OwnCertificate {
  Certificate certificate;
  PrivateKey key;
};

// One that is `own`'s, that we have the private key of, and that the rules allow; if there are several, one
// that comes from an authority that the peer wishes for. The error says what is missing.
Expected<OwnCertificate> find_own_certificate(const Credentials& credentials, const LocalAuth& auth,
                                              const Identity& own, const CertificateWish& wish);
// The certificate and the intermediates above it, as far as we have them; without the root, which the peer
// has.
std::vector<Certificate> chain_to_send(const Credentials& credentials, const Certificate& certificate,
                                       std::size_t at_most);

}  // namespace espgate::ike
