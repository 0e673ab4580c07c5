#include "conformance.h"
#include "xrt_environment.h"

namespace espgate::driver::test {

// In the host's memory nothing is copied; memory on the card shows every copy that was forgotten.
ESPGATE_CONFORMANCE(XrtHostMemory, (EngineKind{.name = "xrt", .make = [] { return xrt_engine("host"); }}));
ESPGATE_CONFORMANCE(XrtCardMemory, (EngineKind{.name = "xrt", .make = [] { return xrt_engine("card"); }}));

}  // namespace espgate::driver::test
