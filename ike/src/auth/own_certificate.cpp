#include "auth/own_certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "auth/private_key.h"
#include "auth/signature_auth.h"

namespace espgate::ike {
namespace {

bool is_self_issued(const Certificate& certificate) {
  return certificate.impl().issuer == certificate.impl().subject;
}

// By name only: the peer is the one who verifies.
const Certificate* find_issuer(const Credentials& credentials, const Certificate& certificate) {
  const Identity& issuer = certificate.impl().issuer;
  for (const std::span<const Certificate> source :
       {std::span(credentials.certificates), std::span(credentials.authorities)}) {
    const auto at = std::ranges::find_if(source, [&](const Certificate& c) {
      const Identity& subject = c.impl().subject;
      return c.is_authority() && (issuer == subject || matches(issuer, subject));
    });
    if (at != source.end()) {
      return &*at;
    }
  }
  return nullptr;
}

bool comes_from(const Credentials& credentials, const Certificate& certificate,
                const std::vector<KeyId>& authorities) {
  constexpr int max_steps = 8;
  const Certificate* at = &certificate;
  for (int step = 0; step < max_steps; ++step) {
    at = find_issuer(credentials, *at);
    if (at == nullptr) {
      return false;
    }
    if (std::ranges::find(authorities, public_key_of(*at).info_id()) != authorities.end()) {
      return true;
    }
    if (is_self_issued(*at)) {
      return false;
    }
  }
  return false;
}

}  // namespace

Expected<> check_local_certificate(const ConnectionConfig& connection, const Credentials& credentials) {
  const LocalAuth& auth = connection.local_auth;
  if (auth.kind != AuthKind::signature || (connection.local_id.data.empty() && auth.certificates.empty())) {
    return {};
  }
  const Identity own =
      connection.local_id.data.empty() ? auth.certificates.front().subject() : connection.local_id;
  const auto found = find_own_certificate(credentials, auth, own, {});
  return found ? Expected<>{} : std::unexpected(found.error());
}

Expected<OwnCertificate> find_own_certificate(const Credentials& credentials, const LocalAuth& auth,
                                              const Identity& own, const CertificateWish& wish) {
  std::optional<OwnCertificate> found;
  std::string reason = fmt::format(
      "no certificate of '{}'; load one whose subject or subject alternative name "
      "it is",
      own.to_string());
  for (const Certificate& certificate :
       auth.certificates.empty() ? credentials.certificates : auth.certificates) {
    if (!certificate.names(own)) {
      continue;
    }
    const auto key = std::ranges::find(credentials.keys, certificate.key_id(), &PrivateKey::id);
    if (key == credentials.keys.end()) {
      reason = fmt::format("no private key for the certificate of '{}'; load it", own.to_string());
      continue;
    }
    if (const auto allowed = check_key(public_key_of(*key), auth.rules); !allowed) {
      reason = allowed.error().message;
      continue;
    }
    const bool wished = comes_from(credentials, certificate, wish.authorities);
    if (!found || wished) {
      found = OwnCertificate{certificate, *key};
    }
    if (wished) {
      break;
    }
  }
  if (!found) {
    return fail(std::move(reason));
  }
  return std::move(*found);
}

std::vector<Certificate> chain_to_send(const Credentials& credentials, const Certificate& certificate,
                                       std::size_t at_most) {
  std::vector<Certificate> chain{certificate};
  while (chain.size() < at_most && !is_self_issued(chain.back())) {
    const Certificate* issuer = find_issuer(credentials, chain.back());
    if (issuer == nullptr || is_self_issued(*issuer) || std::ranges::find(chain, *issuer) != chain.end()) {
      break;
    }
    chain.push_back(*issuer);
  }
  return chain;
}

}  // namespace espgate::ike
