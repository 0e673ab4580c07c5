// Any bytes as the kernel's: every parser of its messages takes them, and none reads beyond them.
#include <cstdint>

#include "xfrm/decode.h"
#include "xfrm/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::offload::xfrm;
  for_each_message({data, size}, [](const Received& message) {
    const auto state = decode_state(message);
    const auto policy = decode_policy(message);
    if (state && policy) {
      __builtin_trap();
    }
    decode_event(message, 1);
    parse_acknowledgement(message);
  });
  return 0;
}
