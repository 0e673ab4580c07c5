// What a packet should look like, computed without the RTL: AES-GCM by OpenSSL, headers by hand.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace espgate::sim::test {

using Block = std::array<std::uint8_t, 16>;

// H^1, 2, 3, 4, 8, 12, 16, 20, -1, -2 of the key's hash key (NIST SP 800-38D section 6), first byte first.
std::array<Block, 10> hash_powers(ByteView key);

// Ciphertext and 16-byte tag.
Bytes gcm_seal(ByteView key, ByteView nonce, ByteView aad, ByteView text);

struct Encapsulation {
  std::uint16_t source_port = 4500;
  std::uint16_t destination_port = 4500;
};

// An IPv4 packet and everything that a test may want to be unusual about it.
struct Ipv4 {
  std::uint8_t tos = 0;
  std::uint16_t id = 0x1234;
  std::uint16_t fragment = 0;  // flags and offset
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 17;
  std::uint32_t source = 0x0a000001;
  std::uint32_t destination = 0x0a000102;
  std::size_t option_words = 0;
  Bytes payload;

  Bytes build() const;
};

// The same for IPv6; extension headers are a part of the payload.
struct Ipv6 {
  std::uint8_t tos = 0;
  std::uint32_t flow_label = 0;
  std::uint8_t next_header = 17;
  std::uint8_t hop_limit = 64;
  std::array<std::uint8_t, 16> source{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  std::array<std::uint8_t, 16> destination{0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  Bytes payload;

  Bytes build() const;
};

// `size` bytes that differ from each other and from those of another size.
Bytes any_bytes(std::size_t size);

// UDP to `destination_port` with `size` bytes that differ from each other, in IPv4; size is the whole
// packet's.
Bytes udp_packet(std::size_t size, std::uint8_t tos = 0, std::uint16_t source_port = 1000,
                 std::uint16_t destination_port = 2000);

// ESP of one packet (RFC 4303; RFC 4106, or RFC 4543 with gmac), from the ESP header on.
struct Esp {
  std::uint32_t spi = 0;
  Bytes key;
  std::array<std::uint8_t, 4> salt{};
  bool gmac = false;
  bool esn = false;
  std::uint64_t sequence = 1;
  std::optional<Bytes> padding;  // nullopt: 1, 2, 3, ... up to a multiple of 4
  std::optional<std::uint8_t> pad_length;
  std::uint8_t next_header = 4;

  Bytes build(ByteView payload) const;
};

}  // namespace espgate::sim::test
