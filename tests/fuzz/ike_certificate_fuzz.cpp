// Certificates, CRLs and what is asked of them: any bytes are refused or give answers, and never trust.
#include <cstdlib>

#include "auth/certificate_verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate;
  const ByteView bytes(data, size);
  static_cast<void>(ike::Crl::parse(bytes));
  const auto certificate = ike::Certificate::parse(bytes);
  if (!certificate) {
    return 0;
  }
  // What was read is what is written, and reads as the same again.
  const auto again = ike::Certificate::parse(certificate->der());
  if (!again || *again != *certificate) {
    std::abort();
  }
  static_cast<void>(certificate->subject().to_string());
  static_cast<void>(certificate->issuer().to_string());
  for (const ike::IdType type : {ike::IdType::fqdn, ike::IdType::rfc822_addr, ike::IdType::key_id}) {
    static_cast<void>(certificate->names({type, {'a', '.', 'b'}}));
  }
  if (!certificate->names(certificate->subject())) {
    // Only a subject that is no bounded name in DER does not name itself.
    if (ike::parse_name(certificate->subject().data) != nullptr) {
      std::abort();
    }
  }
  const std::vector<ike::Certificate> own{*certificate};
  if (ike::verify_chain(*certificate, {.authorities = {},
                                       .intermediates = own,
                                       .crls = {},
                                       .revocation = ike::Revocation::relaxed,
                                       .now = certificate->not_before()})) {
    std::abort();
  }
  return 0;
}
