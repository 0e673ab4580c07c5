// Key Exchange and Nonce payloads (RFC 7296 sections 3.4 and 3.9).
#pragma once

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct KePayload {
  std::uint16_t group = 0;
  Bytes data;
  bool operator==(const KePayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static KePayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::key_exchange; }
};

struct NoncePayload {
  Bytes data;  // 16 to 256 bytes
  bool operator==(const NoncePayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static NoncePayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::nonce; }
};

}  // namespace espgate::ike::wire
