#include "support/traffic_sas.h"

#include <algorithm>
#include <array>

namespace espgate::driver::test {
namespace {

constexpr std::array<std::uint8_t, 13> protocols{6, 17, 17, 17, 1, 58, 135, 33, 132, 136, 47, 4, 51};
constexpr std::array<std::uint16_t, 8> windows{32, 33, 64, 64, 100, 1000, 2047, 2048};

}  // namespace

IpAddress address_in(Net net, bool ipv6, std::uint32_t n) {
  const auto number = static_cast<std::uint8_t>(net);
  if (!ipv6) {
    return IpAddress::v4(0x0a000000U + (std::uint32_t{number} << 16U) + 0x100 + n);
  }
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8, 0x00, number};
  store_be32(bytes, 12, n);
  return *IpAddress::from_bytes(bytes);
}

std::uint8_t random_protocol(Random& random) {
  return random.one_in(15) ? random.u8() : protocols.at(random.below(protocols.size()));
}

SaMaker::Kind SaMaker::kind_of(std::uint64_t n) {
  const std::uint64_t shape = n / 16 % 6;
  return {.cipher = n % 2 == 0 ? Cipher::aes_gcm_16 : Cipher::null_aes_gmac,
          .key_bytes = n / 2 % 2 == 0 ? std::size_t{16} : std::size_t{32},
          .esn = n / 4 % 2 == 0,
          .encapsulated = n / 8 % 2 == 0,
          .mode = shape < 4 ? Mode::tunnel : Mode::transport,
          .outer6 = shape % 2 == 0,
          .inner6 = shape < 4 ? shape / 2 == 0 : shape % 2 == 0};
}

AesGcmKey SaMaker::key(std::size_t bytes) {
  return {.key = InlineSecret<32>(m_random.bytes(bytes)), .salt = InlineSecret<4>(m_random.bytes(4))};
}

Lifetime SaMaker::lifetime() {
  Lifetime lifetime;
  if (m_random.one_in(4)) {
    lifetime.soft_packets = m_random.between(1, 30);
  }
  if (m_random.one_in(6)) {
    lifetime.hard_packets = m_random.between(20, 90);
  }
  if (m_random.one_in(6)) {
    lifetime.soft_bytes = m_random.between(1, 20'000);
  }
  if (m_random.one_in(8)) {
    lifetime.hard_bytes = m_random.between(5'000, 60'000);
  }
  return lifetime;
}

MacAddress SaMaker::mac() {
  MacAddress mac{};
  std::ranges::generate(mac, [&] { return m_random.u8(); });
  return mac;
}

void SaMaker::number(OutboundSa& sa) {
  const std::uint64_t last = sa.esn ? UINT64_MAX : std::uint64_t{UINT32_MAX} + 1;
  switch (m_random.below(5)) {
    case 0:  // about to run out of numbers, or of 32 bits
      sa.next_sequence =
          sa.esn && m_random.one_in(4) ? UINT64_MAX - m_random.below(20) : UINT32_MAX - m_random.below(15);
      break;
    case 1:
      sa.next_sequence = sa.esn ? m_random.u64() >> 1 | 1 : m_random.u32() | 1U;
      break;
    default:
      break;
  }
  const std::uint64_t room = last - sa.next_sequence;
  sa.lease_limit =
      sa.next_sequence + std::min(room, std::uint64_t{m_random.below(m_random.one_in(3) ? 40 : 4000)});
  sa.lease_low = sa.lease_limit - m_random.below(sa.lease_limit - sa.next_sequence + 2);
}

OutboundSa SaMaker::outbound() {
  const Kind kind = kind_of(m_made[0]++);
  OutboundSa sa;
  sa.spi = m_random.u32() | 0x100;
  sa.cipher = kind.cipher;
  sa.key = key(kind.key_bytes);
  sa.mode = kind.mode;
  sa.esn = kind.esn;
  sa.outer_source = address_in(Net::ours, kind.outer6, m_random.u32() % 4000);
  sa.outer_destination = address_in(Net::peers, kind.outer6, m_random.u32() % 4000);
  if (kind.encapsulated) {
    sa.encapsulation = UdpEncapsulation{.source_port = static_cast<std::uint16_t>(m_random.u16() | 1),
                                        .destination_port = static_cast<std::uint16_t>(m_random.u16() | 1)};
  }
  sa.df = static_cast<DfPolicy>(m_random.below(3));
  if (m_random.one_in(2)) {
    sa.dscp = static_cast<std::uint8_t>(m_random.below(64));
  }
  sa.hop_limit = static_cast<std::uint8_t>(m_random.between(1, 255));
  if (m_random.one_in(4)) {
    sa.tfc_bytes = static_cast<std::uint16_t>(m_random.between(1, m_random.one_in(10) ? 3000 : 300));
  }
  sa.next_hop = mac();
  sa.lifetime = lifetime();
  number(sa);
  return sa;
}

IpRange SaMaker::range(Net net, bool ipv6) {
  switch (m_random.below(6)) {
    case 0:
      return {address_in(net, ipv6, static_cast<std::uint32_t>(m_random.below(4))),
              address_in(net, ipv6, 12)};
    case 1:
      return {address_in(net, ipv6, 0), address_in(net, ipv6, 0xfe00)};
    default:
      return IpRange::whole(ipv6 ? IpFamily::v6 : IpFamily::v4);
  }
}

void SaMaker::ports(std::uint16_t& first, std::uint16_t& last) {
  switch (m_random.below(12)) {
    case 0:
      first = static_cast<std::uint16_t>(m_random.below(4));
      last = m_random.one_in(2) ? 65535 : static_cast<std::uint16_t>(m_random.between(6, 9));
      break;
    case 1:
      first = 65535;
      last = 0;
      break;
    default:
      break;
  }
}

void SaMaker::number(InboundSa& sa) {
  sa.replay_check = !m_random.one_in(6);
  sa.replay_window = windows.at(m_random.below(windows.size()));
  switch (m_random.below(6)) {
    case 0:  // just before or after a wrap of the low half
      sa.replay_top = sa.esn ? (std::uint64_t{m_random.u32()} << 32) + UINT32_MAX - 60 + m_random.below(160)
                             : UINT32_MAX - m_random.between(1, 300);
      break;
    case 1:
      sa.replay_top = sa.esn ? std::uint64_t{UINT32_MAX} - m_random.below(100) : m_random.below(100);
      break;
    case 2:
      sa.replay_top = sa.esn ? m_random.u64() : m_random.u32();
      break;
    case 3:
      sa.replay_top = sa.esn && m_random.one_in(4) ? UINT64_MAX - m_random.below(200) : m_random.below(70);
      break;
    default:
      break;
  }
}

InboundSa SaMaker::inbound() {
  const Kind kind = kind_of(m_made[1]++);
  InboundSa sa;
  sa.spi = m_random.u32() | 0x100;
  sa.cipher = kind.cipher;
  sa.key = key(kind.key_bytes);
  sa.mode = kind.mode;
  sa.esn = kind.esn;
  sa.outer_destination = address_in(Net::ours, kind.outer6, 1);
  sa.encapsulated = kind.encapsulated;
  const bool transport = kind.mode == Mode::transport;
  sa.selectors.source = range(transport ? Net::peers : Net::remote, kind.inner6);
  sa.selectors.destination = range(transport ? Net::ours : Net::clients, kind.inner6);
  if (m_random.one_in(5)) {
    sa.selectors.protocol = random_protocol(m_random);
  }
  ports(sa.selectors.source_port_first, sa.selectors.source_port_last);
  ports(sa.selectors.destination_port_first, sa.selectors.destination_port_last);
  sa.next_hop = mac();
  sa.lifetime = lifetime();
  number(sa);
  return sa;
}

}  // namespace espgate::driver::test
