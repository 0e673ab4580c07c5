// Payloads whose inside is not for the codec: Encrypted (RFC 7296 section 3.14) and types that we do not know
// (section 2.5).
#pragma once

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct EncryptedPayload {
  // Type of the first payload inside: it stands where others have the type of the payload that follows.
  PayloadType first_inner = PayloadType::none;
  Bytes body;  // IV, ciphertext, ICV
  bool operator==(const EncryptedPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  void encode(Writer& out) const { out.bytes(body); }
  PayloadType type() const { return PayloadType::encrypted; }
};

struct UnknownPayload {
  PayloadType which = PayloadType::none;
  bool critical = false;
  Bytes body;
  bool operator==(const UnknownPayload&) const = default;

  void encode(Writer& out) const { out.bytes(body); }
  PayloadType type() const { return which; }
};

}  // namespace espgate::ike::wire
