#include "daemon/engine_factory.h"

namespace espgate::host::daemon {

Expected<std::unique_ptr<driver::Engine>> make_engine(const Options& options) {
  switch (options.engine) {
    case EngineKind::software:
      return driver::make_software_engine();
    case EngineKind::simulated:
#ifdef ESPGATE_SIMULATED_ENGINE
      return driver::make_simulated_engine({.trace_path = options.trace});
#else
      return fail("this build has no simulated engine; use --engine software");
#endif
  }
  return fail("unknown engine");
}

}  // namespace espgate::host::daemon
