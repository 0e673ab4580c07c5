// `espgate replay`: needs no daemon.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace espgate::host::cli {

struct ReplayOptions {
  std::string engine = "software";
  std::string direction;  // "outbound" or "inbound"
  std::string sas;
  std::string in;
  std::string out;
  std::string trace;         // empty: none
  std::string device = "0";  // of engine xrt, as is the xclbin
  std::string xclbin;
  bool esn = false;
  bool transport = false;
};

// Names for ReplayOptions::engine.
std::vector<std::string> replay_engines();
// The report, as text or as JSON.
Expected<std::string> replay(const ReplayOptions& options, bool json);

}  // namespace espgate::host::cli
