#include "support/traffic.h"

#include <algorithm>

namespace espgate::driver::test {
namespace {

constexpr std::size_t longest = 16384;
// No row of this number or higher is ever in use; so nobody adds it while a request for it is on its way.
constexpr std::uint32_t unused_row = 250;

}  // namespace

Traffic::Traffic(std::uint64_t seed) : m_random(seed), m_sas(m_random, seed), m_packets(m_random) {
  while (m_flows.size() < flow_count) {
    const bool ipv6 = m_random.one_in(2);
    Flow flow{.spd = static_cast<std::uint8_t>(m_random.below(3)),
              .protocol = m_random.one_in(4) ? std::uint8_t{6} : std::uint8_t{17},
              .ports_known = !m_random.one_in(6),
              .source_port = 0,
              .destination_port = 0,
              .source = address_in(Net::clients, ipv6, m_random.u32() % 6),
              .destination = address_in(Net::remote, ipv6, m_random.u32() % 6)};
    if (flow.ports_known) {
      flow.source_port = static_cast<std::uint16_t>(m_random.below(20));
      flow.destination_port = static_cast<std::uint16_t>(m_random.below(20));
    }
    // Unique also without the SPD, so that a packet of one flow never meets what is cached for another.
    const auto same = [&](Flow other) {
      other.spd = flow.spd;
      return other == flow;
    };
    if (std::ranges::none_of(m_flows, same)) {
      m_flows.push_back(flow);
    }
  }
}

void Traffic::removed(Direction direction, std::uint32_t row) {
  if (direction == Direction::outbound) {
    m_outbound.erase(row);
  } else {
    m_inbound.erase(row);
  }
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

Packet Traffic::outbound_packet(std::uint32_t row) {
  const OutboundSa& sa = m_outbound.at(row);
  Packet packet{.sa = m_random.one_in(50) ? unused_row + (m_random.u32() >> m_random.below(32)) : row,
                .bytes = {},
                .kind = RequestKind::protect,
                .spd = 0,
                .tfc_bytes = longest};
  const std::size_t kind = m_random.below(20);
  if (kind == 0) {
    packet.kind = RequestKind::dummy;
    packet.bytes = m_random.one_in(30)   ? Bytes{}
                   : m_random.one_in(60) ? Bytes(longest + m_random.below(3))
                                         : m_random.bytes(m_random.between(1, 300));
    return packet;
  }
  if (kind <= 5) {
    const Flow& flow = any_flow();
    packet.kind = RequestKind::lookup;
    packet.spd = flow.spd;
    packet.bytes = m_packets.packet_of(flow);
  } else {
    const bool transport = sa.mode == Mode::transport;
    const bool ipv6 = transport && !m_random.one_in(20) ? !sa.outer_source.is_v4() : m_random.one_in(2);
    // Few enough fragments that transport mode carries something.
    packet.bytes = m_packets.packet({.ipv6 = ipv6,
                                     .fragments = !transport || m_random.one_in(3),
                                     .extensions = !transport || m_random.one_in(3)});
  }
  if (m_random.one_in(12)) {
    packet.bytes = m_packets.damaged(std::move(packet.bytes));
  }
  return packet;
}

std::vector<Packet> Traffic::outbound_batch(std::size_t count) {
  std::vector<Packet> batch;
  for (const std::uint32_t row : rows(m_outbound, count)) {
    batch.push_back(outbound_packet(row));
  }
  return batch;
}

// An inner packet that stands near the selectors' edges, and sometimes is none.
Bytes Traffic::tunnelled(const InboundSa& sa) {
  const bool ipv6 = !sa.selectors.source.first.is_v4() != m_random.one_in(40);
  PacketMaker::Shape shape{.ipv6 = ipv6, .source = Net::remote, .destination = Net::clients};
  if (sa.selectors.protocol && !m_random.one_in(6)) {
    shape.protocol = sa.selectors.protocol;
  }
  Bytes inner = m_packets.packet(shape);
  const std::size_t length_at = ipv6 ? 4 : 2;
  switch (m_random.below(30)) {
    case 0:  // the inner header is wrong
      inner[m_random.below(8)] = m_random.u8();
      break;
    case 1:
      inner.resize(m_random.below(44));
      break;
    case 2:
    case 3:  // traffic flow confidentiality padding
      inner.resize(inner.size() + m_random.below(m_random.one_in(3) ? 900 : 100), m_random.u8());
      break;
    case 4:
      store_be16(inner, length_at, static_cast<std::uint16_t>(m_random.below(inner.size() + 3)));
      break;
    default:
      break;
  }
  return inner;
}

// What the sender encrypts: a packet or its upper layer with a trailer, or something that no good sender
// makes.
Bytes Traffic::plaintext(const InboundSa& sa) {
  const bool transport = sa.mode == Mode::transport;
  const Bytes payload = transport ? m_packets.upper_layer(m_packets.size()) : tunnelled(sa);
  std::uint8_t next_header = payload.empty() || payload.front() >> 4U != 6 ? 4 : 41;
  if (transport) {
    next_header =
        sa.selectors.protocol && !m_random.one_in(6) ? *sa.selectors.protocol : random_protocol(m_random);
  }
  const std::size_t kind = m_random.below(30);
  next_header = kind == 0 ? 59 : kind == 1 ? m_random.u8() : next_header;
  Bytes text = with_trailer(payload, next_header, m_random.one_in(5) ? m_random.below(64) : 0);
  const std::size_t padding = text[text.size() - 2];
  if (kind == 2 && padding > 0) {
    text[text.size() - 2 - m_random.between(1, padding)] ^=
        static_cast<std::uint8_t>(m_random.between(1, 255));
  } else if (kind == 3) {
    text[text.size() - 2] = m_random.u8();
  } else if (kind == 4) {
    text = {m_random.one_in(2) ? std::uint8_t{1} : m_random.u8(), 2,
            static_cast<std::uint8_t>(m_random.below(5)), next_header};
  }
  return text;
}

// The sender's next number mostly; else one at the edges of the window, or a few numbers on. Never a jump of
// 2^31: what engines may answer then depends on what is in flight.
std::uint64_t Traffic::sequence(Peer& peer) {
  std::uint64_t number = peer.next;
  const std::size_t window = peer.sa.replay_window;
  switch (m_random.below(12)) {
    case 0:
    case 1: {
      const std::uint64_t back =
          m_random.one_in(2) ? m_random.between(window - 3, window + 5) : m_random.between(1, window);
      number = peer.next > back ? peer.next - back : peer.next;
      break;
    }
    case 2:
      number = peer.next + m_random.below(m_random.one_in(4) ? 2 * window : 130);
      break;
    default:
      break;
  }
  // A sender stops at the last number; what follows are replays.
  const std::uint64_t last = peer.sa.esn ? UINT64_MAX : UINT32_MAX;
  if (number > last || number < peer.next - std::min(peer.next, std::uint64_t{window + 8})) {
    number = last - m_random.below(80);
  }
  if (number >= peer.next) {
    peer.next = number + 1 == 0 ? number : number + 1;
  }
  return number;
}

EspSpec Traffic::sealed(const Peer& peer) {
  const InboundSa& sa = peer.sa;
  EspSpec spec{.key = sa.key, .cipher = sa.cipher, .esn = sa.esn, .spi = sa.spi};
  spec.plaintext = plaintext(sa);
  const bool ipv6 = !sa.outer_destination.is_v4() != m_random.one_in(150);
  const IpAddress source = address_in(Net::peers, ipv6, m_random.u32() % 14);
  const IpAddress destination = address_in(Net::ours, ipv6, m_random.one_in(100) ? 2 : 1);
  if (ipv6) {
    spec.outer6 = Ipv6Spec{.traffic_class = m_random.u8(),
                           .flow_label = m_random.u32() & 0xfffffU,
                           .hop_limit = m_random.u8(),
                           .source = source,
                           .destination = destination};
    if (m_random.one_in(60)) {
      spec.outer6->extensions = {{.type = 60, .units = m_random.between(1, 4)}};
    }
  } else {
    spec.outer = {.tos = m_random.u8(),
                  .identification = m_random.u16(),
                  .fragment = 0x4000,
                  .hop_limit = m_random.u8()};
    spec.outer.source = source.to_v4();
    spec.outer.destination = destination.to_v4();
    spec.outer.option_words = m_random.one_in(8) ? m_random.below(11) : 0;
  }
  if (sa.encapsulated != m_random.one_in(100)) {
    spec.encapsulation = UdpEncapsulation{.source_port = m_random.u16(), .destination_port = 4500};
  }
  if (m_random.one_in(100)) {
    spec.plaintext.resize(spec.plaintext.size() + m_random.between(1, 3));
  }
  return spec;
}

const Flow& Traffic::any_flow() {
  std::size_t n = m_random.below(m_flows.size() / 2) * 2;
  n += m_spared ? 1 - *m_spared : m_random.below(2);
  return m_flows[n];
}

Bytes Traffic::cleartext(std::uint8_t& spd) {
  const Flow& flow = any_flow();
  spd = flow.spd;
  Bytes packet = m_packets.packet_of(flow);
  if (m_random.one_in(10)) {
    packet = ipv4({.payload = udp(m_random.u16(), m_random.one_in(2) ? 500 : 4500, m_random.below(40))});
  }
  return m_random.one_in(10) ? m_packets.damaged(std::move(packet)) : packet;
}

Bytes Traffic::inbound_packet(std::uint32_t row, std::uint8_t& spd, Sent& sent) {
  Peer& peer = m_inbound.at(row);
  if (m_random.one_in(12)) {
    return cleartext(spd);
  }
  if (!peer.sent.empty() && m_random.one_in(15)) {
    return peer.sent[m_random.below(peer.sent.size())];
  }
  EspSpec spec = sealed(peer);
  spec.sequence = sequence(peer);
  Bytes packet = esp(spec);
  if (peer.sent.size() < 8) {
    peer.sent.push_back(packet);
  } else if (m_random.one_in(4)) {
    peer.sent[m_random.below(peer.sent.size())] = packet;
  }
  if (m_random.one_in(6)) {
    return corrupted(std::move(packet), spec.encapsulation.has_value());
  }
  sent = {.row = row, .sequence = spec.sequence, .intact = true};
  return packet;
}

// One field of the packet on the wire is not what it was.
Bytes Traffic::corrupted(Bytes packet, bool encapsulated) {
  const bool ipv6 = packet[0] >> 4U == 6;
  const std::size_t ip_bytes = ipv6 ? 40 : std::size_t{packet[0] & 0x0fU} * 4;
  const std::size_t esp_at = ip_bytes + (encapsulated ? 8 : 0);
  const auto flip = [&](std::size_t at, std::size_t count) {
    packet[at + m_random.below(count)] ^= static_cast<std::uint8_t>(1U << m_random.below(8));
  };
  switch (m_random.below(12)) {
    case 0:
    case 1:  // any field of the IP header
      flip(0, ip_bytes);
      break;
    case 2:  // UDP, or SPI where there is none
      flip(ip_bytes, 8);
      break;
    case 3:  // SPI and sequence number
      flip(esp_at, 8);
      break;
    case 4:  // a sequence number that may lie before 0, or beyond 2^32
      store_be32(packet, esp_at + 4, 0xffffff00U | m_random.u8());
      break;
    case 5:  // IV
      flip(esp_at + 8, 8);
      break;
    case 6:
    case 7:  // ciphertext
      if (packet.size() > esp_at + 32) {
        flip(esp_at + 16, packet.size() - esp_at - 32);
      }
      break;
    case 8:  // ICV
      flip(packet.size() - 16, 16);
      break;
    case 9:  // IKE, a keep-alive, or a shortened packet whose length fields fit
      packet.resize(std::min(packet.size(), esp_at + m_random.below(40)));
      if (packet.size() >= esp_at + 4 && m_random.one_in(2)) {
        std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(esp_at), 4, std::uint8_t{0});
      }
      store_be16(packet, ipv6 ? 4 : 2, static_cast<std::uint16_t>(packet.size() - (ipv6 ? 40 : 0)));
      if (encapsulated) {
        store_be16(packet, esp_at - 4, static_cast<std::uint16_t>(packet.size() - esp_at + 8));
      }
      break;
    default:
      packet = m_packets.damaged(std::move(packet));
      break;
  }
  return packet;
}

Traffic::Inbound Traffic::inbound_batch(std::size_t count) {
  Inbound batch;
  for (const std::uint32_t row : rows(m_inbound, count)) {
    Packet& packet = batch.packets.emplace_back();
    Sent& sent = batch.sent.emplace_back();
    packet.spd = m_random.u8();
    packet.bytes = inbound_packet(row, packet.spd, sent);
  }
  return batch;
}

}  // namespace espgate::driver::test
