#include "sim/esp_core.h"

#include <VEspCore.h>

#include <fstream>

#include "verilated_core.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspCore>> EspCore::create(const std::string& trace_path) {
  auto core = std::make_unique<VerilatedCore<VEspCore>>();
  if (!trace_path.empty()) {
    // The FST writer ends the process when it cannot open its file, so try it first.
    if (!std::ofstream(trace_path)) {
      return fail("cannot write the waveform file " + trace_path +
                  ": check that its folder exists and may be written to");
    }
    if (!core->open_trace(trace_path)) {
      return fail("cannot open the waveform file " + trace_path + " as FST");
    }
  }
  core->reset();
  return core;
}

}  // namespace espgate::sim
