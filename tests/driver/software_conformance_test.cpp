#include "conformance.h"

namespace espgate::driver::test {

ESPGATE_CONFORMANCE(Software,
                    (EngineKind{.name = "software", .make = [] {
                                  return make_software_engine({.outbound_sas = 256, .inbound_sas = 256});
                                }}));

}  // namespace espgate::driver::test
