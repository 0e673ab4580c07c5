// Packets for tests: IP in the clear, and ESP made and opened by code that is not the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "driver/sa.h"

namespace espgate::driver::test {

struct Ipv4Spec {
  std::uint8_t tos = 0;
  std::uint16_t identification = 0;
  std::uint16_t fragment = 0;  // flags and offset as on the wire: 0x4000 DF, 0x2000 MF
  std::uint8_t hop_limit = 64;
  std::uint8_t protocol = 17;
  std::uint32_t source = 0x0a010005;       // 10.1.0.5
  std::uint32_t destination = 0x0a020007;  // 10.2.0.7
  std::size_t option_words = 0;            // 0..10, filled with no-operation options
  Bytes payload = {};
};
// A whole packet with the right length and checksum.
Bytes ipv4(const Ipv4Spec& spec);

struct ExtensionSpec {
  std::uint8_t type = 0;       // 0 hop-by-hop, 43 routing, 44 fragment, 60 destination options
  std::size_t units = 1;       // 8 bytes each; a fragment header has one
  std::uint16_t fragment = 0;  // of a fragment header: offset in units of 8 bytes, << 3, and M
};
struct Ipv6Spec {
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t protocol = 17;
  IpAddress source = *IpAddress::parse("2001:db8:1::5");
  IpAddress destination = *IpAddress::parse("2001:db8:2::7");
  std::vector<ExtensionSpec> extensions = {};
  Bytes payload = {};
};
// A whole packet with the right lengths.
Bytes ipv6(const Ipv6Spec& spec);

// A UDP datagram (checksum 0) with `bytes` bytes of data that count up.
Bytes udp(std::uint16_t source_port, std::uint16_t destination_port, std::size_t bytes);
// An IPv4 packet of exactly `bytes` bytes (20 at least), UDP where it fits.
Bytes packet_of(std::size_t bytes);
// The same with IPv6 (40 at least).
Bytes packet6_of(std::size_t bytes);
// Sets the IPv4 header checksum at the start of the packet right.
void fix_checksum(ByteSpan packet);

// An ESP packet and what stands around it. `plaintext` is encrypted as it is, trailer included.
struct EspSpec {
  AesGcmKey key;
  Cipher cipher = Cipher::aes_gcm_16;
  bool esn = false;
  std::uint32_t spi = 0;
  std::uint64_t sequence = 1;
  Bytes plaintext = {};
  // protocol, payload and total length follow from the rest
  Ipv4Spec outer = {.source = 0xc0000202, .destination = 0xc0000201};  // 192.0.2.2 to 192.0.2.1
  std::optional<Ipv6Spec> outer6 = {};                                 // in its place
  std::optional<UdpEncapsulation> encapsulation = {};
};
Bytes esp(const EspSpec& spec);

// Payload, padding 1,2,3... to a multiple of 4 (and `extra_words` * 4 bytes more), pad length, next header.
Bytes with_trailer(ByteView payload, std::uint8_t next_header = 4, std::size_t extra_words = 0);

// The plaintext of an ESP packet that an engine made under `sa`, trailer included; nullopt when the ICV is
// wrong. `header_bytes` is what stands before the SPI, `high` the high half of the sequence number.
std::optional<Bytes> open_esp(const OutboundSa& sa, ByteView packet, std::size_t header_bytes,
                              std::uint32_t high);

}  // namespace espgate::driver::test
