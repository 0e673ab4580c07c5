// A host in front of an EspLookaside: rings and buffers in its memory, descriptors in, completions out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "card/lookaside_registers.h"
#include "sim/esp_core.h"
#include "sim/esp_lookaside.h"

namespace espgate::sim::test {

namespace shell = espgate::driver::registers::lookaside_shell;

struct Descriptor {
  std::uint64_t cookie = 0;
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint32_t length = 0;
  std::uint32_t capacity = 0;
  std::uint32_t sa = 0;
  std::uint8_t spd = 0;
  bool lookup = false;
  bool dummy = false;
};

struct LookasideCompletion {
  std::uint64_t cookie = 0;
  std::uint32_t length = 0;
  std::uint64_t next_hop = 0;
  std::uint32_t sa = 0;
  std::uint8_t verdict = 0;
  std::uint8_t error = 0;
  bool operator==(const LookasideCompletion&) const = default;
};

class LookasideHost {
 public:
  explicit LookasideHost(EspLookaside& card) : m_card(card) {}

  // Hands out memory, 4 KiB aligned; the test ends when there is none left.
  std::uint64_t allocate(std::size_t bytes);
  // Sets up fresh rings of 2^log2 entries and starts them.
  void start(Side side, std::uint32_t log2);
  void start_events(std::uint32_t log2);
  void command(std::uint32_t bits) { m_card.write(shell::reg_command, bits); }
  std::uint32_t status() { return m_card.read(shell::reg_status); }
  std::uint32_t ring(Side side, std::uint32_t offset) { return m_card.read(ring_base(side) + offset); }
  void set_ring(Side side, std::uint32_t offset, std::uint32_t value) {
    m_card.write(ring_base(side) + offset, value);
  }

  // Descriptors posted and not completed.
  std::uint32_t in_flight(Side side) const { return flow(side).posted - flow(side).completed; }
  std::uint32_t room(Side side) const { return (1U << flow(side).log2) - in_flight(side); }
  // Writes a descriptor; the card sees it with the next doorbell.
  void post(Side side, const Descriptor& descriptor);
  void doorbell(Side side) { set_ring(side, shell::reg_doorbell, flow(side).posted); }
  // The next completion, if it is in memory.
  std::optional<LookasideCompletion> poll(Side side);
  // Clocks until `count` completions have come, or nothing has for a long time.
  std::vector<LookasideCompletion> collect(Side side, std::size_t count);
  std::optional<std::uint32_t> poll_event();
  // Clocks until the bits of the shell's status are as given; false when they do not become so.
  bool wait_status(driver::registers::Field field, std::uint32_t value);

  static std::uint32_t ring_base(Side side) {
    return side == Side::outbound ? shell::ring_outbound : shell::ring_inbound;
  }
  static std::uint32_t bit(driver::registers::Field field) { return 1U << field.lsb; }

 private:
  struct Flow {
    std::uint32_t log2 = 0;
    std::uint64_t descriptors = 0;
    std::uint64_t completions = 0;
    std::uint32_t posted = 0;
    std::uint32_t completed = 0;
  };
  Flow& flow(Side side) { return m_flows.at(static_cast<std::size_t>(side)); }
  const Flow& flow(Side side) const { return m_flows.at(static_cast<std::size_t>(side)); }
  std::uint64_t get(ByteView entry, driver::registers::Field field) const;
  void put(ByteSpan entry, driver::registers::Field field, std::uint64_t value);

  EspLookaside& m_card;
  std::uint64_t m_next = Memory::base;
  std::array<Flow, 2> m_flows;
  std::uint64_t m_events = 0;
  std::uint32_t m_events_log2 = 0;
  std::uint32_t m_events_taken = 0;
};

}  // namespace espgate::sim::test
