// The whole inline shell, core included: frames of one side leave as ESP on the other and come back as they
// were, and what the engine has no SA for reaches the host.
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "base/hex.h"
#include "bench_sas.h"
#include "card/inline_registers.h"
#include "card/sa_tables.h"
#include "ethernet.h"
#include "sim/esp_inline.h"

namespace espgate::sim::test {
namespace {

namespace inline_shell = espgate::driver::registers::inline_shell;
using driver::Direction;

constexpr std::uint64_t protected_mac = 0x02aabbccdd01;
constexpr std::uint64_t unprotected_mac = 0x02aabbccdd02;
constexpr std::uint64_t router = 0x020000005678;
constexpr std::uint64_t station = 0x020000001234;
constexpr driver::MacAddress to_router{0x02, 0, 0, 0, 0x56, 0x78};
constexpr driver::MacAddress to_station{0x02, 0, 0, 0, 0x12, 0x34};
constexpr std::uint16_t ipv4 = 0x0800;
constexpr std::uint16_t ipv6 = 0x86dd;

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

class Port final : public driver::card::RegisterPort {
 public:
  explicit Port(EspInline& shell) : m_shell(shell) {}
  std::uint32_t read(std::uint32_t offset) override { return m_shell.read(offset); }
  void write(std::uint32_t offset, std::uint32_t data) override { m_shell.write(offset, data); }

 private:
  EspInline& m_shell;
};

// The flow of bench::inner_packet(bytes, mode).
driver::Flow flow_of(ByteView packet) {
  driver::Flow flow;
  if (packet[0] >> 4U == 6) {
    flow.source = IpAddress::from_bytes(packet.subspan(8, 16)).value();
    flow.destination = IpAddress::from_bytes(packet.subspan(24, 16)).value();
    flow.protocol = packet[6];
  } else {
    flow.source = IpAddress::from_bytes(packet.subspan(12, 4)).value();
    flow.destination = IpAddress::from_bytes(packet.subspan(16, 4)).value();
    flow.protocol = packet[9];
    flow.ports_known = true;
    flow.source_port = load_be16(packet, 20);
    flow.destination_port = load_be16(packet, 22);
  }
  return flow;
}

class InlineEngine : public ::testing::Test {
 protected:
  InlineEngine()
      : shell(value(EspInline::create({}))),
        port(*shell),
        tables(value(driver::card::SaTables::create(port, "inline"))) {
    set_mac(inline_shell::side_protected, protected_mac);
    set_mac(inline_shell::side_unprotected, unprotected_mac);
    shell->write(inline_shell::reg_control, 3);
  }
  void set_mac(std::uint32_t side, std::uint64_t mac) {
    shell->write(side + inline_shell::reg_mac_low, static_cast<std::uint32_t>(mac));
    shell->write(side + inline_shell::reg_mac_high, static_cast<std::uint32_t>(mac >> 32));
  }
  Bytes pass(InlineSide in, Bytes frame) {
    const InlineSide out =
        in == InlineSide::protected_side ? InlineSide::unprotected_side : InlineSide::protected_side;
    shell->receive(in, std::move(frame));
    for (int i = 0; i < 2000; ++i) {
      shell->clock(1);
      if (auto passed = shell->transmitted(out)) {
        return std::move(*passed);
      }
    }
    return {};
  }
  EspInline::HostFrame host_frame() {
    for (int i = 0; i < 2000; ++i) {
      shell->clock(1);
      if (auto frame = shell->to_host()) {
        return std::move(*frame);
      }
    }
    ADD_FAILURE() << "nothing for the host";
    return {};
  }
  void TearDown() override {
    for (const std::string& violation : shell->violations()) {
      ADD_FAILURE() << violation;
    }
  }

  std::unique_ptr<EspInline> shell;
  Port port;
  driver::card::SaTables tables;
};

TEST_F(InlineEngine, ThereAndBackInEveryMode) {
  std::uint32_t n = 0;
  for (const bench::SaMode mode : bench::all_sa_modes) {
    driver::OutboundSa out = bench::outbound_sa(n, mode);
    out.next_hop = to_router;
    driver::InboundSa in = bench::inbound_sa(n, mode);
    in.next_hop = to_station;
    const auto row = value(tables.add_outbound(out));
    value(tables.add_inbound(in));
    ++n;
    const std::uint16_t type = mode == bench::SaMode::tunnel_v6_udp ? ipv6 : ipv4;
    ASSERT_TRUE(tables.cache_policy(Direction::outbound, flow_of(bench::inner_packet(100, mode)),
                                    driver::Policy::protect, row));
    for (const std::size_t bytes : {48U, 100U, 512U, 1500U, 9000U}) {
      const Bytes inner = bench::inner_packet(bytes, mode);
      const Ethernet plain{
          .destination = protected_mac, .source = station, .tags = {0x81000007}, .type = type};
      const Bytes esp = pass(InlineSide::protected_side, plain.frame(inner));
      ASSERT_GT(esp.size(), bytes + 14) << bench::name_of(mode) << ", " << bytes << " bytes";
      EXPECT_EQ(
          to_hex(ByteView(esp).first(14)),
          to_hex(Ethernet{.destination = router, .source = unprotected_mac, .tags = {}, .type = type}.frame(
              {})));
      // At the other end the same addresses stand for it.
      Bytes arrives = esp;
      std::ranges::copy(
          ByteView(
              Ethernet{.destination = unprotected_mac, .source = router, .tags = {}, .type = type}.frame({}))
              .first(12),
          arrives.begin());
      const Bytes back = pass(InlineSide::unprotected_side, arrives);
      Ethernet delivered{.destination = station, .source = protected_mac, .tags = {}, .type = type};
      Bytes expected = delivered.frame(inner);
      expected.resize(std::max<std::size_t>(expected.size(), 60), 0);
      EXPECT_EQ(to_hex(back), to_hex(expected)) << bench::name_of(mode) << ", " << bytes << " bytes";
    }
  }
}

TEST_F(InlineEngine, WhatNoPolicyKnowsIsTheHostsAndBypassKeepsTheFrame) {
  const Bytes inner = bench::inner_packet(200);
  const Ethernet plain{.destination = protected_mac, .source = station, .tags = {}, .type = ipv4};
  shell->receive(InlineSide::protected_side, plain.frame(inner));
  auto frame = host_frame();
  EXPECT_EQ(frame.reason, static_cast<std::uint8_t>(driver::Verdict::policy_miss));
  EXPECT_EQ(frame.side, InlineSide::protected_side);
  EXPECT_EQ(to_hex(frame.bytes), to_hex(plain.frame(inner)));

  const Ethernet wire{.destination = unprotected_mac, .source = router, .tags = {}, .type = ipv4};
  shell->receive(InlineSide::unprotected_side, wire.frame(inner));
  frame = host_frame();
  EXPECT_EQ(frame.reason, static_cast<std::uint8_t>(driver::Verdict::not_esp));
  EXPECT_EQ(frame.side, InlineSide::unprotected_side);
  EXPECT_EQ(to_hex(frame.bytes), to_hex(wire.frame(inner)));

  for (const Direction direction : {Direction::outbound, Direction::inbound}) {
    ASSERT_TRUE(tables.cache_policy(direction, flow_of(inner), driver::Policy::bypass, {}));
  }
  EXPECT_EQ(to_hex(pass(InlineSide::protected_side, plain.frame(inner))), to_hex(plain.frame(inner)));
  EXPECT_EQ(to_hex(pass(InlineSide::unprotected_side, wire.frame(inner))), to_hex(wire.frame(inner)));
}

}  // namespace
}  // namespace espgate::sim::test
