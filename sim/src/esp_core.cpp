#include "sim/esp_core.h"

#include <fstream>

#include "verilated_core.h"

namespace espgate::sim {

Expected<std::unique_ptr<EspCore>> EspCore::create(const std::string& trace_path) {
  std::unique_ptr<EspCore> core;
  if (trace_path.empty()) {
    core = make_plain_core();
  } else {
    // The FST writer ends the process when it cannot open its file, so try it first.
    if (!std::ofstream(trace_path)) {
      return fail("cannot write the waveform file " + trace_path +
                  ": check that its folder exists and may be written to");
    }
    core = make_traced_core(trace_path);
    if (!core) {
      return fail("cannot open the waveform file " + trace_path + " as FST");
    }
  }
  core->reset();
  return core;
}

}  // namespace espgate::sim
