// Packets and Child SAs for the tests of this room.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/ip_address.h"
#include "offload/data_path.h"

namespace espgate::offload::testing {

inline IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
inline IpRange range(std::string_view text) {
  return IpRange::parse(text).value();
}

struct PacketShape {
  std::string_view source = "10.1.0.1";
  std::string_view destination = "10.2.0.1";
  std::uint8_t protocol = 17;
  std::uint16_t source_port = 1000;
  std::uint16_t destination_port = 2000;
  std::uint16_t fragment = 0;  // flags and offset as in the header
  std::size_t options = 0;     // bytes, a multiple of 4
  std::size_t payload = 8;     // the first four bytes are the ports
};

inline Bytes make_packet(const PacketShape& shape = {}) {
  const std::size_t header = 20 + shape.options;
  Bytes packet(header + shape.payload);
  packet[0] = static_cast<std::uint8_t>(0x40 | (header / 4));
  store_be16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  store_be16(packet, 6, shape.fragment);
  packet[8] = 64;
  packet[9] = shape.protocol;
  store_be32(packet, 12, address(shape.source).to_v4());
  store_be32(packet, 16, address(shape.destination).to_v4());
  store_be16(packet, 10, internet_checksum(ByteView(packet).first(header)));
  for (std::size_t i = 0; i < shape.payload; ++i) {
    packet[header + i] = static_cast<std::uint8_t>(i);
  }
  if (shape.payload >= 2) {
    store_be16(packet, header, shape.source_port);
  }
  if (shape.payload >= 4) {
    store_be16(packet, header + 2, shape.destination_port);
  }
  return packet;
}

inline Selector selector(std::string_view local, std::string_view remote) {
  return {.local = range(local), .remote = range(remote), .protocol = std::nullopt};
}

inline driver::AesGcmKey key(std::uint8_t fill, std::size_t size = 32) {
  return {.key = InlineSecret<32>(Bytes(size, fill)), .salt = InlineSecret<4>(Bytes(4, fill))};
}

// Gateway 192.0.2.1 with 10.1.0.0/16 behind it, peer 192.0.2.2 with 10.2.0.0/16.
inline ChildSaSpec child(std::uint32_t id, std::string_view name = "net") {
  return {.id = id,
          .name = std::string(name),
          .esn = true,
          .inbound_spi = 0x1000 + id,
          .outbound_spi = 0x2000 + id,
          .inbound_key = key(0x11),
          .outbound_key = key(0x22),
          .local_address = address("192.0.2.1"),
          .remote_address = address("192.0.2.2"),
          .encapsulation = std::nullopt,
          .selectors = {selector("10.1.0.0/16", "10.2.0.0/16")}};
}

inline std::uint64_t policy_value(DataPath& path, std::string_view name) {
  const auto statistics = path.statistics();
  if (statistics) {
    for (const PolicyCounter& counter : statistics->policy) {
      if (counter.name == name) {
        return counter.value;
      }
    }
  }
  return ~std::uint64_t{0};
}

}  // namespace espgate::offload::testing
