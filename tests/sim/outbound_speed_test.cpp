// Outbound speed: a packet takes as many cycles as the larger of its input and its output has beats, whatever
// is done with it, and its first beat leaves within 100 cycles.
#include <gtest/gtest.h>

#include "bench.h"
#include "outbound_kinds.h"

namespace espgate::sim::test {
namespace {

std::size_t beats(std::size_t bytes) {
  return (bytes + 63) / 64;
}

class OutboundSpeed : public testing::Test {
 protected:
  OutboundSpeed() : m_kinds(all_outbound_kinds()) {
    for (std::uint32_t i = 0; i < m_kinds.size(); ++i) {
      m_bench.add(i, m_kinds[i].sa);
    }
    OutboundSa tfc;
    tfc.tfc_bytes = 700;
    m_bench.add(tfc_row, tfc);
    m_bench.cache_entry(Side::outbound,
                        {.source = IpAddress::v4(0x0a000001),
                         .destination = IpAddress::v4(0x0a000102),
                         .source_port = 1000,
                         .destination_port = 2000},
                        regs::policy_bypass);
  }

  void send(const SendOptions& options, Bytes frame) {
    m_input.push_back(frame.size());
    m_bench.send(Side::outbound, options, std::move(frame));
  }
  // Cycles between the completions of the first and the last packet that is not warming up, and what they may
  // cost.
  void expect_full_speed(const std::string& what) {
    const std::size_t warm = m_input.size() / 3;
    std::vector<std::uint64_t> at;
    std::uint64_t cost = 0;
    Bytes buffer(20000);
    for (int cycle = 0; cycle < 100000 && at.size() < m_input.size(); ++cycle) {
      m_bench.core().clock(1);
      while (const auto done = m_bench.core().done(Side::outbound, buffer)) {
        if (at.size() > warm) {
          cost += std::max<std::size_t>(beats(m_input[at.size()]), beats(done->length));
        }
        m_last = *done;
        at.push_back(m_bench.core().cycles());
      }
    }
    ASSERT_EQ(at.size(), m_input.size());
    EXPECT_EQ(at.back() - at[warm], cost) << what;
    m_input.clear();
  }

  static constexpr std::uint32_t tfc_row = 200;
  Bench m_bench;
  std::vector<OutboundKind> m_kinds;
  std::vector<std::size_t> m_input;
  Done m_last;
};

TEST_F(OutboundSpeed, EveryKindAtEverySizeOfInterest) {
  for (const std::size_t size : {0U, 6U, 26U, 44U, 45U, 90U, 108U, 236U, 492U, 1400U, 1480U}) {
    for (std::size_t first = 0; first < m_kinds.size(); first += 8) {
      for (std::size_t i = 0; i < 48; ++i) {
        const auto kind = static_cast<std::uint32_t>(first + i % 8);
        send({.sa = kind}, m_kinds[kind].packet(size, i));
      }
      expect_full_speed(std::to_string(size) + " bytes, kinds from " + std::to_string(first));
      EXPECT_EQ(m_last.verdict, ok);
    }
  }
}

TEST_F(OutboundSpeed, OneSaBackToBack) {
  for (const std::size_t size : {20U, 46U, 128U}) {
    for (int i = 0; i < 100; ++i) {
      send({.sa = 0}, udp_packet(size));
    }
    expect_full_speed(std::to_string(size) + " bytes");
  }
}

TEST_F(OutboundSpeed, DummiesTfcPaddingBypassAndDrops) {
  for (int i = 0; i < 60; ++i) {
    send({.sa = 10, .dummy = true}, Bytes(static_cast<std::size_t>(1 + i % 3)));
  }
  expect_full_speed("dummies");
  for (int i = 0; i < 60; ++i) {
    send({.sa = tfc_row}, udp_packet(static_cast<std::size_t>(30 + 7 * i)));
  }
  expect_full_speed("TFC padding");
  for (const std::size_t size : {28U, 64U, 65U, 300U}) {
    for (int i = 0; i < 100; ++i) {
      send({.lookup = true}, udp_packet(size));
    }
    expect_full_speed("bypassed");
    EXPECT_EQ(m_last.verdict, bypassed);
  }
  for (int i = 0; i < 100; ++i) {
    send({.sa = 255}, udp_packet(60));
  }
  expect_full_speed("dropped");
  EXPECT_EQ(m_last.verdict, sa_invalid);
  for (int i = 0; i < 60; ++i) {
    Bytes frame = udp_packet(46);
    frame.resize(200 + static_cast<std::size_t>(i));
    send({.sa = 0}, std::move(frame));
  }
  expect_full_speed("link padding longer than what is added");
}

TEST_F(OutboundSpeed, EverythingMixed) {
  for (std::size_t i = 0; i < 1500; ++i) {
    const auto kind = static_cast<std::uint32_t>(i * 31 % m_kinds.size());
    const std::size_t size = i * 131 % 1460;
    switch (i % 8) {
      case 1:
        send({.lookup = true}, udp_packet(28 + size));
        break;
      case 3:
        send({.sa = kind, .dummy = true}, Bytes(1 + size));
        break;
      case 5:
        send({.sa = i % 16 == 5 ? 255U : tfc_row}, udp_packet(28 + size));
        break;
      default:
        send({.sa = kind}, m_kinds[kind].packet(size, i));
    }
  }
  expect_full_speed("mixture");
}

TEST_F(OutboundSpeed, TheFirstBeatLeavesWithin100Cycles) {
  Bytes buffer(20000);
  for (std::uint32_t kind = 0; kind < m_kinds.size(); ++kind) {
    for (const std::size_t size : {0U, 100U}) {
      const Bytes packet = m_kinds[kind].packet(size);
      const std::uint64_t start = m_bench.core().cycles();
      m_bench.core().send(Side::outbound, {.sa = kind}, packet);
      std::optional<Done> done;
      while (!done && m_bench.core().cycles() < start + 1000) {
        m_bench.core().clock(1);
        done = m_bench.core().done(Side::outbound, buffer);
      }
      ASSERT_TRUE(done);
      // The record is there with the last beat, which follows the first one without a gap.
      const std::uint64_t latency = m_bench.core().cycles() - start - (beats(done->length) - 1);
      EXPECT_LE(latency, 100U);
      RecordProperty("latency", static_cast<int>(latency));
    }
  }
}

}  // namespace
}  // namespace espgate::sim::test
