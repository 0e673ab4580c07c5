#pragma once

#include <memory>

#include "base/error.h"
#include "daemon/options.h"
#include "driver/engine.h"

namespace espgate::host::daemon {

Expected<std::unique_ptr<driver::Engine>> make_engine(const Options& options);

}  // namespace espgate::host::daemon
