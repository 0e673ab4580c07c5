#include "wire/ts_payload.h"

#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::size_t selector_header_size = 4;

// Bytes of one address; 0 for a type that we do not know.
std::size_t address_size(SelectorType type) {
  switch (type) {
    case SelectorType::ipv4_range:
      return 4;
    case SelectorType::ipv6_range:
      return 16;
  }
  return 0;
}

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

}  // namespace

Result<> TsPayload::validate(ByteView body, const Limits& limits) {
  const std::unexpected malformed(Reason::ts_malformed);
  Reader reader(body);
  const std::size_t count = reader.u8();
  reader.skip(3);
  if (!reader.ok() || count > limits.max_selectors) {
    return malformed;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const SelectorType type{reader.u8()};
    reader.skip(1);
    const std::size_t length = reader.u16();
    const std::size_t addresses = address_size(type);
    if (!reader.ok() || length < selector_header_size ||
        (addresses != 0 && length != selector_header_size + 4 + 2 * addresses)) {
      return malformed;
    }
    reader.skip(length - selector_header_size);
  }
  if (!reader.ok() || !reader.empty()) {
    return malformed;
  }
  return {};
}

TsPayload TsPayload::parse(PayloadType type, ByteView body) {
  Reader reader(body);
  TsPayload payload;
  payload.which = type;
  const std::size_t count = reader.u8();
  reader.skip(3);
  for (std::size_t i = 0; i < count; ++i) {
    Selector& selector = payload.selectors.emplace_back();
    selector.type = SelectorType{reader.u8()};
    selector.protocol = reader.u8();
    const std::size_t length = reader.u16();
    if (const std::size_t addresses = address_size(selector.type); addresses != 0) {
      selector.first_port = reader.u16();
      selector.last_port = reader.u16();
      selector.first_address = to_bytes(reader.take(addresses));
      selector.last_address = to_bytes(reader.take(addresses));
    } else {
      selector.first_address = to_bytes(reader.take(length - selector_header_size));
    }
  }
  return payload;
}

void TsPayload::encode(Writer& out) const {
  out.u8(static_cast<std::uint8_t>(selectors.size()));
  out.zeros(3);
  for (const Selector& selector : selectors) {
    const std::size_t start = out.size();
    out.u8(std::to_underlying(selector.type));
    out.u8(selector.protocol);
    out.u16(0);
    if (address_size(selector.type) != 0) {
      out.u16(selector.first_port);
      out.u16(selector.last_port);
    }
    out.bytes(selector.first_address);
    out.bytes(selector.last_address);
    out.patch_u16(start + 2, static_cast<std::uint16_t>(out.size() - start));
  }
}

}  // namespace espgate::ike::wire
