// Where the simulated card and its images are.
#pragma once

#include <memory>
#include <string>

#include "driver/engine.h"

namespace espgate::driver::test {

// `memory`: "host", "card" or "none", as hw/xrt/make_xclbin.py has it.
inline std::string image(const std::string& memory) {
  return std::string(ESPGATE_XRT_ROOT) + "/esp_" + memory + ".xclbin";
}

inline Expected<std::unique_ptr<Engine>> xrt_engine(const std::string& memory) {
  return make_xrt_engine({.device = "0", .xclbin = image(memory)});
}

}  // namespace espgate::driver::test
