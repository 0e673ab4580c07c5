// recvmsg() with the ancillary data that the packet sockets ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "dataplane/read_loop.h"

namespace espgate::host::dataplane {

struct ReceivedPacket {
  std::size_t length = 0;
  bool truncated = false;
  IpAddress source;
  std::uint16_t source_port = 0;
  // With IP_PKTINFO: the destination in the header, and the address of ours to answer from.
  std::optional<IpAddress> destination;
  IpAddress answer_from;
  std::uint8_t tos = 0;  // with IP_RECVTOS
  std::uint8_t ttl = 0;  // with IP_RECVTTL
  // With SO_RXQ_OVFL: packets that the kernel has dropped for want of room, in all. Wraps.
  std::optional<std::uint32_t> overflow;
};

// Never blocks.
ReadResult receive(int fd, ByteSpan buffer, ReceivedPacket& packet);

// Asks for SO_RXQ_OVFL and for a receive buffer that holds a burst. Neither is vital, so nothing fails.
void prepare_receive(int fd);

}  // namespace espgate::host::dataplane
