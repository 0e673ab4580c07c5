#include "software/ipv4.h"

#include "base/checksum.h"
#include "base/reader.h"

namespace espgate::driver::software {
namespace {

constexpr std::uint16_t flag_dont_fragment = 0x4000;
constexpr std::uint16_t flag_more_fragments = 0x2000;
constexpr std::uint16_t fragment_offset_mask = 0x1fff;

}  // namespace

std::optional<Ipv4Header> parse_ipv4(ByteView frame) {
  Reader reader(frame);
  const std::uint8_t version_and_length = reader.u8();
  Ipv4Header header;
  header.header_bytes = std::size_t{version_and_length & 0x0fU} * 4;
  header.tos = reader.u8();
  header.total_bytes = reader.u16();
  reader.skip(2);  // identification
  const std::uint16_t fragment = reader.u16();
  header.dont_fragment = (fragment & flag_dont_fragment) != 0;
  header.more_fragments = (fragment & flag_more_fragments) != 0;
  header.fragment_offset = fragment & fragment_offset_mask;
  reader.skip(1);  // time to live
  header.protocol = reader.u8();
  reader.skip(2);  // checksum
  header.source = reader.u32();
  header.destination = reader.u32();
  if (!reader.ok() || (version_and_length >> 4) != 4 || header.header_bytes < ipv4_header_bytes ||
      header.total_bytes < header.header_bytes || header.total_bytes > frame.size()) {
    return std::nullopt;
  }
  return header;
}

void build_ipv4(const OuterHeader& header, ByteSpan out) {
  out[0] = 0x45;
  out[1] = header.tos;
  store_be16(out, 2, header.total_bytes);
  store_be16(out, 4, header.identification);
  store_be16(out, 6, header.dont_fragment ? flag_dont_fragment : std::uint16_t{0});
  out[8] = header.hop_limit;
  out[9] = header.protocol;
  store_be16(out, 10, 0);
  store_be32(out, 12, header.source);
  store_be32(out, 16, header.destination);
  store_be16(out, 10, internet_checksum(out.first(ipv4_header_bytes)));
}

}  // namespace espgate::driver::software
