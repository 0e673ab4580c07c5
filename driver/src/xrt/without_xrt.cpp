#include "driver/engine.h"

namespace espgate::driver {

Expected<std::unique_ptr<Engine>> make_xrt_engine(const XrtEngineOptions& /*options*/) {
  return fail(
      "this build of espgate drives no cards, since XRT was not there when it was built: install libxrt-dev, "
      "then configure and build again");
}

}  // namespace espgate::driver
