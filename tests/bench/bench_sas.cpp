#include "bench_sas.h"

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::bench {
namespace {

driver::AesGcmKey key_of(std::uint32_t n) {
  Bytes key(32, 0x5a);
  store_be32(key, 0, n);
  return {InlineSecret<32>(key), InlineSecret<4>(ByteView(key).first(4))};
}

}  // namespace

driver::OutboundSa outbound_sa(std::uint32_t n) {
  driver::OutboundSa sa;
  sa.spi = 0x10000 + n;
  sa.key = key_of(n);
  sa.esn = true;
  sa.outer_source = IpAddress::v4(0xc0000201);
  sa.outer_destination = IpAddress::v4(0xc0000202);
  sa.lease_limit = UINT64_MAX;
  sa.lease_low = UINT64_MAX;
  return sa;
}

driver::InboundSa inbound_sa(std::uint32_t n) {
  driver::InboundSa sa;
  sa.spi = 0x10000 + n;
  sa.key = key_of(n);
  sa.esn = true;
  sa.outer_destination = IpAddress::v4(0xc0000202);
  sa.selectors.source = IpRange::whole(IpFamily::v4);
  sa.selectors.destination = IpRange::whole(IpFamily::v4);
  return sa;
}

Bytes inner_packet(std::size_t bytes) {
  Writer packet;
  packet.u16(0x4500);
  packet.u16(static_cast<std::uint16_t>(bytes));
  packet.u32(0x4000);  // ID 0, DF
  packet.u16(0x4011);  // hop limit 64, UDP
  packet.u16(0);
  packet.u32(0x0a010002);
  packet.u32(0x0a020002);
  packet.patch_u16(10, internet_checksum(packet.view()));
  packet.u32(0x13881388);
  packet.u16(static_cast<std::uint16_t>(bytes - 20));
  packet.zeros(bytes - packet.size());
  return std::move(packet).finish();
}

}  // namespace espgate::bench
