// The numbers of RFC 7296 that appear on the wire.
#pragma once

#include <cstdint>
#include <string>

namespace espgate::ike::wire {

// RFC 7296 section 3.1.
enum class ExchangeType : std::uint8_t {
  ike_sa_init = 34,
  ike_auth = 35,
  create_child_sa = 36,
  informational = 37
};

// RFC 7296 section 3.2.
enum class PayloadType : std::uint8_t {
  none = 0,
  security_association = 33,
  key_exchange = 34,
  id_initiator = 35,
  id_responder = 36,
  certificate = 37,
  certificate_request = 38,
  authentication = 39,
  nonce = 40,
  notify = 41,
  delete_sa = 42,
  vendor_id = 43,
  ts_initiator = 44,
  ts_responder = 45,
  encrypted = 46,
  configuration = 47,
  eap = 48,
  encrypted_fragment = 53  // RFC 7383 section 2.5
};

// RFC 7296 section 3.3.1.
enum class Protocol : std::uint8_t { none = 0, ike = 1, ah = 2, esp = 3 };

// RFC 7296 section 3.3.2.
enum class TransformType : std::uint8_t {
  encryption = 1,
  prf = 2,
  integrity = 3,
  key_exchange = 4,
  extended_sequence_numbers = 5
};
// RFC 7296 section 3.3.5: the only transform attribute.
constexpr std::uint16_t key_length_attribute = 14;

// RFC 7296 section 3.8, RFC 4754, RFC 7427.
enum class AuthMethod : std::uint8_t {
  rsa_signature = 1,
  shared_key = 2,
  dss_signature = 3,
  ecdsa_256 = 9,
  ecdsa_384 = 10,
  ecdsa_521 = 11,
  digital_signature = 14
};

// RFC 7296 section 3.6.
constexpr std::uint8_t x509_signature_encoding = 4;
constexpr std::uint8_t hash_and_url_of_certificate_encoding = 12;
constexpr std::uint8_t hash_and_url_of_bundle_encoding = 13;

// RFC 7296 section 3.10.1; the types below 16384 are errors.
enum class NotifyType : std::uint16_t {
#define NOTIFY(name, value, text) name = value,
#include "notifies.def"
#undef NOTIFY
};
constexpr bool is_error(NotifyType type) {
  return static_cast<std::uint16_t>(type) < 16384;
}
// The RFC's name, or "notify 12345".
std::string to_string(NotifyType type);
// "IKE_AUTH" and so on.
std::string to_string(ExchangeType type);

// RFC 7296 section 3.13.1.
enum class SelectorType : std::uint8_t { ipv4_range = 7, ipv6_range = 8 };

}  // namespace espgate::ike::wire
