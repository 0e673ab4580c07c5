// A whole IKE message: header and chain of payloads.
#pragma once

#include <variant>
#include <vector>

#include "wire/configuration_payload.h"
#include "wire/eap_payload.h"
#include "wire/header.h"
#include "wire/identity_payloads.h"
#include "wire/key_payloads.h"
#include "wire/notice_payloads.h"
#include "wire/opaque_payloads.h"
#include "wire/sa_payload.h"
#include "wire/ts_payload.h"

namespace espgate::ike::wire {

using Payload =
    std::variant<SaPayload, KePayload, IdPayload, CertPayload, CertRequestPayload, AuthPayload, NoncePayload,
                 NotifyPayload, DeletePayload, VendorIdPayload, TsPayload, EncryptedPayload, FragmentPayload,
                 ConfigurationPayload, EapPayload, UnknownPayload>;
using Payloads = std::vector<Payload>;

PayloadType type_of(const Payload& payload);

struct Message {
  Header header;
  Payloads payloads;
  bool operator==(const Message&) const = default;
};

// A chain of payloads, the first of type `first`; the last one must end where `bytes` end. An Encrypted
// payload is allowed as the last one only, an Encrypted Fragment payload as the only one.
Result<Payloads> decode_payloads(PayloadType first, ByteView bytes, const Limits& limits);
// Header and payloads. Judges neither the version nor the exchange type.
Result<Message> decode_message(ByteView bytes, const Limits& limits);

// The chain; the type of its first payload belongs into what precedes it. No body may exceed 65531 bytes.
void encode_payloads(Writer& out, const Payloads& payloads);
PayloadType first_type(const Payloads& payloads);
// header.first_payload is taken from the payloads.
Bytes encode_message(const Header& header, const Payloads& payloads);

constexpr std::size_t payload_header_size = 4;

// The first payload of kind T; nullptr when there is none.
template <typename T>
const T* find(const Payloads& payloads) {
  for (const Payload& payload : payloads) {
    if (const T* found = std::get_if<T>(&payload)) {
      return found;
    }
  }
  return nullptr;
}
// The same for the kinds of which there are two, one for each role.
template <typename T>
const T* find(const Payloads& payloads, PayloadType type) {
  for (const Payload& payload : payloads) {
    if (const T* found = std::get_if<T>(&payload); found != nullptr && found->type() == type) {
      return found;
    }
  }
  return nullptr;
}
const NotifyPayload* find_notify(const Payloads& payloads, NotifyType type);
// The first error notify.
const NotifyPayload* find_error(const Payloads& payloads);
// The first payload of an unknown type that is marked critical.
const UnknownPayload* find_critical_unknown(const Payloads& payloads);
std::size_t count_of(const Payloads& payloads, PayloadType type);

}  // namespace espgate::ike::wire
