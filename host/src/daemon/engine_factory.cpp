#include "daemon/engine_factory.h"

namespace espgate::host::daemon {

Expected<std::unique_ptr<driver::Engine>> make_engine(const Options& options) {
  switch (options.engine) {
    case EngineKind::software:
      return driver::make_software_engine();
    case EngineKind::simulated:
      return driver::make_simulated_engine({.trace_path = options.trace});
    case EngineKind::xrt:
      return driver::make_xrt_engine({.device = options.device, .xclbin = options.xclbin});
  }
  return fail("unknown engine");
}

}  // namespace espgate::host::daemon
