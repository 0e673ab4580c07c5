#include "wire/eap_payload.h"

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::size_t eap_header_size = 4;

}  // namespace

Result<> EapPayload::validate(ByteView body, const Limits& /*limits*/) {
  Reader reader(body);
  reader.skip(2);
  const std::size_t length = reader.u16();
  if (!reader.ok() || length != body.size()) {
    return std::unexpected(Reason::eap_malformed);
  }
  return {};
}

EapPayload EapPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  EapPayload payload;
  payload.code = reader.u8();
  payload.identifier = reader.u8();
  reader.skip(2);
  const ByteView data = reader.take_rest();
  payload.data.assign(data.begin(), data.end());
  return payload;
}

void EapPayload::encode(Writer& out) const {
  out.u8(code);
  out.u8(identifier);
  out.u16(static_cast<std::uint16_t>(eap_header_size + data.size()));
  out.bytes(data);
}

}  // namespace espgate::ike::wire
