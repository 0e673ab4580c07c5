// An inbound SA as a test describes it, and the packets that its peer would send, made without the RTL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "reference.h"

namespace espgate::sim::test {

struct InboundSa {
  static constexpr std::uint64_t no_limit = ~std::uint64_t{0};
  using Address6 = std::array<std::uint8_t, 16>;
  static constexpr Address6 last6{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  std::uint32_t spi = 0x2000;
  Bytes key = Bytes(16, 0x22);
  std::array<std::uint8_t, 4> salt{5, 6, 7, 8};
  bool gmac = false;
  bool esn = false;
  bool transport = false;
  bool ipv6 = false;  // family of the outer header
  bool encapsulated = false;
  bool replay_check = true;
  std::uint32_t replay_window = 64;
  bool selector_ipv6 = false;
  std::optional<std::uint8_t> protocol;
  std::uint32_t outer_destination = 0xc0000201;
  Address6 outer_destination6{0x20, 0x01, 0x0d, 0xb8, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb2};
  std::uint32_t source_first = 0, source_last = ~0U;
  std::uint32_t destination_first = 0, destination_last = ~0U;
  Address6 source_first6{}, source_last6 = last6;
  Address6 destination_first6{}, destination_last6 = last6;
  std::uint16_t source_port_first = 0, source_port_last = 65535;
  std::uint16_t destination_port_first = 0, destination_port_last = 65535;
  std::uint64_t replay_top = 0;
  std::uint64_t soft_packets = no_limit;
  std::uint64_t soft_bytes = no_limit;
  std::uint64_t hard_packets = no_limit;
  std::uint64_t hard_bytes = no_limit;
  std::uint64_t next_hop = 0x020000000002;

  Esp esp(std::uint64_t sequence) const;
  // What the peer sends of an IP packet. Tunnel mode: the packet behind an outer header. Transport mode: the
  // packet's own header in front of ESP; `outer_tos` does not count.
  Bytes packet(std::uint64_t sequence, ByteView ip, std::uint8_t outer_tos = 0) const;
  // An outer header of the SA's around ESP bytes that a test has made itself. Options are IPv4's.
  Bytes outer(Bytes esp, std::uint8_t tos = 0, std::size_t option_words = 0) const;
  // ESP bytes behind the header of an IP packet.
  Bytes behind_own_header(ByteView ip, Bytes esp) const;

 private:
  Bytes in_udp(Bytes esp) const;
};

}  // namespace espgate::sim::test
