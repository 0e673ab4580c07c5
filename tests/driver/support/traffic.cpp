#include "support/traffic.h"

#include <algorithm>
#include <array>

namespace espgate::driver::test {
namespace {

constexpr std::uint32_t our_address = 0xc0000201;
constexpr std::uint32_t client_net = 0x0a010000;
constexpr std::uint32_t remote_net = 0x0a020000;
constexpr std::array<std::uint8_t, 9> protocols{6, 17, 17, 1, 33, 132, 136, 47, 4};

}  // namespace

void Traffic::removed(Direction direction, std::uint32_t row) {
  if (direction == Direction::outbound) {
    m_outbound.erase(row);
  } else {
    m_inbound.erase(row);
  }
}

AesGcmKey Traffic::key() {
  return {.key = InlineSecret<32>(m_random.bytes(m_random.one_in(2) ? 16 : 32)),
          .salt = InlineSecret<4>(m_random.bytes(4))};
}

OutboundSa Traffic::make_outbound_sa() {
  OutboundSa sa;
  sa.spi = m_random.u32() | 0x100;
  sa.key = key();
  sa.esn = m_random.one_in(2);
  sa.outer_source = IpAddress::v4(m_random.u32() | 1);
  sa.outer_destination = IpAddress::v4(m_random.u32() | 1);
  if (m_random.one_in(3)) {
    sa.encapsulation = UdpEncapsulation{.source_port = static_cast<std::uint16_t>(m_random.u16() | 1),
                                        .destination_port = static_cast<std::uint16_t>(m_random.u16() | 1)};
  }
  sa.df = static_cast<DfPolicy>(m_random.below(3));
  if (m_random.one_in(2)) {
    sa.dscp = static_cast<std::uint8_t>(m_random.below(64));
  }
  sa.hop_limit = static_cast<std::uint8_t>(m_random.between(1, 255));
  const std::uint64_t last = sa.esn ? UINT64_MAX : std::uint64_t{UINT32_MAX} + 1;
  switch (m_random.below(5)) {
    case 0:  // about to run out of numbers, or of 32 bits
      sa.next_sequence =
          sa.esn && m_random.one_in(2) ? UINT64_MAX - m_random.below(20) : UINT32_MAX - m_random.below(30);
      break;
    case 1:
      sa.next_sequence = sa.esn ? m_random.u64() >> 1 | 1 : m_random.u32() | 1U;
      break;
    default:
      break;
  }
  const std::uint64_t room = last - sa.next_sequence;
  sa.lease_limit =
      sa.next_sequence + std::min(room, std::uint64_t{m_random.below(m_random.one_in(2) ? 40 : 4000)});
  sa.lease_low = sa.lease_limit - m_random.below(sa.lease_limit - sa.next_sequence + 2);
  return sa;
}

IpRange Traffic::range(std::uint32_t around) {
  switch (m_random.below(6)) {
    case 0:
      return {IpAddress::v4(around + static_cast<std::uint32_t>(m_random.below(4))),
              IpAddress::v4(around + 12)};
    case 1:
      return {IpAddress::v4(around), IpAddress::v4(around + 0xffff)};
    default:
      return IpRange::whole(IpFamily::v4);
  }
}

InboundSa Traffic::make_inbound_sa() {
  InboundSa sa;
  sa.spi = m_random.u32() | 0x100;
  sa.key = key();
  sa.esn = m_random.one_in(2);
  sa.outer_destination = IpAddress::v4(our_address);
  sa.encapsulated = m_random.one_in(3);
  sa.selectors.source = range(remote_net);
  sa.selectors.destination = range(client_net);
  if (m_random.one_in(5)) {
    sa.selectors.protocol = protocols.at(m_random.below(protocols.size()));
  }
  if (m_random.one_in(6)) {
    sa.selectors.source_port_first = static_cast<std::uint16_t>(m_random.below(4));
    sa.selectors.source_port_last = static_cast<std::uint16_t>(m_random.between(6, 9));
  }
  if (m_random.one_in(6)) {
    sa.selectors.destination_port_first = static_cast<std::uint16_t>(m_random.below(4));
    sa.selectors.destination_port_last = m_random.one_in(2) ? 65535 : 7;
  }
  sa.replay_check = !m_random.one_in(6);
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
  return sa;
}

template <typename Map>
std::vector<std::uint32_t> Traffic::rows(const Map& from, std::size_t count) {
  std::vector<std::uint32_t> all;
  for (const auto& [row, sa] : from) {
    all.push_back(row);
  }
  std::vector<std::uint32_t> order;
  if (all.empty()) {
    return order;
  }
  const std::size_t pattern = m_random.below(4);
  while (order.size() < count) {
    const std::uint32_t row = all[pattern == 0 ? order.size() % all.size() : m_random.below(all.size())];
    const std::size_t repeat = pattern == 2   ? m_random.between(1, 16)
                               : pattern == 3 ? m_random.between(50, 200)
                                              : 1;
    order.insert(order.end(), std::min(repeat, count - order.size()), row);
  }
  return order;
}

// Bytes of an IPv4 packet. Lengths of every remainder modulo the 64 bytes of a beat come in turn.
std::size_t Traffic::size() {
  const std::size_t remainder = m_sizes++ % 64;
  const std::size_t kind = m_random.below(100);
  const std::size_t beats = kind < 50   ? m_random.below(4)
                            : kind < 85 ? m_random.below(12)
                            : kind < 97 ? m_random.below(24)
                            : kind < 99 ? m_random.below(141)
                                        : m_random.below(256);
  return std::max<std::size_t>(20, beats * 64 + remainder);
}

Ipv4Spec Traffic::header() {
  Ipv4Spec spec;
  spec.tos = m_random.u8();
  spec.identification = m_random.u16();
  spec.fragment = m_random.one_in(3) ? 0x4000 : 0;
  if (m_random.one_in(12)) {
    spec.fragment =
        static_cast<std::uint16_t>(spec.fragment | (m_random.one_in(2) ? 0x2000 : m_random.u16() & 0x3fff));
  }
  spec.hop_limit = m_random.u8();
  spec.protocol = m_random.one_in(15) ? m_random.u8() : protocols.at(m_random.below(protocols.size()));
  spec.option_words = m_random.one_in(8) ? m_random.below(11) : 0;
  return spec;
}

Bytes Traffic::inner() {
  Ipv4Spec spec = header();
  spec.source = m_random.u32();
  spec.destination = m_random.u32();
  const std::size_t bytes = size();
  spec.option_words = std::min(spec.option_words, (bytes - 20) / 4);
  spec.payload = m_random.bytes(bytes - 20 - 4 * spec.option_words);
  return ipv4(spec);
}

// An inner packet that stands near the selectors' edges.
Bytes Traffic::inbound_inner(const InboundSa& sa) {
  Ipv4Spec spec = header();
  spec.source = remote_net + static_cast<std::uint32_t>(m_random.one_in(20) ? m_random.u16() + 0xff00U
                                                                            : m_random.below(14));
  spec.destination = client_net + static_cast<std::uint32_t>(m_random.one_in(20) ? m_random.u16() + 0xff00U
                                                                                 : m_random.below(14));
  if (sa.selectors.protocol && !m_random.one_in(6)) {
    spec.protocol = *sa.selectors.protocol;
  }
  const std::size_t bytes = size();
  spec.option_words = std::min(spec.option_words, (bytes - 20) / 4);
  spec.payload = m_random.bytes(bytes - 20 - 4 * spec.option_words);
  if (spec.payload.size() >= 4) {
    store_be16(spec.payload, 0, static_cast<std::uint16_t>(m_random.below(11)));
    store_be16(spec.payload, 2, static_cast<std::uint16_t>(m_random.below(11)));
  }
  return ipv4(spec);
}

Bytes Traffic::outbound_packet() {
  Bytes packet = inner();
  switch (m_random.below(40)) {
    case 0:
      packet[0] = m_random.u8();
      break;
    case 1:
      store_be16(packet, 2, static_cast<std::uint16_t>(load_be16(packet, 2) + m_random.between(1, 60)));
      break;
    case 2:
      store_be16(packet, 2, static_cast<std::uint16_t>(m_random.below(packet.size() + 1)));
      break;
    case 3:
      packet.resize(m_random.below(packet.size() + 1));
      break;
    case 4:
    case 5:
      packet.resize(packet.size() + m_random.between(1, 130), 0xcc);
      break;
    case 6:
      packet = noise();
      break;
    case 7:
      if (m_random.one_in(10)) {
        packet.resize(16384 + m_random.below(3), 0xcc);
      }
      break;
    default:
      break;
  }
  return packet;
}

std::vector<Packet> Traffic::outbound_batch(std::size_t count) {
  std::vector<Packet> batch;
  for (const std::uint32_t row : rows(m_outbound, count)) {
    batch.push_back(
        {.sa = m_random.one_in(50) ? m_random.u32() >> m_random.below(32) : row, .bytes = outbound_packet()});
  }
  return batch;
}

Bytes Traffic::noise() {
  Bytes packet = m_random.bytes(m_random.below(300));
  if (!packet.empty() && !m_random.one_in(4)) {
    packet[0] = static_cast<std::uint8_t>(0x40 | (m_random.one_in(2) ? 5 : m_random.below(16)));
  }
  if (packet.size() >= 20 && !m_random.one_in(4)) {
    store_be16(packet, 2, static_cast<std::uint16_t>(packet.size() - m_random.below(4)));
    packet[9] = m_random.one_in(2) ? 50 : 17;
    if (m_random.one_in(2)) {
      store_be16(packet, 6, 0);
    }
    if (packet.size() >= 24 && packet[9] == 17) {
      store_be16(packet, 22, 4500);
    }
  }
  return packet;
}

// What the sender encrypts: a packet with its trailer, or something that no good sender makes.
Bytes Traffic::plaintext(const InboundSa& sa) {
  Bytes inner = inbound_inner(sa);
  const std::size_t kind = m_random.below(30);
  if (kind == 0) {  // the inner header is wrong
    inner[m_random.below(4)] = m_random.u8();
  } else if (kind == 1) {
    inner.resize(m_random.below(24));
  } else if (kind <= 3) {  // traffic flow confidentiality padding
    inner.resize(inner.size() + m_random.below(200), m_random.u8());
  } else if (kind == 4) {
    store_be16(inner, 2, static_cast<std::uint16_t>(m_random.below(inner.size() + 3)));
  }
  const std::uint8_t next_header = kind == 5 ? 59 : kind == 6 ? m_random.u8() : 4;
  Bytes text = with_trailer(inner, next_header, m_random.one_in(5) ? m_random.below(64) : 0);
  const std::size_t padding = text[text.size() - 2];
  if (kind == 7 && padding > 0) {
    text[text.size() - 2 - m_random.between(1, padding)] ^=
        static_cast<std::uint8_t>(m_random.between(1, 255));
  } else if (kind == 8) {
    text[text.size() - 2] = m_random.u8();
  } else if (kind == 9) {
    text = {m_random.one_in(2) ? std::uint8_t{1} : m_random.u8(), 2,
            static_cast<std::uint8_t>(m_random.below(5)), 4};
  }
  return text;
}

// The sender's next number mostly; else one at the edges of the window, or a few numbers on. Never a jump of
// 2^31: what engines may answer then depends on what is in flight.
std::uint64_t Traffic::sequence(Peer& peer) {
  std::uint64_t number = peer.next;
  const std::size_t kind = m_random.below(12);
  if (kind <= 1) {
    const std::uint64_t back = kind == 0 ? m_random.between(61, 69) : m_random.between(1, 64);
    number = peer.next > back ? peer.next - back : peer.next;
  } else if (kind == 2) {
    number = peer.next + m_random.below(130);
  }
  // A sender without ESN stops at the last number; what follows are replays.
  if (!peer.sa.esn && number > UINT32_MAX) {
    number = UINT32_MAX - m_random.below(80);
  }
  if (number >= peer.next) {
    peer.next = number + 1;
  }
  return number;
}

Bytes Traffic::inbound_packet(Peer& peer) {
  if (!peer.sent.empty() && m_random.one_in(15)) {
    return peer.sent[m_random.below(peer.sent.size())];
  }
  EspSpec spec{.key = peer.sa.key, .esn = peer.sa.esn, .spi = peer.sa.spi};
  spec.sequence = sequence(peer);
  spec.plaintext = plaintext(peer.sa);
  spec.outer = {
      .tos = m_random.u8(), .identification = m_random.u16(), .fragment = 0x4000, .hop_limit = m_random.u8()};
  spec.outer.source = m_random.u32();
  spec.outer.destination = m_random.one_in(100) ? our_address + 1 : our_address;
  spec.outer.option_words = m_random.one_in(8) ? m_random.below(11) : 0;
  if (peer.sa.encapsulated != m_random.one_in(100)) {
    spec.encapsulation = UdpEncapsulation{.source_port = m_random.u16(), .destination_port = 4500};
  }
  if (m_random.one_in(100)) {
    spec.plaintext.resize(spec.plaintext.size() + m_random.between(1, 3));
  }
  Bytes packet = esp(spec);
  if (peer.sent.size() < 8) {
    peer.sent.push_back(packet);
  } else if (m_random.one_in(4)) {
    peer.sent[m_random.below(peer.sent.size())] = packet;
  }
  return m_random.one_in(5) ? corrupted(std::move(packet), spec.encapsulation.has_value()) : packet;
}

// One field of the packet on the wire is not what it was.
Bytes Traffic::corrupted(Bytes packet, bool encapsulated) {
  const std::size_t esp_at = std::size_t{packet[0] & 0x0fU} * 4 + (encapsulated ? 8 : 0);
  const auto flip = [&](std::size_t at, std::size_t count) {
    packet[at + m_random.below(count)] ^= static_cast<std::uint8_t>(1U << m_random.below(8));
  };
  switch (m_random.below(18)) {
    case 0:  // version and header length
      flip(0, 1);
      break;
    case 1:
      flip(1, 1);
      break;
    case 2:
      store_be16(packet, 2, static_cast<std::uint16_t>(load_be16(packet, 2) - 4 + m_random.below(9)));
      break;
    case 3:
      flip(6, 2);
      break;
    case 4:
      packet[9] = m_random.one_in(2) ? m_random.u8() : std::uint8_t{17};
      break;
    case 5:
      flip(12, 8);
      break;
    case 6:  // SPI
      flip(esp_at, 4);
      break;
    case 7:  // sequence number
      flip(esp_at + 4, 4);
      break;
    case 8:  // sequence number: one that may lie before 0, or beyond 2^32
      store_be32(packet, esp_at + 4, 0xffffff00U | m_random.u8());
      break;
    case 9:  // IV
      flip(esp_at + 8, 8);
      break;
    case 10:
    case 11:  // ciphertext
      flip(esp_at + 16, packet.size() - esp_at - 32);
      break;
    case 12:  // ICV
      flip(packet.size() - 16, 16);
      break;
    case 13:  // UDP, or SPI where there is none
      flip(esp_at - (encapsulated ? 8 : 0), 8);
      break;
    case 14:  // truncated in flight
      packet.resize(m_random.below(packet.size()));
      break;
    case 15:  // padded by the link
      packet.resize(packet.size() + m_random.between(1, 130), m_random.u8());
      break;
    case 16:  // IKE, a keep-alive, or a shortened packet whose length fields fit
      packet.resize(std::min(packet.size(), esp_at + m_random.below(40)));
      if (packet.size() >= esp_at + 4 && m_random.one_in(2)) {
        std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(esp_at), 4, std::uint8_t{0});
      }
      store_be16(packet, 2, static_cast<std::uint16_t>(packet.size()));
      if (encapsulated) {
        store_be16(packet, esp_at - 4, static_cast<std::uint16_t>(packet.size() - esp_at + 8));
      }
      break;
    default:
      if (m_random.one_in(8)) {
        packet.resize(16384 + m_random.below(3), 0xcc);
      } else {
        packet = noise();
      }
      break;
  }
  return packet;
}

std::vector<Packet> Traffic::inbound_batch(std::size_t count) {
  std::vector<Packet> batch;
  for (const std::uint32_t row : rows(m_inbound, count)) {
    batch.push_back({.sa = 0, .bytes = inbound_packet(m_inbound.at(row))});
  }
  return batch;
}

}  // namespace espgate::driver::test
