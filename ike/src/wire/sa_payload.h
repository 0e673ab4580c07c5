// Security Association payload (RFC 7296 section 3.3): proposals, transforms, attributes.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct Attribute {
  std::uint16_t type = 0;  // 15 bits
  // The short form carries `value`, the long one `data`.
  bool is_short = true;
  std::uint16_t value = 0;
  Bytes data;
  bool operator==(const Attribute&) const = default;
};

struct Transform {
  TransformType type = TransformType::encryption;
  std::uint16_t id = 0;
  std::vector<Attribute> attributes;
  bool operator==(const Transform&) const = default;

  // Bits, when the key length is the only attribute; 0 when there is none; nullopt when there is any other,
  // which makes the transform unusable (RFC 7296 section 3.3.6).
  std::optional<std::uint16_t> key_bits() const;
};

struct Proposal {
  std::uint8_t number = 1;
  Protocol protocol = Protocol::ike;
  Bytes spi;
  std::vector<Transform> transforms;
  bool operator==(const Proposal&) const = default;
};

struct SaPayload {
  std::vector<Proposal> proposals;
  bool operator==(const SaPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static SaPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::security_association; }
};

}  // namespace espgate::ike::wire
