#include "wire/opaque_payloads.h"

namespace espgate::ike::wire {

Result<> EncryptedPayload::validate(ByteView body, const Limits& /*limits*/) {
  // What it must hold depends on the algorithms; without any byte it is none of them.
  if (body.empty()) {
    return std::unexpected(Reason::encrypted_malformed);
  }
  return {};
}

}  // namespace espgate::ike::wire
