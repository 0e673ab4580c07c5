// Configuration payload (RFC 7296 section 3.15).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct ConfigurationAttribute {
  std::uint16_t type = 0;  // 15 bits
  Bytes value;
  bool operator==(const ConfigurationAttribute&) const = default;
};

struct ConfigurationPayload {
  std::uint8_t cfg_type = 1;  // 1 request, 2 reply, 3 set, 4 ack
  std::vector<ConfigurationAttribute> attributes;
  bool operator==(const ConfigurationPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static ConfigurationPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::configuration; }
};

}  // namespace espgate::ike::wire
