// The message parser: whatever it accepts must encode and decode to the same again.
#include <cstdlib>

#include "wire/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate;
  const ike::Limits limits;
  const auto decoded = ike::wire::decode_message(ByteView(data, size), limits);
  if (!decoded) {
    return 0;
  }
  const Bytes again = ike::wire::encode_message(decoded->header, decoded->payloads);
  const auto second = ike::wire::decode_message(again, limits);
  if (again.size() != size || !second || *second != *decoded) {
    std::abort();
  }
  return 0;
}
