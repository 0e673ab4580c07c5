// Every kind of outbound SA at every length, byte for byte what RFC 4303, 4106, 4543 and 3948 make of it with
// OpenSSL's AES-GCM.
#include "outbound_kinds.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

// Sends packets and expects each of them as its SA has it, sequence numbers following one another.
class OutboundKinds : public testing::Test {
 protected:
  OutboundKinds() : m_kinds(all_outbound_kinds()) {}

  void add_kinds() {
    for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
      m_bench.add(i, m_kinds[i].sa);
    }
  }
  void send(std::uint32_t kind, Bytes packet) {
    OutboundSa& sa = m_kinds[kind].sa;
    m_expected.push_back({kind, sa.expect(packet, sa.next_sequence++)});
    m_bench.send(Side::outbound, {.sa = kind}, std::move(packet));
  }
  void send_dummy(std::uint32_t kind, Bytes payload) {
    OutboundSa& sa = m_kinds[kind].sa;
    m_expected.push_back({kind, sa.expect_dummy(payload, sa.next_sequence++)});
    m_bench.send(Side::outbound, {.sa = kind, .dummy = true}, std::move(payload));
  }
  void expect_all() {
    const auto results = m_bench.collect(Side::outbound, m_expected.size());
    ASSERT_EQ(results.size(), m_expected.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto& [kind, bytes] = m_expected[i];
      ASSERT_EQ(results[i].done.verdict, ok) << "packet " << i << " of kind " << kind;
      ASSERT_EQ(results[i].done.sa, kind);
      ASSERT_EQ(results[i].done.next_hop, m_kinds[kind].sa.next_hop);
      ASSERT_EQ(to_hex(results[i].bytes), to_hex(bytes)) << "packet " << i << " of kind " << kind;
    }
    m_expected.clear();
  }

  Bench m_bench;
  std::vector<OutboundKind> m_kinds;
  std::vector<std::pair<std::uint32_t, Bytes>> m_expected;
};

TEST_F(OutboundKinds, EveryLengthModulo64) {
  ASSERT_EQ(m_kinds.size(), 96U);
  add_kinds();
  // The SA changes with every packet.
  for (std::size_t size = 0; size < 130; ++size) {
    for (std::uint32_t kind = 0; kind < m_kinds.size(); ++kind) {
      send(kind, m_kinds[kind].packet(size + kind % 2, size));
    }
    if (size % 16 == 15) {
      expect_all();
    }
  }
  expect_all();
}

TEST_F(OutboundKinds, LongPackets) {
  add_kinds();
  for (const std::size_t size : {1400U, 1480U, 4096U, 9000U, 16280U}) {
    for (std::uint32_t kind = 0; kind < m_kinds.size(); kind += 5) {
      send(kind, m_kinds[kind].packet(size + kind % 64, kind));
    }
  }
  expect_all();
}

TEST_F(OutboundKinds, BubblesAndStallsChangeNothing) {
  add_kinds();
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    m_bench.core().hesitate({.seed = seed,
                             .input_bubble = static_cast<std::uint8_t>(60 * (seed % 4)),
                             .output_stall = static_cast<std::uint8_t>(50 * (seed % 5))});
    for (std::size_t i = 0; i < 400; ++i) {
      const auto kind = static_cast<std::uint32_t>(i * 7 % m_kinds.size());
      const Bytes packet = m_kinds[kind].packet((i * 37 + seed) % 300, i);
      if (i % 5 == 2) {
        send_dummy(kind, packet);
      } else if (i % 7 == 3) {
        Bytes frame = packet;
        frame.resize(frame.size() + i % 200, 0xee);  // link padding
        send(kind, frame);
      } else {
        send(kind, packet);
      }
    }
    expect_all();
  }
}

TEST_F(OutboundKinds, TfcPaddingReachesItsSizeAndStopsAtLongerPackets) {
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    m_kinds[i].sa.tfc_bytes = static_cast<std::uint16_t>(i % 3 == 0 ? 61 : i % 3 == 1 ? 192 : 1421);
  }
  add_kinds();
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    for (const std::size_t size :
         {0U,   1U,   20U,  21U,  22U,  23U,  40U,  41U,  42U,  60U,   100U,  126U,  127U, 128U,
          129U, 150U, 151U, 152U, 153U, 171U, 172U, 173U, 300U, 1380U, 1381U, 1382U, 1500U}) {
      if ((size + i) % 4 == 0 || size < 61) {
        send(i, m_kinds[i].packet(size, i));
      }
    }
  }
  expect_all();
}

// A dummy packet is its payload whatever that looks like, in tunnel form also on an SA in transport mode.
TEST_F(OutboundKinds, DummyPackets) {
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    m_kinds[i].sa.df_policy = i % 3;
    if (i % 5 == 0) {
      m_kinds[i].sa.dscp = 46;
    }
    m_kinds[i].sa.tfc_bytes = i % 4 == 3 ? 100 : 0;
  }
  add_kinds();
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    for (std::size_t size = 1 + i % 2; size < 132; size += 2) {
      send_dummy(i, any_bytes(size));
    }
    send_dummy(i, Bytes(64, 0xff));
  }
  expect_all();
}

TEST_F(OutboundKinds, OuterHeaderFollowsTheSaInEveryPairing) {
  std::vector<OutboundKind> kinds;
  for (const OutboundKind& kind : m_kinds) {
    if (!kind.sa.transport && !kind.sa.gmac && !kind.sa.esn && kind.sa.key.size() == 16) {
      for (const std::uint32_t df : {regs::df_policy_copy, regs::df_policy_set, regs::df_policy_clear}) {
        for (const bool copy : {false, true}) {
          kinds.push_back(kind);
          kinds.back().sa.df_policy = df;
          kinds.back().sa.dscp = copy ? std::nullopt : std::optional<std::uint8_t>(0x2b);
          kinds.back().sa.hop_limit = static_cast<std::uint8_t>(7 + kinds.size());
        }
      }
    }
  }
  m_kinds = kinds;
  ASSERT_EQ(m_kinds.size(), 4U * 2U * 6U);
  add_kinds();
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
      for (const std::uint16_t fragment : std::array<std::uint16_t, 4>{0x0000, 0x4000, 0x2000, 0x00b9}) {
        const auto tos = static_cast<std::uint8_t>(0x58 | ecn);
        if (m_kinds[i].inner_ipv6) {
          send(i, Ipv6{.tos = tos, .payload = Bytes(30, 1)}.build());
        } else {
          send(i, Ipv4{.tos = tos, .fragment = fragment, .payload = Bytes(30, 1)}.build());
        }
      }
    }
  }
  expect_all();
}

// RFC 4303 section 3.1.1: ESP stands in front of a destination options header, here the only one.
TEST_F(OutboundKinds, TransportModeKeepsDestinationOptionsBehindEsp) {
  add_kinds();
  for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
    if (m_kinds[i].sa.transport && m_kinds[i].inner_ipv6) {
      Ipv6 ip{.next_header = 60, .payload = any_bytes(80)};
      ip.payload[0] = 17;
      ip.payload[1] = 2;
      send(i, ip.build());
    }
  }
  ASSERT_EQ(m_expected.size(), 16U);
  expect_all();
}

}  // namespace
}  // namespace espgate::sim::test
