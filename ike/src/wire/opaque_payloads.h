// Payloads whose inside is not for the codec: Encrypted (RFC 7296 section 3.14), Encrypted Fragment (RFC 7383
// section 2.5) and types that we do not know (RFC 7296 section 2.5).
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

struct FragmentPayload {
  // As in EncryptedPayload; only in the first fragment.
  PayloadType first_inner = PayloadType::none;
  std::uint16_t number = 1;  // from 1 to total
  std::uint16_t total = 1;
  Bytes body;  // IV, ciphertext, ICV
  bool operator==(const FragmentPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::encrypted_fragment; }
};
constexpr std::size_t fragment_header_size = 4;  // number and total

struct UnknownPayload {
  PayloadType which = PayloadType::none;
  bool critical = false;
  Bytes body;
  bool operator==(const UnknownPayload&) const = default;

  void encode(Writer& out) const { out.bytes(body); }
  PayloadType type() const { return which; }
};

}  // namespace espgate::ike::wire
