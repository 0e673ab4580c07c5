// The Verilated hw/rtl/esp_core.sv as an object: its clock, its register port and its packet streams.
// Single-threaded; nothing moves except inside clock().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace espgate::sim {

// The two halves of the core; their streams are alike.
enum class Side : std::uint8_t { outbound = 0, inbound = 1 };

// What stands beside a packet's first beat (esp_core.sv, *_in_*).
struct SendOptions {
  std::uint32_t sa = 0;  // outbound: the SA's row, when neither looked up nor bypassed
  bool lookup = false;   // outbound: the SPD cache names the SA
  bool dummy = false;    // outbound: the frame is the payload of a dummy packet (next header 59)
  std::uint8_t spd = 0;  // the SPD of a look-up, either side
};

// One record of a completion stream (esp_core.sv, *_done_*).
struct Done {
  std::uint8_t verdict = 0;
  std::uint32_t sa = 0;
  std::uint32_t length = 0;    // bytes of the packet on the output stream; 0 when there is none
  std::uint64_t next_hop = 0;  // of the SA, 48 bits; 0 unless verdict is ok
  std::uint64_t latency = 0;   // cycles from the first input beat to the first output beat; 0 without output
};

// Chances, in 1/256, that a stream is idle in a cycle; for tests of back-pressure and bubbles. 0 is full
// speed.
struct Hesitation {
  std::uint32_t seed = 1;
  std::uint8_t input_bubble = 0;
  std::uint8_t output_stall = 0;
};

class EspCore {
 public:
  // trace_path: FST waveform, empty for none. Fails when the file cannot be written.
  static Expected<std::unique_ptr<EspCore>> create(const std::string& trace_path);
  EspCore(const EspCore&) = delete;
  EspCore& operator=(const EspCore&) = delete;
  virtual ~EspCore() = default;

  // Registers over AXI4-Lite; each access takes a few clock cycles. All ones when the port does not answer.
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;

  // Queues a packet for the input stream; the bytes must stay until done() has returned its record.
  virtual void send(Side side, const SendOptions& options, ByteView packet) = 0;
  // The next finished packet, and its bytes when there are any, in order; nullopt when none is finished.
  virtual std::optional<Done> done(Side side, ByteSpan output) = 0;

  // While on, the event port takes every event, and event() hands them out, oldest first, in the layout of
  // register event_data. Off at first: events wait in the queue for a read of the register.
  virtual void take_events(bool on) = 0;
  virtual std::optional<std::uint32_t> event() = 0;

  virtual void clock(std::uint32_t cycles) = 0;
  virtual std::uint64_t cycles() const = 0;
  virtual void hesitate(const Hesitation& hesitation) = 0;
  // Holds rst_ni low for a few cycles: tables, keys, events and packets in flight are gone.
  virtual void reset() = 0;

 protected:
  EspCore() = default;
};

}  // namespace espgate::sim
