// Traffic Selector payloads (RFC 7296 section 3.13).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct Selector {
  SelectorType type = SelectorType::ipv4_range;
  std::uint8_t protocol = 0;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
  // 4 or 16 bytes each. Of a type that we do not know: all that follows the length field, in `first_address`.
  Bytes first_address;
  Bytes last_address;
  bool operator==(const Selector&) const = default;
};

struct TsPayload {
  PayloadType which = PayloadType::ts_initiator;
  std::vector<Selector> selectors;
  bool operator==(const TsPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static TsPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return which; }
};

}  // namespace espgate::ike::wire
