#include "conformance.h"

namespace espgate::driver::test {

ESPGATE_CONFORMANCE(Simulated,
                    (EngineKind{.name = "simulated", .make = [] { return make_simulated_engine({}); }}));

}  // namespace espgate::driver::test
