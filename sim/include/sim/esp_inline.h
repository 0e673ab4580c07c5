// The Verilated hw/rtl/shell/esp_inline.sv as an object: its clock, its register port, the wires on its two
// sides and its host port. Single-threaded; nothing moves except inside clock(), read() and write().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace espgate::sim {

enum class InlineSide : std::uint8_t { protected_side = 0, unprotected_side = 1 };

// Chances, in 1/256, that a stream pauses in a cycle.
struct InlineHesitation {
  std::uint32_t seed = 1;
  std::uint8_t receive_gap = 0;     // between beats from the wires, and from the host
  std::uint8_t transmit_stall = 0;  // of the MACs
  std::uint8_t host_stall = 0;
};

class EspInline {
 public:
  struct HostFrame {
    InlineSide side = InlineSide::protected_side;  // where it came in
    std::uint8_t reason = 0;                       // verdict, or inline_shell::reason_*
    Bytes bytes;
  };

  // trace_path: FST waveform, empty for none. Fails when the file cannot be written.
  static Expected<std::unique_ptr<EspInline>> create(const std::string& trace_path);
  EspInline(const EspInline&) = delete;
  EspInline& operator=(const EspInline&) = delete;
  virtual ~EspInline() = default;

  // Registers over AXI4-Lite; each access takes a few clock cycles. All ones when the port does not answer.
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;

  // Queues a frame on the wire of a side, from the destination address on, without check sequence.
  virtual void receive(InlineSide side, Bytes frame, bool damaged = false) = 0;
  // The next frame that has left on a side.
  virtual std::optional<Bytes> transmitted(InlineSide side) = 0;
  // The next frame for the host; and one of the host, to leave on a side.
  virtual std::optional<HostFrame> to_host() = 0;
  virtual void from_host(InlineSide side, Bytes frame) = 0;
  // Everything queued has been put on its wire.
  virtual bool sent() const = 0;

  virtual void clock(std::uint32_t cycles) = 0;
  virtual std::uint64_t cycles() const = 0;
  virtual void hesitate(const InlineHesitation& hesitation) = 0;
  virtual void reset() = 0;
  // What the shell did against AXI4-Stream: beats that change or go away while they wait, gaps within a
  // frame to a MAC, holes in the byte strobes.
  virtual const std::vector<std::string>& violations() const = 0;

 protected:
  EspInline() = default;
};

}  // namespace espgate::sim
