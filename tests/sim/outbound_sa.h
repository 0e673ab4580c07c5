// An outbound SA as a test describes it, and what it makes of a packet, computed without the RTL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "card/registers.h"
#include "reference.h"

namespace espgate::sim::test {

struct OutboundSa {
  static constexpr std::uint64_t no_limit = ~std::uint64_t{0};

  std::uint32_t spi = 0x1000;
  Bytes key = Bytes(16, 0x11);
  std::array<std::uint8_t, 4> salt{1, 2, 3, 4};
  bool gmac = false;
  bool esn = false;
  bool transport = false;
  bool ipv6 = false;  // family of the outer header; in transport mode of the packets
  std::optional<Encapsulation> encapsulation;
  std::uint32_t df_policy = driver::registers::df_policy_copy;
  std::optional<std::uint8_t> dscp;
  std::uint8_t hop_limit = 64;
  std::uint16_t tfc_bytes = 0;
  std::array<std::uint8_t, 16> outer_source6{0x20, 0x01, 0x0d, 0xb8, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1};
  std::array<std::uint8_t, 16> outer_destination6{0x20, 0x01, 0x0d, 0xb8, 9, 2, 0, 0,
                                                  0,    0,    0,    0,    0, 0, 0, 0xa2};
  std::uint32_t outer_source = 0xc0000201;
  std::uint32_t outer_destination = 0xc0000202;
  std::uint64_t next_sequence = 1;
  std::uint64_t lease_limit = no_limit;
  std::uint64_t lease_low = no_limit;
  std::uint64_t soft_packets = no_limit;
  std::uint64_t soft_bytes = no_limit;
  std::uint64_t hard_packets = no_limit;
  std::uint64_t hard_bytes = no_limit;
  std::uint64_t next_hop = 0x020000000001;

  // The ESP packet that a frame becomes. The frame may have link padding behind its IP packet.
  Bytes expect(ByteView frame, std::uint64_t sequence) const;
  // The same of a dummy packet with this payload.
  Bytes expect_dummy(ByteView payload, std::uint64_t sequence) const;

 private:
  struct Payload {
    ByteView bytes;
    std::uint8_t next_header = 0;
    std::uint8_t tos = 0;
    bool dont_fragment = false;
  };
  Bytes esp(const Payload& payload, std::size_t size, std::uint64_t sequence) const;
  Bytes behind_new_header(const Payload& payload, std::uint64_t sequence) const;
  Bytes behind_own_header(ByteView packet, std::uint64_t sequence) const;
};

// A flow of an SPD cache (docs/developer/engine-behaviour.md).
struct Flow {
  std::uint8_t spd = 0;
  std::uint8_t protocol = 17;
  IpAddress source;
  IpAddress destination;
  bool ports_known = true;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};

}  // namespace espgate::sim::test
