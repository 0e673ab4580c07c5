#include "inline_bench.h"

#include <VStandInInline.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "base/writer.h"
#include "verilated_inline.h"

namespace espgate::sim::test {

Bytes Ethernet::frame(ByteView payload) const {
  Writer frame;
  frame.u16(static_cast<std::uint16_t>(destination >> 32));
  frame.u32(static_cast<std::uint32_t>(destination));
  frame.u16(static_cast<std::uint16_t>(source >> 32));
  frame.u32(static_cast<std::uint32_t>(source));
  for (const std::uint32_t tag : tags) {
    frame.u32(tag);
  }
  frame.u16(type);
  frame.bytes(payload);
  return std::move(frame).finish();
}

InlineBench::InlineBench(const std::string& trace_path) {
  auto shell = VerilatedInline<VStandInInline>::make(trace_path);
  if (!shell) {
    throw std::runtime_error(shell.error().message);
  }
  m_shell = std::move(*shell);
  for (const InlineSide side : {InlineSide::protected_side, InlineSide::unprotected_side}) {
    const std::uint64_t address = mac.at(static_cast<std::size_t>(side));
    set(side, inline_shell::reg_mac_low, static_cast<std::uint32_t>(address));
    set(side, inline_shell::reg_mac_high, static_cast<std::uint32_t>(address >> 32));
  }
  m_shell->write(inline_shell::reg_control, 3);
}

void InlineBench::set(InlineSide side, std::uint32_t offset, std::uint32_t value) {
  m_shell->write(offset + (side == InlineSide::protected_side ? inline_shell::side_protected
                                                              : inline_shell::side_unprotected),
                 value);
}

std::vector<std::uint64_t> InlineBench::counters(InlineSide side) {
  m_shell->write(inline_shell::reg_snapshot, 0);
  std::vector<std::uint64_t> values;
  for (std::uint32_t c = 0; c <= inline_shell::counter_host_refused; ++c) {
    const std::uint32_t at = inline_shell::counters + 256 * static_cast<std::uint32_t>(side) + 8 * c;
    values.push_back(m_shell->read(at) | std::uint64_t{m_shell->read(at + 4)} << 32U);
  }
  return values;
}

void InlineBench::expect_conservation() {
  for (const InlineSide side : {InlineSide::protected_side, InlineSide::unprotected_side}) {
    const auto c = counters(side);
    const auto sum = [&](std::uint32_t from, std::uint32_t to) {
      return std::accumulate(c.begin() + from, c.begin() + to + 1, std::uint64_t{0});
    };
    EXPECT_EQ(c[inline_shell::counter_received],
              sum(inline_shell::counter_receive_errors, inline_shell::counter_engine));
    EXPECT_EQ(c[inline_shell::counter_engine],
              sum(inline_shell::counter_delivered, inline_shell::counter_engine_drops));
    const auto there = counters(other(side));
    EXPECT_EQ(c[inline_shell::counter_transmitted],
              there[inline_shell::counter_delivered] + c[inline_shell::counter_from_host]);
  }
}

void InlineBench::expect_no_violations() {
  for (const std::string& violation : m_shell->violations()) {
    ADD_FAILURE() << violation;
  }
}

void InlineBench::settle() {
  constexpr std::uint32_t longest_way = 3000;  // through everything, for whatever is inside
  for (int i = 0; i < 1000 && !m_shell->sent(); ++i) {
    m_shell->clock(1000);
  }
  EXPECT_TRUE(m_shell->sent());
  m_shell->clock(longest_way);
}

Bytes leaving(Ethernet ethernet, ByteView packet, const Answer& answer) {
  constexpr std::size_t shortest = 60;
  Bytes output = answered(packet, answer);
  ethernet.type = output.at(0) >> 4U == 6 ? 0x86dd : 0x0800;
  Bytes frame = ethernet.frame(output);
  frame.resize(std::max(frame.size(), shortest), 0);
  return frame;
}

}  // namespace espgate::sim::test
