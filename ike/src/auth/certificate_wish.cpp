#include "auth/certificate_wish.h"

#include <algorithm>

#include "base/reader.h"

namespace espgate::ike {

CertificateWish certificate_wish(const wire::Payloads& payloads, const Limits& limits) {
  CertificateWish wish;
  for (const wire::Payload& payload : payloads) {
    const auto* request = std::get_if<wire::CertRequestPayload>(&payload);
    if (request == nullptr || request->encoding != wire::x509_signature_encoding) {
      continue;
    }
    wish.asked = true;
    Reader reader(request->authorities);
    while (reader.remaining() >= KeyId().size() &&
           wish.authorities.size() < limits.max_certificate_requests) {
      std::ranges::copy(reader.take(KeyId().size()), wish.authorities.emplace_back().begin());
    }
  }
  return wish;
}

}  // namespace espgate::ike
