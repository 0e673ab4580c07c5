#include "software/ip_header.h"

#include "base/checksum.h"
#include "software/ip_packet.h"

namespace espgate::driver::software {
namespace {

constexpr std::uint16_t flag_dont_fragment = 0x4000;

bool is_ipv6(ByteView packet) {
  return packet[0] >> 4U == 6;
}

void build_ipv4(const OuterHeader& header, ByteSpan out) {
  out[0] = 0x45;
  out[1] = header.tos;
  store_be16(out, 2, static_cast<std::uint16_t>(header.total_bytes));
  store_be16(out, 4, header.identification);
  store_be16(out, 6, header.dont_fragment ? flag_dont_fragment : std::uint16_t{0});
  out[8] = header.hop_limit;
  out[9] = header.protocol;
  store_be16(out, 10, 0);
  store_be32(out, 12, static_cast<std::uint32_t>(header.source.low));
  store_be32(out, 16, static_cast<std::uint32_t>(header.destination.low));
  store_be16(out, 10, internet_checksum(out.first(ipv4_header_bytes)));
}

void build_ipv6(const OuterHeader& header, ByteSpan out) {
  store_be32(out, 0, 0x60000000U | std::uint32_t{header.tos} << 20U);
  store_be16(out, 4, static_cast<std::uint16_t>(header.total_bytes - ipv6_header_bytes));
  out[6] = header.protocol;
  out[7] = header.hop_limit;
  store_be64(out, 8, header.source.high);
  store_be64(out, 16, header.source.low);
  store_be64(out, 24, header.destination.high);
  store_be64(out, 32, header.destination.low);
}

void rewrite_ipv6(ByteSpan packet, std::uint8_t protocol, std::size_t total_bytes) {
  store_be16(packet, 4, static_cast<std::uint16_t>(total_bytes - ipv6_header_bytes));
  packet[6] = protocol;
}

// Sets a word of the IPv4 header and keeps the checksum in step.
void replace_word(ByteSpan packet, std::size_t at, std::uint16_t after) {
  store_be16(packet, 10, updated_checksum(load_be16(packet, 10), load_be16(packet, at), after));
  store_be16(packet, at, after);
}

}  // namespace

std::size_t OuterHeader::bytes() const {
  return ipv6 ? ipv6_header_bytes : ipv4_header_bytes;
}

void build_header(const OuterHeader& header, ByteSpan out) {
  if (header.ipv6) {
    build_ipv6(header, out);
  } else {
    build_ipv4(header, out);
  }
}

void build_udp(std::uint16_t source_port, std::uint16_t destination_port, std::size_t datagram_bytes,
               ByteSpan out) {
  store_be16(out, 0, source_port);
  store_be16(out, 2, destination_port);
  store_be16(out, 4, static_cast<std::uint16_t>(datagram_bytes));
  store_be16(out, 6, 0);
}

void rewrite_header(ByteSpan packet, std::size_t header_bytes, std::uint8_t protocol,
                    std::size_t total_bytes) {
  if (is_ipv6(packet)) {
    rewrite_ipv6(packet, protocol, total_bytes);
    return;
  }
  store_be16(packet, 2, static_cast<std::uint16_t>(total_bytes));
  packet[9] = protocol;
  store_be16(packet, 10, 0);
  store_be16(packet, 10, internet_checksum(packet.first(header_bytes)));
}

void update_header(ByteSpan packet, std::uint8_t protocol, std::size_t total_bytes) {
  if (is_ipv6(packet)) {
    rewrite_ipv6(packet, protocol, total_bytes);
    return;
  }
  replace_word(packet, 2, static_cast<std::uint16_t>(total_bytes));
  replace_word(packet, 8, static_cast<std::uint16_t>(packet[8] << 8U | protocol));
}

// HC' = ~(~HC + ~m + m')
std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace espgate::driver::software
