// Every kind of inbound SA with every length: mode, families, encapsulation, ESN, key size, GCM and GMAC.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

// A UDP packet of `size` bytes, IPv4 or IPv6.
Bytes ip_packet(bool v6, std::size_t size, std::size_t option_words = 0) {
  if (v6) {
    Ipv6 ip;
    ip.flow_label = 0xabcde;
    ip.payload = any_bytes(size - 40);
    return ip.build();
  }
  return Ipv4{.option_words = option_words, .payload = any_bytes(size - 20 - 4 * option_words)}.build();
}

struct Kind {
  bool transport, outer_v6, inner_v6, encapsulated, esn, gmac, long_key;

  InboundSa sa(std::uint32_t index) const {
    InboundSa sa;
    sa.spi = 0x3000 + index;
    sa.key = Bytes(long_key ? 32 : 16, static_cast<std::uint8_t>(0x40 + index));
    sa.salt[0] = static_cast<std::uint8_t>(index);
    sa.transport = transport;
    sa.ipv6 = outer_v6;
    sa.selector_ipv6 = inner_v6;
    sa.encapsulated = encapsulated;
    sa.esn = esn;
    sa.gmac = gmac;
    sa.next_hop = 0x020000000100 + index;
    if (transport) {
      sa.outer_destination = 0x0a000102;
      sa.outer_destination6 = Ipv6{}.destination;
    }
    // Beyond 2^32 with ESN, so that both halves count.
    sa.replay_top = esn ? 0x2'fffffff0 : 0;
    return sa;
  }
};

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (unsigned i = 0; i < 128; ++i) {
    const Kind kind{.transport = (i & 1) != 0,
                    .outer_v6 = (i & 2) != 0,
                    .inner_v6 = (i & 4) != 0,
                    .encapsulated = (i & 8) != 0,
                    .esn = (i & 16) != 0,
                    .gmac = (i & 32) != 0,
                    .long_key = (i & 64) != 0};
    if (!kind.transport || kind.outer_v6 == kind.inner_v6) {
      kinds.push_back(kind);
    }
  }
  return kinds;
}

// All kinds are in flight at once, another one with every packet.
class Kinds {
 public:
  Kinds() : m_kinds(all_kinds()) {
    for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
      m_sas.push_back(m_kinds[i].sa(i));
      m_sequence.push_back(m_sas[i].replay_top);
      bench.add(i, m_sas[i], free_way(m_sas[i].spi));
    }
  }
  std::size_t size() const { return m_kinds.size(); }
  const Kind& kind(std::size_t i) const { return m_kinds[i]; }
  void send(std::size_t i, Bytes ip) {
    bench.send(Side::inbound, {}, m_sas[i].packet(++m_sequence[i], ip));
    m_expected.push_back({i, std::move(ip)});
  }
  void expect_all() {
    const auto results = bench.collect(Side::inbound, m_expected.size());
    ASSERT_EQ(results.size(), m_expected.size());
    for (std::size_t n = 0; n < results.size(); ++n) {
      const auto& [i, ip] = m_expected[n];
      const Kind& k = m_kinds[i];
      const std::string name =
          fmt_kind(k) + ", " + std::to_string(ip.size()) + " bytes, packet " + std::to_string(n);
      ASSERT_EQ(results[n].done.verdict, ok) << name;
      ASSERT_EQ(results[n].done.sa, i) << name;
      ASSERT_EQ(results[n].done.next_hop, m_sas[i].next_hop) << name;
      ASSERT_EQ(results[n].done.length, ip.size()) << name;
      ASSERT_EQ(to_hex(results[n].bytes), to_hex(ip)) << name;
    }
    m_expected.clear();
  }

  Bench bench;

 private:
  static std::string fmt_kind(const Kind& k) {
    return std::string(k.transport ? "transport" : "tunnel") + (k.outer_v6 ? " IPv6" : " IPv4") +
           (k.inner_v6 ? "/IPv6" : "/IPv4") + (k.encapsulated ? " UDP" : "") + (k.esn ? " ESN" : "") +
           (k.gmac ? " GMAC" : " GCM") + (k.long_key ? " 256" : " 128");
  }
  struct Expected {
    std::size_t kind;
    Bytes ip;
  };
  // The first way whose place for the SPI is not taken.
  std::uint32_t free_way(std::uint32_t spi) {
    const std::uint32_t log2 =
        bench.core().read(regs::reg_table_sizes) >> regs::table_sizes_spi_log2.lsb & 0xff;
    std::uint32_t way = 0;
    while (way < 4 && !m_places.insert({way, table_index(std::array{spi}, way, log2)}).second) {
      ++way;
    }
    return way;
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> m_places;
  std::vector<Kind> m_kinds;
  std::vector<InboundSa> m_sas;
  std::vector<std::uint64_t> m_sequence;
  std::vector<Expected> m_expected;
};

TEST(InboundKinds, EveryLength) {
  Kinds kinds;
  for (std::size_t size = 48; size < 48 + 64 + 16; ++size) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      kinds.send(i, ip_packet(kinds.kind(i).inner_v6, size));
    }
    kinds.expect_all();
    if (::testing::Test::HasFatalFailure()) {
      return;
    }
  }
}

TEST(InboundKinds, ShortestAndLongest) {
  Kinds kinds;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const Kind& k = kinds.kind(i);
    const std::size_t header = k.inner_v6 ? 40 : 20;
    for (const std::size_t size :
         {header, header + 1, header + 2, header + 3, header + 4, std::size_t{16200}}) {
      kinds.send(i, ip_packet(k.inner_v6, size));
    }
    kinds.expect_all();
    if (::testing::Test::HasFatalFailure()) {
      return;
    }
  }
}

TEST(InboundKinds, TransportKeepsOptions) {
  Kinds kinds;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const Kind& k = kinds.kind(i);
    if (!k.transport || k.outer_v6) {
      continue;
    }
    // ESP must end within the first 64 bytes.
    for (std::size_t options = 0; options <= (k.encapsulated ? 5U : 7U); ++options) {
      for (std::size_t size = 60; size < 60 + 64; size += 3) {
        kinds.send(i, ip_packet(false, size, options));
      }
    }
  }
  kinds.expect_all();
}

TEST(InboundKinds, BubblesAndStallsChangeNothing) {
  Kinds kinds;
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    kinds.bench.core().hesitate({.seed = seed,
                                 .input_bubble = static_cast<std::uint8_t>(seed == 2 ? 0 : 100),
                                 .output_stall = static_cast<std::uint8_t>(seed == 1 ? 0 : 120)});
    for (std::size_t size = 60; size < 600; size += 37) {
      for (std::size_t i = seed; i < kinds.size(); i += 3) {
        kinds.send(i, ip_packet(kinds.kind(i).inner_v6, size));
      }
    }
    kinds.expect_all();
  }
}

}  // namespace
}  // namespace espgate::sim::test
