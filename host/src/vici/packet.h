// vici packets and the segments that carry them over the socket.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "vici/message.h"

namespace espgate::host::vici {

enum class PacketType : std::uint8_t {
  command_request = 0,
  command_response = 1,
  command_unknown = 2,
  event_register = 3,
  event_unregister = 4,
  event_confirm = 5,
  event_unknown = 6,
  event = 7
};

struct Packet {
  PacketType type = PacketType::command_response;
  std::string name;  // of the command or event; empty for types without
  Message message;   // empty for types without

  bool operator==(const Packet&) const = default;
};

// Bytes of the length in front of each packet.
inline constexpr std::size_t segment_header_bytes = 4;

// The whole segment, length included. Fails when it would be longer than max_segment_bytes.
Expected<Bytes> encode_segment(const Packet& packet);
// The packet after the length.
Expected<Packet> decode_packet(ByteView bytes);
// The length in front of a packet; fails when it is 0 or more than max_segment_bytes.
Expected<std::size_t> decode_segment_length(ByteView header);

}  // namespace espgate::host::vici
