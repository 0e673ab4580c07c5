// The shells around the stand-in core (stand_in/esp_core.sv), and packets that ask it for an answer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "lookaside_host.h"
#include "sim/esp_lookaside.h"

namespace espgate::sim::test {

// What the stand-in is to make of a packet.
struct Answer {
  std::uint32_t output = 0;  // bytes; 0 drops it
  std::uint8_t verdict = 0;
  bool late = false;          // completion after the data
  bool echo_request = false;  // next hop says what the core was asked
  std::uint16_t sa = 0;       // inbound
  std::uint64_t next_hop = 0;
};

// An input of `bytes` bytes, 14 at least, that asks for `answer`; `fill` varies the rest.
Bytes asking(std::size_t bytes, const Answer& answer, std::uint32_t fill);
// What comes out of it.
Bytes answered(ByteView input, const Answer& answer);

// A look-aside card around the stand-in and a host that exchanges packets with it.
class LookasideBench {
 public:
  explicit LookasideBench(std::uint32_t log2 = 8, const std::string& trace_path = {});

  EspLookaside& card() { return *m_card; }
  LookasideHost& host() { return m_host; }

  // A packet on its way: where its bytes are, and what must come back.
  struct Sent {
    Descriptor descriptor;
    Answer answer;
    Bytes input;
  };
  // Puts a packet into memory and posts it, without a doorbell. Output buffers have `slack` bytes more than
  // the answer, and are filled with a pattern to see what was written.
  Sent post(Side side, Bytes input, const Answer& answer, std::uint32_t slack = 0);
  // The completion is the one that the packet asked for, and its output is there and nothing beside it.
  void expect(const Sent& sent, const LookasideCompletion& completion);
  // Posts `count` packets of varied sizes with doorbells of varied sizes, and checks all that comes back.
  void exchange(std::size_t count, std::uint32_t seed);
  void expect_no_violations();

 private:
  static constexpr std::uint8_t untouched = 0xee;
  static constexpr std::size_t guard = 128;

  std::unique_ptr<EspLookaside> m_card;
  LookasideHost m_host;
  std::uint64_t m_arena;
  std::size_t m_used = 0;
  std::uint64_t m_cookie = 0x1122334455660000;
};

}  // namespace espgate::sim::test
