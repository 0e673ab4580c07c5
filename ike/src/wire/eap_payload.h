// EAP payload (RFC 7296 section 3.16); the EAP message is that of RFC 3748 section 4.
#pragma once

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct EapPayload {
  std::uint8_t code = 0;
  std::uint8_t identifier = 0;
  Bytes data;  // from the EAP type on; empty for success and failure
  bool operator==(const EapPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static EapPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::eap; }
};

}  // namespace espgate::ike::wire
