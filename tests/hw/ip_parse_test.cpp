// esp_ip_parse against "Parsing an IP packet" of docs/developer/engine-behaviour.md, written down once more
// as a program that reads the packet from front to back.
#include <VIpParse.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hex.h"

namespace espgate::test {
namespace {

using Address = std::array<std::uint8_t, 16>;

struct Parsed {
  bool malformed = false;
  bool ipv6 = false;
  bool fragment = false;
  bool later_fragment = false;
  bool extensions = false;
  bool protocol_known = false;
  bool ports_known = false;
  bool window_exceeded = false;
  std::size_t upper_word = 0;
  bool upper_unit = false;  // only looked at when the protocol is known
  std::size_t total = 0;
  std::uint8_t tos = 0;
  bool df = false;
  std::uint8_t base_protocol = 0;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Address source{};
  Address destination{};

  bool operator==(const Parsed&) const = default;
};

std::string to_string(const Parsed& p) {
  if (p.malformed) {
    return "malformed";
  }
  return std::string(p.ipv6 ? "IPv6" : "IPv4") + (p.fragment ? " fragment" : "") +
         (p.later_fragment ? " later" : "") + (p.extensions ? " extensions" : "") +
         (p.protocol_known ? " protocol " + std::to_string(p.protocol) : " unknown protocol") +
         (p.ports_known ? " ports " + std::to_string(p.source_port) + " " + std::to_string(p.destination_port)
                        : "") +
         (p.window_exceeded ? " window exceeded" : "") + " upper " + std::to_string(p.upper_word) +
         (p.upper_unit ? " with 8 bytes" : "") + " total " + std::to_string(p.total) + " tos " +
         std::to_string(p.tos) + (p.df ? " df" : "") + " base " + std::to_string(p.base_protocol) + " " +
         to_hex(p.source) + " " + to_hex(p.destination);
}

const Parsed malformed_packet{.malformed = true};

std::size_t port_bytes(std::uint8_t protocol) {
  switch (protocol) {
    case 6:
    case 17:
    case 33:
    case 132:
    case 136:
      return 4;
    case 1:
    case 58:
      return 2;
    case 135:
      return 3;
    default:
      return 0;
  }
}

// The rest of the parse, once it is known where the upper layer stands.
void reference_ports(ByteView bytes, std::size_t upper, Parsed& p) {
  p.upper_word = std::min<std::size_t>(upper / 4, 16);
  const std::size_t size = port_bytes(p.protocol);
  if (!p.protocol_known) {
    p.window_exceeded = true;
    return;
  }
  p.upper_unit = upper + 8 <= p.total;
  if (p.later_fragment || size == 0 || upper + size > p.total) {
    return;
  }
  if (upper + size > 64) {
    p.window_exceeded = true;
    return;
  }
  p.ports_known = true;
  if (size == 4) {
    p.source_port = load_be16(bytes, upper);
    p.destination_port = load_be16(bytes, upper + 2);
  } else {
    p.source_port = size == 2 ? load_be16(bytes, upper) : static_cast<std::uint16_t>(bytes[upper + 2] << 8);
    p.destination_port = p.source_port;
  }
}

Parsed reference_ipv4(ByteView bytes, std::size_t length) {
  const std::size_t header = 4U * (bytes[0] & 15U);
  Parsed p{.protocol_known = true, .total = load_be16(bytes, 2), .tos = bytes[1]};
  if (length < 20 || header < 20 || p.total < header || p.total > length) {
    return malformed_packet;
  }
  const unsigned flags = load_be16(bytes, 6);
  p.df = (flags & 0x4000) != 0;
  p.later_fragment = (flags & 0x1fff) != 0;
  p.fragment = p.later_fragment || (flags & 0x2000) != 0;
  p.base_protocol = p.protocol = bytes[9];
  std::copy_n(bytes.begin() + 12, 4, p.source.begin() + 12);
  std::copy_n(bytes.begin() + 16, 4, p.destination.begin() + 12);
  reference_ports(bytes, header, p);
  return p;
}

Parsed reference_ipv6(ByteView bytes, std::size_t length) {
  const std::size_t payload = load_be16(bytes, 4);
  Parsed p{.ipv6 = true,
           .protocol_known = true,
           .total = 40 + payload,
           .tos = static_cast<std::uint8_t>((bytes[0] & 15) << 4 | bytes[1] >> 4),
           .df = true,
           .base_protocol = bytes[6],
           .protocol = bytes[6]};
  if (length < 40 || p.total > length || (payload == 0 && p.protocol == 0)) {
    return malformed_packet;
  }
  std::copy_n(bytes.begin() + 8, 16, p.source.begin());
  std::copy_n(bytes.begin() + 24, 16, p.destination.begin());
  std::size_t at = 40;
  while (p.protocol == 0 || p.protocol == 43 || p.protocol == 44 || p.protocol == 60) {
    p.extensions = true;
    if (at + 8 > p.total) {
      return malformed_packet;
    }
    if (at + 8 > 64) {
      p.protocol_known = false;
      break;
    }
    const bool is_fragment = p.protocol == 44;
    p.protocol = bytes[at];
    const std::size_t size = is_fragment ? 8 : 8 * (1 + std::size_t{bytes[at + 1]});
    if (at + size > p.total) {
      return malformed_packet;
    }
    if (is_fragment) {
      const unsigned offset = load_be16(bytes, at + 2);
      p.fragment = p.fragment || (offset & 0xfff9) != 0;
      p.later_fragment = (offset & 0xfff8) != 0;
    }
    at += size;
    if (p.later_fragment) {
      break;
    }
  }
  reference_ports(bytes, at, p);
  return p;
}

// `bytes` are 64, whatever the length.
Parsed reference(ByteView bytes, std::size_t length) {
  switch (bytes[0] >> 4) {
    case 4:
      return reference_ipv4(bytes, length);
    case 6:
      return reference_ipv6(bytes, length);
    default:
      return malformed_packet;
  }
}

struct Packet {
  std::array<std::uint8_t, 64> bytes{};
  std::uint16_t length = 0;
};

class IpParser {
 public:
  static constexpr std::size_t latency = 6;  // esp_core_pkg::PARSE_CYCLES

  IpParser() {
    m_model.rst_ni = 0;
    clock(nullptr);
    m_model.rst_ni = 1;
  }

  // One clock with a packet, or without; what comes out, if anything, is of `latency` calls before.
  std::optional<Parsed> clock(const Packet* packet) {
    m_model.valid_i = packet != nullptr ? 1 : 0;
    if (packet != nullptr) {
      for (std::size_t i = 0; i < 16; ++i) {
        m_model.data_i[i] = std::uint32_t{packet->bytes[4 * i]} | packet->bytes[4 * i + 1] << 8 |
                            packet->bytes[4 * i + 2] << 16 |
                            static_cast<std::uint32_t>(packet->bytes[4 * i + 3]) << 24;
      }
      m_model.length_i = packet->length;
    }
    m_model.clk_i = 0;
    m_model.eval();
    m_model.clk_i = 1;
    m_model.eval();
    if (m_model.valid_o == 0) {
      return std::nullopt;
    }
    return m_model.malformed_o != 0 ? malformed_packet : fields();
  }

 private:
  Parsed fields() {
    Parsed p{.malformed = false,
             .ipv6 = m_model.ipv6_o != 0,
             .fragment = m_model.fragment_o != 0,
             .later_fragment = m_model.later_fragment_o != 0,
             .extensions = m_model.extensions_o != 0,
             .protocol_known = m_model.protocol_known_o != 0,
             .ports_known = m_model.ports_known_o != 0,
             .window_exceeded = m_model.window_exceeded_o != 0,
             .upper_word = m_model.upper_word_o,
             .upper_unit = m_model.protocol_known_o != 0 && m_model.upper_unit_o != 0,
             .total = m_model.total_o,
             .tos = m_model.tos_o,
             .df = m_model.df_o != 0,
             .base_protocol = m_model.base_protocol_o,
             .protocol = m_model.protocol_o,
             .source_port = m_model.source_port_o,
             .destination_port = m_model.destination_port_o};
    for (std::size_t i = 0; i < 4; ++i) {
      store_be32(p.source, 4 * i, m_model.source_o[3 - i]);
      store_be32(p.destination, 4 * i, m_model.destination_o[3 - i]);
    }
    return p;
  }

  VerilatedContext m_context;
  VIpParse m_model{&m_context};
};

// Runs the packets back to back, with a bubble now and then, and compares every answer. Returns the answers.
std::vector<Parsed> expect_as_reference(const std::vector<Packet>& packets) {
  IpParser parser;
  std::vector<Parsed> answers;
  std::deque<const Packet*> flight(IpParser::latency - 1, nullptr);
  const std::size_t cycles = packets.size() + packets.size() / 7 + IpParser::latency + 1;
  std::size_t next = 0;
  for (std::size_t cycle = 0; cycle < cycles; ++cycle) {
    const bool bubble = cycle % 8 == 5 || next == packets.size();
    flight.push_back(bubble ? nullptr : &packets[next++]);
    const auto answer = parser.clock(flight.back());
    const Packet* asked = flight.front();
    flight.pop_front();
    EXPECT_EQ(answer.has_value(), asked != nullptr) << "cycle " << cycle;
    if (asked == nullptr || !answer) {
      continue;
    }
    const Parsed expected = reference(asked->bytes, asked->length);
    EXPECT_EQ(to_string(*answer), to_string(expected)) << to_hex(asked->bytes) << " of " << asked->length;
    if (testing::Test::HasFailure()) {
      break;
    }
    answers.push_back(*answer);
  }
  EXPECT_TRUE(testing::Test::HasFailure() || answers.size() == packets.size());
  return answers;
}

template <typename Predicate>
std::ptrdiff_t count(const std::vector<Parsed>& answers, Predicate predicate) {
  return std::count_if(answers.begin(), answers.end(), predicate);
}

constexpr std::array<std::uint8_t, 14> protocols{6, 17, 33, 132, 136, 1, 58, 135, 50, 51, 59, 4, 41, 255};

void put16(Packet& packet, std::size_t at, std::size_t value) {
  packet.bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
  packet.bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

class IpParse : public testing::Test {
 protected:
  std::uint32_t random(std::uint32_t below) { return static_cast<std::uint32_t>(m_rng() % below); }
  bool one_in(std::uint32_t n) { return random(n) == 0; }
  void fill(Packet& packet) {
    for (auto& byte : packet.bytes) {
      byte = static_cast<std::uint8_t>(m_rng());
    }
  }
  std::mt19937 m_rng{20261123};
};

TEST_F(IpParse, EveryIpv4HeaderLengthProtocolAndEnd) {
  std::vector<Packet> packets;
  for (unsigned ihl = 0; ihl <= 15; ++ihl) {
    for (const std::uint8_t protocol : protocols) {
      for (std::size_t total = 0; total <= 70; ++total) {
        for (const int slack : {-1, 0, 1}) {
          Packet packet;
          fill(packet);
          packet.bytes[0] = static_cast<std::uint8_t>(0x40 | ihl);
          put16(packet, 2, total);
          put16(packet, 6, one_in(4) ? random(65536) : random(2) << 14);
          packet.bytes[9] = protocol;
          packet.length = static_cast<std::uint16_t>(std::max(0, static_cast<int>(total) + slack));
          packets.push_back(packet);
        }
      }
    }
  }
  const auto answers = expect_as_reference(packets);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.malformed; }), 10000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.ports_known; }), 3000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.later_fragment; }), 1000);
  EXPECT_EQ(count(answers, [](const Parsed& p) { return p.window_exceeded; }), 0);
}

// All chains of up to four extension headers, with every length that can stand in the window and some that
// leave it, cut off at every place.
TEST_F(IpParse, EveryIpv6ExtensionChainAndEnd) {
  constexpr std::array<std::uint8_t, 5> kinds{0, 43, 44, 60, 6};
  std::vector<Packet> packets;
  for (unsigned chain = 0; chain < 5 * 5 * 5 * 5; ++chain) {
    for (unsigned lengths = 0; lengths < 3 * 3 * 3; ++lengths) {
      Packet packet;
      fill(packet);
      packet.bytes[0] = static_cast<std::uint8_t>(0x60 | random(16));
      std::size_t at = 6;
      std::size_t next = 40;
      unsigned rest = chain;
      unsigned sizes = lengths;
      for (int i = 0; i < 4 && at < 64; ++i) {
        const std::uint8_t kind = kinds.at(rest % 5);
        rest /= 5;
        packet.bytes.at(at) = kind == 6 ? protocols.at(random(protocols.size())) : kind;
        if (kind == 6 || next >= 64) {
          break;
        }
        at = next;
        if (at + 1 < 64) {
          packet.bytes.at(at + 1) = static_cast<std::uint8_t>(sizes % 3 == 2 ? random(256) : sizes % 3);
        }
        if (at + 3 < 64 && !one_in(4)) {
          put16(packet, at + 2, one_in(2) ? random(8) : 0);  // an atomic or a first fragment
        }
        next += kind == 44 ? 8 : 8 * (1 + std::size_t{packet.bytes.at(at + 1)});
        sizes /= 3;
      }
      if (at < 64 && next < 64) {
        packet.bytes.at(at) = protocols.at(random(protocols.size()));
      }
      for (const std::size_t payload :
           {std::size_t{0}, std::size_t{random(50)}, std::size_t{random(50)}, next - 41, next - 40, next - 38,
            next - 36, next - 33, next - 32, std::size_t{2000}}) {
        put16(packet, 4, payload);
        packet.length = static_cast<std::uint16_t>(40 + payload + random(3));
        if (one_in(16)) {
          packet.length = static_cast<std::uint16_t>(packet.length - 3);
        }
        packets.push_back(packet);
      }
    }
  }
  const auto answers = expect_as_reference(packets);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.malformed; }), 10000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.extensions && p.ports_known; }), 1000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.extensions && !p.malformed && !p.protocol_known; }),
            1000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.window_exceeded && p.protocol_known; }), 200);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.fragment && !p.later_fragment; }), 1000);
  EXPECT_GT(count(answers, [](const Parsed& p) { return p.later_fragment && p.protocol_known; }), 1000);
}

TEST_F(IpParse, AnyBytesAndAnyLength) {
  std::vector<Packet> packets(200000);
  constexpr std::array<std::uint8_t, 6> likely{0, 43, 44, 60, 17, 58};
  for (Packet& packet : packets) {
    fill(packet);
    if (!one_in(8)) {
      packet.bytes[0] = static_cast<std::uint8_t>(one_in(3) ? 0x40 | random(16) : 0x60 | random(16));
      put16(packet, 2, one_in(4) ? random(65536) : random(100));
      put16(packet, 4, one_in(4) ? 65536 - 60 + random(60) : random(60));
      for (const std::size_t at : {6U, 40U, 48U, 56U}) {
        packet.bytes.at(at) = likely.at(random(likely.size()));
      }
      for (const std::size_t at : {41U, 49U, 57U}) {
        packet.bytes.at(at) = static_cast<std::uint8_t>(one_in(8) ? random(256) : random(3));
      }
      if (one_in(2)) {
        put16(packet, 42, random(2));
      }
    }
    packet.length = static_cast<std::uint16_t>(one_in(3) ? random(65536) : random(130));
  }
  const auto answers = expect_as_reference(packets);
  EXPECT_GT(count(answers, [](const Parsed& p) { return !p.malformed; }), 20000);
}

}  // namespace
}  // namespace espgate::test
