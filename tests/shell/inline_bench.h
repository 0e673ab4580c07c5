// The inline shell around the stand-in core, the frames that go through it, and its counters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "card/inline_registers.h"
#include "sim/esp_inline.h"
#include "stand_in.h"

namespace espgate::sim::test {

namespace inline_shell = espgate::driver::registers::inline_shell;

// What stands in front of a packet.
struct Ethernet {
  std::uint64_t destination = 0;  // first octet on top
  std::uint64_t source = 0;
  std::vector<std::uint32_t> tags;  // TPID and TCI
  std::uint16_t type = 0x0800;

  Bytes frame(ByteView payload) const;
};

class InlineBench {
 public:
  static constexpr std::array<std::uint64_t, 2> mac{0x02aabbccdd01, 0x02aabbccdd02};
  static constexpr std::uint64_t peer = 0x020000001234;

  // Both sides enabled, with their addresses.
  explicit InlineBench(const std::string& trace_path = {});

  EspInline& shell() { return *m_shell; }
  void set(InlineSide side, std::uint32_t offset, std::uint32_t value);
  // The counters of a side at this moment.
  std::vector<std::uint64_t> counters(InlineSide side);
  // received = its sum, engine = its sum; for both sides.
  void expect_conservation();
  void expect_no_violations();
  // Clocks until everything that was queued is through.
  void settle();

  // A frame to the side's own address.
  static Ethernet to(InlineSide side) {
    return {.destination = mac.at(static_cast<std::size_t>(side)), .source = peer, .tags = {}};
  }
  static InlineSide other(InlineSide side) {
    return side == InlineSide::protected_side ? InlineSide::unprotected_side : InlineSide::protected_side;
  }

 private:
  std::unique_ptr<EspInline> m_shell;
};

// The frame in which the stand-in's answer to `packet` leaves; the type is that of the answer's version, and
// zeros follow up to 60 bytes.
Bytes leaving(Ethernet ethernet, ByteView packet, const Answer& answer);

}  // namespace espgate::sim::test
