// Configuration of the IKEv2 stack: connections, their children, identities, proposals, secrets and limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "base/secret.h"
#include "ike/credentials.h"
#include "ike/identity.h"

namespace espgate::ike {

// Transform IDs, as registered by IANA for IKEv2 (RFC 7296 section 3.3.2 and the registries that it opened).
enum class Encryption : std::uint16_t {
  null = 11,  // ESP only
  aes_cbc = 12,
  aes_ctr = 13,
  aes_ccm_8 = 14,  // AES-CCM: ESP only
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
  null_auth_aes_gmac = 21,  // ESP only
  chacha20_poly1305 = 28
};
enum class Prf : std::uint16_t {
  hmac_sha1 = 2,
  hmac_sha2_256 = 5,
  hmac_sha2_384 = 6,
  hmac_sha2_512 = 7,
  aes128_cmac = 8
};
enum class Integrity : std::uint16_t {
  none = 0,
  hmac_sha1_96 = 2,
  aes_xcbc_96 = 5,  // ESP and AH only
  aes_cmac_96 = 8,
  hmac_sha2_256_128 = 12,
  hmac_sha2_384_192 = 13,
  hmac_sha2_512_256 = 14
};
enum class Group : std::uint16_t {
  none = 0,
  modp_2048 = 14,
  modp_3072 = 15,
  modp_4096 = 16,
  modp_6144 = 17,
  modp_8192 = 18,
  ecp_256 = 19,
  ecp_384 = 20,
  ecp_521 = 21,
  curve25519 = 31,
  curve448 = 32
};
enum class EsnMode : std::uint16_t { no = 0, yes = 1 };

struct EncryptionTransform {
  Encryption algorithm = Encryption::aes_gcm_16;
  // 0 where the algorithm has one size only: ChaCha20-Poly1305 and NULL, which send no Key Length attribute.
  std::uint16_t key_bits = 256;
  auto operator<=>(const EncryptionTransform&) const = default;
};

// In order of preference.
struct IkeProposal {
  std::vector<EncryptionTransform> encryption;
  std::vector<Prf> prf;
  std::vector<Integrity> integrity;  // empty with an AEAD
  std::vector<Group> groups;
  bool operator==(const IkeProposal&) const = default;
};
enum class ChildProtocol : std::uint8_t { ah = 2, esp = 3 };
// A proposal for a Child SA.
struct EspProposal {
  std::vector<EncryptionTransform> encryption;  // empty with AH
  std::vector<Integrity> integrity;             // empty with an AEAD
  std::vector<Group> groups;                    // for PFS at rekey; not sent in IKE_AUTH
  std::vector<EsnMode> esn;
  ChildProtocol protocol = ChildProtocol::esp;
  bool operator==(const EspProposal&) const = default;
};

// strongSwan's notation, for example "aes256gcm16-prfsha256-x25519", "aes256gcm16-esn-noesn" and, for AH,
// "sha256-esn". The error names the word that is unknown, forbidden (RFC 8221, RFC 8247) or missing. SHA-1 is
// in no default and must be written.
Expected<IkeProposal> parse_ike_proposal(std::string_view text);
Expected<EspProposal> parse_esp_proposal(std::string_view text);
Expected<EspProposal> parse_ah_proposal(std::string_view text);
std::string to_string(const IkeProposal& proposal);
std::string to_string(const EspProposal& proposal);
// strongSwan's names, as vici reports them: "AES_GCM_16", "PRF_HMAC_SHA2_256", "HMAC_SHA2_256_128",
// "CURVE_25519".
std::string_view to_string(Encryption value);
std::string_view to_string(Prf value);
std::string_view to_string(Integrity value);
std::string_view to_string(Group value);

struct SharedSecret {
  std::vector<Identity> owners;  // empty: for everybody
  Secret value;
};

// RFC 7296 section 3.13.1. Addresses and ports are inclusive ranges, ports in host order. For ICMP and ICMPv6
// a "port" is 256 times the type plus the code. Ports from 65535 to 0 are OPAQUE: packets that do not show
// theirs (RFC 4301 section 4.4.1.1).
struct TrafficSelector {
  IpRange addresses;
  std::uint8_t protocol = 0;  // 0 is any
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;

  // "10.0.0.0/8", "10.0.0.0/8[tcp/80]", "10.0.0.0/8[udp]", "10.0.0.0/8[tcp/1024-2047]", "10.0.0.0/8[icmp/8]",
  // "10.0.0.0/8[icmp/3(1-4)]", "10.0.0.0/8[udp/opaque]".
  static Expected<TrafficSelector> parse(std::string_view text);
  std::string to_string() const;
  bool is_opaque() const { return first_port > last_port; }
  // The common part; nullopt when there is none. OPAQUE is part of all ports.
  std::optional<TrafficSelector> intersect(const TrafficSelector& other) const;
  bool operator==(const TrafficSelector&) const = default;
};

enum class StartAction : std::uint8_t { none, start };
// What becomes of a child whose Child SA has ended: without us, or with a peer that answers no more.
enum class EndAction : std::uint8_t { none, start };
// IKE fragmentation (RFC 7383): `accept` takes fragments and sends none.
enum class Fragmentation : std::uint8_t { no, accept, yes };
// A second IKE SA with the same identities. never: both stay, also when the peer says INITIAL_CONTACT; no:
// the older one goes when the peer says INITIAL_CONTACT; replace: the older one goes; keep: the new one is
// refused.
enum class Unique : std::uint8_t { never, no, keep, replace };
// IKE SAs that begin without a Child SA (RFC 6023).
enum class Childless : std::uint8_t { never, allow, prefer, force };

// When an SA is replaced, and when it ends if that has failed. A random part of `random` is taken off
// `rekey`, so that the two ends and the many SAs of a gateway do not all come at once. 0: never.
struct Lifetime {
  std::chrono::seconds rekey{};
  std::chrono::seconds hard{};
  std::chrono::seconds random{};
  bool operator==(const Lifetime&) const = default;
};
// strongSwan's defaults: 10 % from the replacement to the end, and as much for chance.
// The same in packets or bytes, counted in each direction by whoever carries the Child SA.
struct VolumeLimit {
  std::uint64_t rekey = 0;
  std::uint64_t hard = 0;
  std::uint64_t random = 0;
  bool operator==(const VolumeLimit&) const = default;
};
constexpr Lifetime lifetime_of(std::chrono::seconds rekey) {
  return {rekey, rekey + rekey / 10, rekey / 10};
}

struct ChildConfig {
  std::string name;
  std::vector<EspProposal> proposals;
  // Empty: strongSwan's "dynamic", the address of that side of the IKE SA.
  std::vector<TrafficSelector> local_ts;
  std::vector<TrafficSelector> remote_ts;
  bool transport_mode = false;
  StartAction start_action = StartAction::none;
  Lifetime lifetime = lifetime_of(std::chrono::hours(1));
  VolumeLimit bytes;
  VolumeLimit packets;
  EndAction close_action = EndAction::none;  // the peer has deleted it
  EndAction dpd_action = EndAction::none;    // the peer is dead
};

// How an end proves its identity. Pre-shared keys are looked up by both identities (RFC 7296 section 2.15).
enum class AuthKind : std::uint8_t { psk, signature };

struct LocalAuth {
  AuthKind kind = AuthKind::psk;
  SignatureRules rules;
  // Ours to choose from; empty: every one that is loaded, has our identity, and a private key that is loaded.
  std::vector<Certificate> certificates;
};

// What to think of a certificate that no CRL says anything about: accept it, refuse it when it says that
// there is a CRL somewhere, or refuse it. One that a CRL revokes is always refused.
enum class Revocation : std::uint8_t { relaxed, if_uri, strict };

struct RemoteAuth {
  AuthKind kind = AuthKind::psk;
  SignatureRules rules;
  // When not empty, the peer's certificate must be one of them, which are then trusted as they are.
  std::vector<Certificate> certificates;
  // When not empty, these are the trust anchors instead of all that are loaded.
  std::vector<Certificate> authorities;
  Revocation revocation = Revocation::relaxed;
};

// When to send our certificate.
enum class SendCertificate : std::uint8_t { if_asked, always, never };

struct ConnectionConfig {
  std::string name;
  // Empty or unspecified: any. We initiate from the first local address to the first remote one: both must
  // then be single addresses.
  std::vector<IpRange> local_addresses;
  std::vector<IpRange> remote_addresses;
  std::uint16_t local_port = 500;
  std::uint16_t remote_port = 500;
  std::vector<IkeProposal> proposals;
  Identity local_id;  // without data: the subject of our first certificate, or our address
  LocalAuth local_auth;
  // The PAD entry (RFC 4301 section 4.4.3): whom it is for, how they prove it, and what they may have.
  // Children are what they may ask for by name; when `allowed_remote` is not empty, their selectors must lie
  // within it.
  IdentityPattern remote_id;
  RemoteAuth remote_auth;
  std::vector<IpRange> allowed_remote;
  SendCertificate send_certificate = SendCertificate::if_asked;
  bool send_certificate_request = true;
  bool force_udp_encapsulation = false;
  Lifetime lifetime = lifetime_of(std::chrono::hours(4));
  Fragmentation fragmentation = Fragmentation::yes;
  Unique unique = Unique::no;
  Childless childless = Childless::allow;
  // After so long without a message from the peer it is asked whether it lives (RFC 7296 section 2.4); 0:
  // never.
  std::chrono::seconds dpd_delay{};
  // How often we begin anew when the peer does not answer our first message; 0: for ever.
  unsigned keying_tries = 1;
  std::vector<ChildConfig> children;
};

// Whether a connection that proves its identity by signatures has what it needs: a certificate of local_id's
// and its private key. Nothing can be said when both local_id and certificates are left open.
Expected<> check_local_certificate(const ConnectionConfig& connection, const Credentials& credentials);

// Every limit of the stack in one place.
struct Limits {
  std::size_t max_message_bytes = 65535;
  std::size_t max_payloads = 64;
  std::size_t max_proposals = 32;
  std::size_t max_transforms = 64;
  std::size_t max_selectors = 32;
  // In one IKE_AUTH message, and in a chain; and authorities that we ask for.
  std::size_t max_certificates = 8;
  std::size_t max_certificate_requests = 64;
  // Of peers, kept so that who comes again is not verified anew.
  std::size_t max_verified_certificates = 1024;
  // Of one IKE SA, those that are being replaced counted too: an authenticated peer may ask for as many.
  std::size_t max_children = 64;
  std::size_t max_half_open = 1024;
  // Half-open IKE SAs from which on a cookie is asked for (RFC 7296 section 2.6).
  std::size_t cookie_threshold = 32;
  std::size_t max_half_open_per_source = 16;
  std::chrono::seconds half_open_lifetime{30};
  std::chrono::seconds cookie_secret_lifetime{60};
  // Retransmission: first after initial, then times factor, as strongSwan's retransmit_* by default.
  std::chrono::milliseconds retransmit_initial{4000};
  double retransmit_factor = 1.8;
  unsigned retransmit_tries = 5;
  // An unprotected INVALID_IKE_SPI makes us ask whether the peer still lives, at most this often for each SA
  // (RFC 7296 section 2.4).
  std::chrono::seconds liveness_hint_interval{10};
  // Unprotected INVALID_IKE_SPI, INVALID_MAJOR_VERSION and UNSUPPORTED_CRITICAL_PAYLOAD notifies sent in a
  // second.
  unsigned max_unprotected_notifies = 10;
  // A keepalive goes out this long after the last one when we are behind a NAT (RFC 3948 section 4); 0:
  // never.
  std::chrono::seconds nat_keepalive{20};
  // Bytes of the IP datagrams that fragments of messages go in (RFC 7383 section 2.5.1), and how many
  // fragments a message may come in.
  std::size_t fragment_size = 1280;
  std::size_t max_fragments = 64;
  // After a refused or failed rekeying, and after TEMPORARY_FAILURE, the next try comes after this long and
  // up to as long again, by chance, so that two ends in each other's way get out of it (RFC 7296
  // section 2.25).
  std::chrono::seconds retry_delay{5};
  // How often a further Child SA is tried while the peer answers TEMPORARY_FAILURE.
  unsigned max_temporary_failures = 10;
  // An SA that the peer has replaced is deleted by the peer; when it does not, by us after this long. More
  // than the time that a request is sent again, so that the peer's answer is not cut off.
  std::chrono::seconds replaced_lifetime{180};
  // A Child SA that has been replaced and deleted receives this long still, for packets that the message
  // which deletes it has overtaken; and how many do so at a time.
  std::chrono::seconds drain_time{5};
  std::size_t max_draining = 1024;
  // From this message ID on an IKE SA is rekeyed; at the last one it ends, for IDs never start again
  // (RFC 7296 section 2.2).
  std::uint32_t rekey_message_id = 0x80000000;
  std::uint32_t last_message_id = 0xffffffff;
  // Answers kept for repeated requests after their IKE SA has ended; each is forgotten after
  // half_open_lifetime.
  std::size_t max_final_responses = 1024;
};

}  // namespace espgate::ike
