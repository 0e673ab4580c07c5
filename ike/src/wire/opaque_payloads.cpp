#include "wire/opaque_payloads.h"

#include "base/reader.h"

namespace espgate::ike::wire {

Result<> EncryptedPayload::validate(ByteView body, const Limits& /*limits*/) {
  // What it must hold depends on the algorithms; without any byte it is none of them.
  if (body.empty()) {
    return std::unexpected(Reason::encrypted_malformed);
  }
  return {};
}

// RFC 7383 section 2.5: number and total count from 1, and only the first fragment says what is inside.
Result<> FragmentPayload::validate(ByteView body, const Limits& /*limits*/) {
  Reader reader(body);
  const std::uint16_t number = reader.u16();
  const std::uint16_t total = reader.u16();
  if (!reader.ok() || reader.empty() || number == 0 || number > total) {
    return std::unexpected(Reason::fragment_malformed);
  }
  return {};
}

void FragmentPayload::encode(Writer& out) const {
  out.u16(number);
  out.u16(total);
  out.bytes(body);
}

}  // namespace espgate::ike::wire
