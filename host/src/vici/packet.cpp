#include "vici/packet.h"

#include <fmt/format.h>

#include "base/reader.h"
#include "base/writer.h"

namespace espgate::host::vici {
namespace {

bool has_name(PacketType type) {
  return type == PacketType::command_request || type == PacketType::event_register ||
         type == PacketType::event_unregister || type == PacketType::event;
}

bool has_message(PacketType type) {
  return type == PacketType::command_request || type == PacketType::command_response ||
         type == PacketType::event;
}

}  // namespace

Expected<Bytes> encode_segment(const Packet& packet) {
  Writer out;
  out.u32(0);
  out.u8(static_cast<std::uint8_t>(packet.type));
  if (has_name(packet.type)) {
    if (packet.name.empty() || packet.name.size() > 255) {
      return fail(fmt::format("vici packet: a name of {} bytes, 1 to 255 are possible", packet.name.size()));
    }
    out.u8(static_cast<std::uint8_t>(packet.name.size()));
    out.bytes({reinterpret_cast<const std::uint8_t*>(packet.name.data()), packet.name.size()});
  }
  if (has_message(packet.type)) {
    const auto message = encode(packet.message);
    if (!message) {
      return std::unexpected(message.error());
    }
    out.bytes(*message);
  }
  const std::size_t length = out.size() - segment_header_bytes;
  if (length > max_segment_bytes) {
    return fail(fmt::format("vici packet: {} bytes, at most {} are possible", length, max_segment_bytes));
  }
  out.patch_u32(0, static_cast<std::uint32_t>(length));
  return std::move(out).finish();
}

Expected<Packet> decode_packet(ByteView bytes) {
  Reader in(bytes);
  const std::uint8_t type = in.u8();
  if (!in.ok() || type > static_cast<std::uint8_t>(PacketType::event)) {
    return fail("vici packet: unknown type");
  }
  Packet packet{.type = static_cast<PacketType>(type), .name = {}, .message = {}};
  if (has_name(packet.type)) {
    const ByteView name = in.take(in.u8());
    if (!in.ok() || name.empty()) {
      return fail("vici packet: it ends within the name, or the name is empty");
    }
    packet.name.assign(name.begin(), name.end());
  }
  if (!has_message(packet.type)) {
    if (!in.empty()) {
      return fail("vici packet: bytes after a packet without message");
    }
    return packet;
  }
  auto message = decode(in.take_rest());
  if (!message) {
    return std::unexpected(message.error());
  }
  packet.message = std::move(*message);
  return packet;
}

Expected<std::size_t> decode_segment_length(ByteView header) {
  Reader in(header);
  const std::size_t length = in.u32();
  if (!in.ok() || length == 0 || length > max_segment_bytes) {
    return fail(fmt::format("vici segment of {} bytes, 1 to {} are possible", length, max_segment_bytes));
  }
  return length;
}

}  // namespace espgate::host::vici
