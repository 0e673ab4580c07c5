#include "ethernet.h"

#include "base/writer.h"

namespace espgate::sim::test {

Bytes Ethernet::frame(ByteView payload) const {
  Writer frame;
  frame.u16(static_cast<std::uint16_t>(destination >> 32));
  frame.u32(static_cast<std::uint32_t>(destination));
  frame.u16(static_cast<std::uint16_t>(source >> 32));
  frame.u32(static_cast<std::uint32_t>(source));
  for (const std::uint32_t tag : tags) {
    frame.u32(tag);
  }
  frame.u16(type);
  frame.bytes(payload);
  return std::move(frame).finish();
}

}  // namespace espgate::sim::test
