// Any bytes as a configuration: read and translated, or refused.
#include <cstdint>
#include <string_view>

#include "config/gateway_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::host::config;
  ReaderLimits limits;
  limits.follow_includes = false;  // no file of this machine is the fuzzer's
  const auto config =
      translate(read_conf_text({reinterpret_cast<const char*>(data), size}, "fuzz.conf", limits));
  // A refusal without a reason would leave the operator alone.
  if (!config && config.error().empty()) {
    __builtin_trap();
  }
  return 0;
}
