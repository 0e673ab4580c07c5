// Any bytes as a vici packet: refused, or such that encoding gives them back.
#include <algorithm>
#include <cstdint>

#include "vici/packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::host::vici;
  const auto packet = decode_packet({data, size});
  if (!packet) {
    return 0;
  }
  const auto again = encode_segment(*packet);
  // Longer than a segment: the caller's length check has kept such bytes out.
  if (!again && size > max_segment_bytes) {
    return 0;
  }
  if (!again || !std::ranges::equal(espgate::ByteView(*again).subspan(segment_header_bytes),
                                    espgate::ByteView(data, size))) {
    __builtin_trap();
  }
  return 0;
}
