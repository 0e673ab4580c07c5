#include "support/traffic_packets.h"

#include <algorithm>
#include <array>

namespace espgate::driver::test {
namespace {

constexpr std::size_t longest = 16384;

}  // namespace

std::size_t PacketMaker::size() {
  const std::size_t remainder = m_sizes++ % 64;
  const std::size_t kind = m_random.below(200);
  const std::size_t beats = kind < 130   ? m_random.below(4)
                            : kind < 180 ? m_random.below(10)
                            : kind < 197 ? m_random.below(24)
                            : kind < 199 ? m_random.below(141)
                                         : m_random.below(256);
  return beats * 64 + remainder;
}

// Mostly near the edges of the selectors.
IpAddress PacketMaker::host(Net net, bool ipv6) {
  return address_in(net, ipv6,
                    static_cast<std::uint32_t>(m_random.one_in(20) ? m_random.between(0xfd00, 0x10000)
                                                                   : m_random.below(14)));
}

Bytes PacketMaker::upper_layer(std::size_t bytes) {
  Bytes payload = m_random.bytes(bytes);
  for (std::size_t at = 0; at + 2 <= std::min<std::size_t>(payload.size(), 4); at += 2) {
    store_be16(payload, at, static_cast<std::uint16_t>(m_random.below(11)));
  }
  return payload;
}

std::vector<ExtensionSpec> PacketMaker::extensions(bool fragments) {
  constexpr std::array<std::uint8_t, 4> types{0, 43, 60, 60};
  std::vector<ExtensionSpec> chain;
  for (std::size_t count = m_random.between(1, m_random.one_in(4) ? 5 : 2); count > 0; --count) {
    ExtensionSpec extension{.type = types.at(m_random.below(types.size())),
                            .units = m_random.one_in(4) ? m_random.between(1, 5) : 1};
    if (fragments && m_random.one_in(4)) {
      extension = {
          .type = 44, .units = 1, .fragment = m_random.one_in(2) ? std::uint16_t{0} : m_random.u16()};
      extension.fragment = m_random.one_in(2) ? extension.fragment & 7U : extension.fragment;
    }
    chain.push_back(extension);
  }
  return chain;
}

Bytes PacketMaker::packet(const Shape& shape) {
  const std::size_t bytes = size();
  const std::uint8_t protocol = shape.protocol.value_or(random_protocol(m_random));
  if (shape.ipv6) {
    Ipv6Spec spec{.traffic_class = m_random.u8(),
                  .flow_label = m_random.u32() & 0xfffffU,
                  .hop_limit = m_random.u8(),
                  .protocol = protocol,
                  .source = host(shape.source, true),
                  .destination = host(shape.destination, true)};
    if (shape.extensions && m_random.one_in(4)) {
      spec.extensions = extensions(shape.fragments);
    }
    std::size_t headers = 40;
    for (const ExtensionSpec& extension : spec.extensions) {
      headers += 8 * extension.units;
    }
    spec.payload = upper_layer(bytes > headers ? bytes - headers : 0);
    return ipv6(spec);
  }
  Ipv4Spec spec{.tos = m_random.u8(), .identification = m_random.u16(), .hop_limit = m_random.u8()};
  spec.fragment = m_random.one_in(3) ? 0x4000 : 0;
  if (shape.fragments && m_random.one_in(12)) {
    spec.fragment =
        static_cast<std::uint16_t>(spec.fragment | (m_random.one_in(2) ? 0x2000 : m_random.u16() & 0x3fff));
  }
  spec.protocol = protocol;
  spec.source = host(shape.source, false).to_v4();
  spec.destination = host(shape.destination, false).to_v4();
  spec.option_words = shape.extensions && m_random.one_in(8) ? m_random.below(11) : 0;
  const std::size_t headers = 20 + 4 * spec.option_words;
  spec.payload = upper_layer(bytes > headers ? bytes - headers : 0);
  return ipv4(spec);
}

Bytes PacketMaker::packet_of(const Flow& flow) {
  Bytes payload = m_random.bytes(flow.ports_known ? m_random.between(4, 300) : m_random.below(2));
  if (flow.ports_known) {
    store_be16(payload, 0, flow.source_port);
    store_be16(payload, 2, flow.destination_port);
  }
  if (flow.source.is_v4()) {
    return ipv4({.tos = m_random.u8(),
                 .protocol = flow.protocol,
                 .source = flow.source.to_v4(),
                 .destination = flow.destination.to_v4(),
                 .option_words = m_random.one_in(10) ? m_random.below(11) : 0,
                 .payload = payload});
  }
  Ipv6Spec spec{.traffic_class = m_random.u8(),
                .protocol = flow.protocol,
                .source = flow.source,
                .destination = flow.destination,
                .payload = payload};
  if (m_random.one_in(10)) {
    spec.extensions = extensions(m_random.one_in(3));
  }
  return ipv6(spec);
}

Bytes PacketMaker::noise() {
  Bytes packet = m_random.bytes(m_random.below(300));
  if (packet.size() < 48 || m_random.one_in(4)) {
    return packet;
  }
  const std::uint8_t protocol = m_random.one_in(2) ? 50 : 17;
  const auto slack = m_random.below(4);
  if (m_random.one_in(2)) {
    packet[0] = static_cast<std::uint8_t>(0x40 | (m_random.one_in(2) ? 5 : m_random.below(16)));
    store_be16(packet, 2, static_cast<std::uint16_t>(packet.size() - slack));
    store_be16(packet, 6, m_random.one_in(2) ? 0 : m_random.u16());
    packet[9] = protocol;
    store_be16(packet, 22, m_random.one_in(2) ? 4500 : m_random.u16());
  } else {
    packet[0] = static_cast<std::uint8_t>(0x60 | m_random.below(16));
    store_be16(packet, 4, static_cast<std::uint16_t>(packet.size() - 40 - slack));
    packet[6] = m_random.one_in(4) ? m_random.u8() : protocol;
    store_be16(packet, 42, m_random.one_in(2) ? 4500 : m_random.u16());
  }
  return packet;
}

Bytes PacketMaker::damaged(Bytes packet) {
  const bool ipv6 = packet[0] >> 4U == 6;
  const std::size_t length_at = ipv6 ? 4 : 2;
  switch (m_random.below(9)) {
    case 0:
      packet[0] = m_random.u8();
      break;
    case 1:
      store_be16(packet, length_at,
                 static_cast<std::uint16_t>(load_be16(packet, length_at) + m_random.between(1, 60)));
      break;
    case 2:
      store_be16(packet, length_at, static_cast<std::uint16_t>(m_random.below(packet.size() + 1)));
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
    case 7:  // any byte of the first 64
      packet[m_random.below(std::min<std::size_t>(packet.size(), 64))] = m_random.u8();
      break;
    default:
      if (m_random.one_in(6)) {
        packet.resize(longest + m_random.below(3), 0xcc);
      }
      break;
  }
  return packet;
}

}  // namespace espgate::driver::test
