// The tops of the RTL as the bench sees them: registers, packets in, and when each of them was finished.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "card/register_port.h"
#include "driver/engine.h"

namespace espgate::bench {

class RtlDevice : public driver::card::RegisterPort {
 public:
  struct Finished {
    std::uint8_t verdict = 0;
    bool error = false;  // of the shell
    std::uint32_t length = 0;
  };

  virtual std::string name() const = 0;
  // Queues a packet; `output_bytes` is how long it will be at most. start() lets everything queued go.
  virtual void queue(driver::Direction direction, std::uint32_t sa, ByteView packet,
                     std::size_t output_bytes) = 0;
  virtual void start() = 0;
  virtual std::optional<Finished> next(driver::Direction direction) = 0;
  // Cycles from the first input beat to the first output beat of the packet that next() returned last; of a
  // card with rings, from the doorbell to the completion in memory.
  virtual std::uint64_t latency() const = 0;
  virtual void clock(std::uint32_t cycles) = 0;
  virtual std::uint64_t cycles() const = 0;
  // Most packets that may be queued at once.
  virtual std::size_t room() const = 0;
};

std::unique_ptr<RtlDevice> make_core();
// In front of a memory that takes 300 cycles.
std::unique_ptr<RtlDevice> make_lookaside();

}  // namespace espgate::bench
