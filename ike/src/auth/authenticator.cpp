#include "auth/authenticator.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "auth/certificate_verifier.h"
#include "auth/own_certificate.h"
#include "auth/signature_auth.h"
#include "crypto/key_schedule.h"

namespace espgate::ike {
namespace {

using wire::AuthMethod;
using wire::AuthPayload;
using wire::IdPayload;

// RFC 7296 section 2.15: what is signed is one's own first message, the other's nonce, and one's own ID as it
// stands on the wire, reserved bytes and all.
struct Signed {
  ByteView message;
  ByteView nonce;
  const Secret& sk_p;
  Bytes id_body;
};

Signed signed_by(const IkeSa& sa, bool initiator, const IdPayload& id) {
  const InitMaterial& material = sa.init_material();
  Writer body;
  id.encode(body);
  return initiator
             ? Signed{material.request, material.responder_nonce, material.sk_pi, std::move(body).finish()}
             : Signed{material.response, material.initiator_nonce, material.sk_pr, std::move(body).finish()};
}

Secret shared_key_value(const IkeSa& sa, bool initiator, const Secret& psk, const IdPayload& id) {
  const Signed parts = signed_by(sa, initiator, id);
  return shared_key_auth(sa.proposal().prf.front(), psk, parts.message, parts.nonce, parts.sk_p,
                         parts.id_body);
}

Bytes octets_of(const IkeSa& sa, bool initiator, const IdPayload& id) {
  const Signed parts = signed_by(sa, initiator, id);
  return signed_octets(sa.proposal().prf.front(), parts.message, parts.nonce, parts.sk_p, parts.id_body);
}

std::unexpected<AuthRefusal> refuse(Reason counter, std::string text) {
  return std::unexpected(AuthRefusal{counter, std::move(text)});
}

std::unexpected<AuthRefusal> no_secret(const Identity& own, const Identity& peer) {
  return refuse(Reason::secret_missing,
                fmt::format("no shared secret for '{}' and '{}'; add one that names them", own.to_string(),
                            peer.to_string()));
}

// The certificates that the peer sent, its own first.
AuthResult<std::vector<Certificate>> received_certificates(IkeSa& sa, const wire::Payloads& payloads) {
  std::vector<Certificate> certificates;
  for (const wire::Payload& payload : payloads) {
    const auto* sent = std::get_if<wire::CertPayload>(&payload);
    if (sent == nullptr) {
      continue;
    }
    if (sent->encoding == wire::hash_and_url_of_certificate_encoding ||
        sent->encoding == wire::hash_and_url_of_bundle_encoding) {
      // RFC 7296 section 3.6 allows it to those only who were told HTTP_CERT_LOOKUP_SUPPORTED, which we never
      // say.
      return refuse(Reason::hash_and_url_refused,
                    "the peer sent the URL of its certificate, which is never fetched; have it send the "
                    "certificate");
    }
    if (sent->encoding != wire::x509_signature_encoding) {
      continue;
    }
    if (certificates.size() == sa.environment().limits.max_certificates) {
      return refuse(Reason::certificate_refused, "the peer sent more certificates than the limit");
    }
    if (auto known = sa.environment().verified.find(sent->data)) {
      certificates.push_back(std::move(*known));
      continue;
    }
    auto parsed = Certificate::parse(sent->data);
    if (!parsed) {
      return refuse(Reason::certificate_refused, "the peer sent " + parsed.error().message);
    }
    certificates.push_back(std::move(*parsed));
  }
  return certificates;
}

// Of a peer that sends none: the one that we have.
std::optional<Certificate> known_certificate(const IkeSa& sa, const Identity& peer) {
  const RemoteAuth& rules = sa.connection().remote_auth;
  for (const std::span<const Certificate> source :
       {std::span(rules.certificates), std::span(sa.environment().config.credentials().certificates)}) {
    const auto at = std::ranges::find_if(source, [&](const Certificate& c) { return c.names(peer); });
    if (at != source.end()) {
      return *at;
    }
  }
  return std::nullopt;
}

// Whether the certificate is the peer's, and trusted.
AuthResult<> check_certificate(IkeSa& sa, const Identity& peer, const Certificate& certificate,
                               std::span<const Certificate> received) {
  Environment& environment = sa.environment();
  const RemoteAuth& rules = sa.connection().remote_auth;
  if (!certificate.names(peer)) {
    return refuse(Reason::certificate_refused,
                  fmt::format("the peer says that it is '{}', and its certificate is that of '{}'",
                              peer.to_string(), certificate.subject().to_string()));
  }
  if (!environment.day_of_instant_zero) {
    return refuse(Reason::certificate_refused,
                  "the time of day is not known, without which no certificate is valid");
  }
  const auto now =
      *environment.day_of_instant_zero + std::chrono::duration_cast<std::chrono::seconds>(environment.now);
  if (!rules.certificates.empty()) {
    if (std::ranges::find(rules.certificates, certificate) == rules.certificates.end()) {
      return refuse(Reason::certificate_refused,
                    fmt::format("the certificate of '{}' is not one of those configured for the peer",
                                certificate.subject().to_string()));
    }
    const auto usable = check_usage(certificate, now);
    return usable ? AuthResult<>{} : refuse(Reason::certificate_refused, usable.error().message);
  }
  const Credentials& ours = environment.config.credentials();
  const auto trusted = environment.verified.verify(
      certificate, received, ours.certificates,
      {.authorities = rules.authorities.empty() ? ours.authorities : rules.authorities,
       .intermediates = {},
       .crls = ours.crls,
       .revocation = rules.revocation,
       .now = now,
       .max_depth = environment.limits.max_certificates});
  return trusted ? AuthResult<>{} : refuse(Reason::certificate_refused, trusted.error().message);
}

AuthResult<> check_signature(IkeSa& sa, const Identity& peer, const IdPayload& id, const AuthPayload& auth,
                             const wire::Payloads& payloads) {
  auto received = received_certificates(sa, payloads);
  if (!received) {
    return std::unexpected(received.error());
  }
  const auto certificate = received->empty() ? known_certificate(sa, peer) : std::optional(received->front());
  if (!certificate) {
    return refuse(Reason::certificate_refused,
                  fmt::format("'{}' sent no certificate, and there is none of it here", peer.to_string()));
  }
  if (auto trusted = check_certificate(sa, peer, *certificate, *received); !trusted) {
    return trusted;
  }
  const auto proved = verify_signature_auth(public_key_of(*certificate), sa.connection().remote_auth.rules,
                                            auth, octets_of(sa, !sa.initiator(), id));
  if (!proved) {
    return refuse(Reason::authentication_failed,
                  fmt::format("'{}': {}", peer.to_string(), proved.error().message));
  }
  return {};
}

}  // namespace

Identity effective_local_id(const ConnectionConfig& connection, const IpAddress& local) {
  if (!is_any(connection.local_id)) {
    return connection.local_id;
  }
  const LocalAuth& auth = connection.local_auth;
  return auth.kind == AuthKind::signature && !auth.certificates.empty() ? auth.certificates.front().subject()
                                                                        : identity_of(local);
}

Identity expected_peer(const ConnectionConfig& connection, const IpAddress& remote) {
  const Identity* exact = connection.remote_id.exact();
  return exact != nullptr ? *exact : identity_of(remote);
}

AuthResult<> can_prove(const ConfigStore& config, const ConnectionConfig& connection, const Identity& own,
                       const Identity& peer) {
  if (connection.local_auth.kind == AuthKind::psk) {
    return config.find_secret(own, peer) != nullptr ? AuthResult<>{} : no_secret(own, peer);
  }
  const auto chosen = find_own_certificate(config.credentials(), connection.local_auth, own, {});
  return chosen ? AuthResult<>{} : refuse(Reason::key_missing, chosen.error().message);
}

AuthResult<wire::Payloads> prove(const IkeSa& sa, const Identity& own, const Identity& peer,
                                 const IdPayload& id, const CertificateWish& wish) {
  const ConfigStore& config = sa.environment().config;
  const ConnectionConfig& connection = sa.connection();
  if (connection.local_auth.kind == AuthKind::psk) {
    const Secret* psk = config.find_secret(own, peer);
    if (psk == nullptr) {
      return no_secret(own, peer);
    }
    const Secret value = shared_key_value(sa, sa.initiator(), *psk, id);
    return wire::Payloads{
        AuthPayload{AuthMethod::shared_key, Bytes(value.view().begin(), value.view().end())}};
  }
  const auto chosen = find_own_certificate(config.credentials(), connection.local_auth, own, wish);
  if (!chosen) {
    return refuse(Reason::key_missing, chosen.error().message);
  }
  auto auth = make_signature_auth(chosen->key, connection.local_auth.rules, sa.init_material().peer_hashes,
                                  octets_of(sa, sa.initiator(), id));
  if (!auth) {
    return refuse(Reason::key_missing, auth.error().message);
  }
  wire::Payloads payloads;
  if (connection.send_certificate == SendCertificate::always ||
      (connection.send_certificate == SendCertificate::if_asked && wish.asked)) {
    for (const Certificate& link :
         chain_to_send(config.credentials(), chosen->certificate, sa.environment().limits.max_certificates)) {
      payloads.emplace_back(
          wire::CertPayload{wire::x509_signature_encoding, Bytes(link.der().begin(), link.der().end())});
    }
  }
  payloads.emplace_back(std::move(*auth));
  return payloads;
}

AuthResult<> check_proof(IkeSa& sa, const Identity& own, const Identity& peer, const IdPayload& id,
                         const wire::Payloads& payloads) {
  const auto* auth = wire::find<AuthPayload>(payloads);
  // No AUTH at all is the wish for EAP, which this version does not have.
  if (auth == nullptr) {
    return refuse(Reason::authentication_failed, fmt::format("'{}' offers no proof", peer.to_string()));
  }
  const bool by_secret = auth->method == AuthMethod::shared_key;
  if (by_secret != (sa.connection().remote_auth.kind == AuthKind::psk)) {
    return refuse(
        Reason::authentication_failed,
        fmt::format("'{}' authenticates by {}, and must by {}", peer.to_string(),
                    by_secret ? "shared secret" : "signature", by_secret ? "signature" : "shared secret"));
  }
  if (!by_secret) {
    return check_signature(sa, peer, id, *auth, payloads);
  }
  const Secret* psk = sa.environment().config.find_secret(own, peer);
  if (psk == nullptr) {
    return no_secret(own, peer);
  }
  if (!equal_constant_time(shared_key_value(sa, !sa.initiator(), *psk, id).view(), auth->data)) {
    return refuse(Reason::authentication_failed,
                  fmt::format("'{}' does not prove to hold the shared secret", peer.to_string()));
  }
  return {};
}

std::optional<wire::CertRequestPayload> request_certificates(const ConfigStore& config,
                                                             const ConnectionConfig& connection,
                                                             const Limits& limits) {
  const RemoteAuth& rules = connection.remote_auth;
  if (rules.kind != AuthKind::signature || !connection.send_certificate_request) {
    return std::nullopt;
  }
  Writer hashes;
  std::size_t count = 0;
  for (const Certificate& authority :
       rules.authorities.empty() ? config.credentials().authorities : rules.authorities) {
    if (count++ == limits.max_certificate_requests) {
      break;
    }
    hashes.bytes(public_key_of(authority).info_id());
  }
  return wire::CertRequestPayload{wire::x509_signature_encoding, std::move(hashes).finish()};
}

}  // namespace espgate::ike
