#include "conformance.h"

namespace espgate::driver::test {

EngineKind software_with(CryptoLibrary library) {
  return {.name = "software", .make = [library] {
            return make_software_engine({.outbound_sas = 256, .inbound_sas = 256, .crypto = library});
          }};
}

ESPGATE_CONFORMANCE(Software, software_with(CryptoLibrary::fastest));
// Where "fastest" is another one.
ESPGATE_CONFORMANCE(SoftwareOpenSsl, software_with(CryptoLibrary::openssl));

}  // namespace espgate::driver::test
