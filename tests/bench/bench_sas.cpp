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

// 2001:db8::n
IpAddress v6(std::uint8_t last) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  bytes.back() = last;
  return IpAddress::from_bytes(bytes).value();
}

constexpr std::uint32_t here = 0xc0000201;
constexpr std::uint32_t there = 0xc0000202;

}  // namespace

const char* name_of(SaMode mode) {
  switch (mode) {
    case SaMode::tunnel_v6_udp:
      return "tunnel-v6-udp";
    case SaMode::transport:
      return "transport";
    case SaMode::tunnel_v4:
      break;
  }
  return "tunnel-v4";
}

driver::OutboundSa outbound_sa(std::uint32_t n, SaMode mode) {
  driver::OutboundSa sa;
  sa.spi = 0x10000 + n;
  sa.key = key_of(n);
  sa.esn = true;
  sa.outer_source = IpAddress::v4(here);
  sa.outer_destination = IpAddress::v4(there);
  if (mode == SaMode::tunnel_v6_udp) {
    sa.outer_source = v6(1);
    sa.outer_destination = v6(2);
    sa.encapsulation = driver::UdpEncapsulation{};
  }
  sa.mode = mode == SaMode::transport ? driver::Mode::transport : driver::Mode::tunnel;
  sa.lease_limit = UINT64_MAX;
  sa.lease_low = UINT64_MAX;
  return sa;
}

driver::InboundSa inbound_sa(std::uint32_t n, SaMode mode) {
  driver::InboundSa sa;
  sa.spi = 0x10000 + n;
  sa.key = key_of(n);
  sa.esn = true;
  const bool ipv6 = mode == SaMode::tunnel_v6_udp;
  sa.outer_destination = ipv6 ? v6(2) : IpAddress::v4(there);
  sa.encapsulated = ipv6;
  sa.mode = mode == SaMode::transport ? driver::Mode::transport : driver::Mode::tunnel;
  sa.selectors.source = IpRange::whole(ipv6 ? IpFamily::v6 : IpFamily::v4);
  sa.selectors.destination = sa.selectors.source;
  return sa;
}

Bytes inner_packet(std::size_t bytes, SaMode mode) {
  constexpr std::uint8_t experimental = 253;  // RFC 3692
  Writer packet;
  if (mode == SaMode::tunnel_v6_udp) {
    packet.u32(0x60000000);
    packet.u16(static_cast<std::uint16_t>(bytes - 40));
    packet.u8(experimental);
    packet.u8(64);
    packet.bytes(v6(3).bytes());
    packet.bytes(v6(4).bytes());
    packet.zeros(bytes - packet.size());
    return std::move(packet).finish();
  }
  const bool transport = mode == SaMode::transport;
  packet.u16(0x4500);
  packet.u16(static_cast<std::uint16_t>(bytes));
  packet.u32(0x4000);  // ID 0, DF
  packet.u16(0x4011);  // hop limit 64, UDP
  packet.u16(0);
  packet.u32(transport ? here : 0x0a010002);
  packet.u32(transport ? there : 0x0a020002);
  packet.patch_u16(10, internet_checksum(packet.view()));
  packet.u32(0x13881388);
  packet.u16(static_cast<std::uint16_t>(bytes - 20));
  packet.zeros(bytes - packet.size());
  return std::move(packet).finish();
}

}  // namespace espgate::bench
