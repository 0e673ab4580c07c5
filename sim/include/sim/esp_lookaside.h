// The Verilated hw/rtl/shell/esp_lookaside.sv as an object: its clock, its register port, and the memory that
// its three AXI4 masters see. Single-threaded; nothing moves except inside clock(), read() and write().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "sim/memory.h"

namespace espgate::sim {

class EspLookaside {
 public:
  struct Options {
    std::string trace_path;  // FST waveform, empty for none
    std::size_t memory_bytes = std::size_t{64} << 20U;
  };
  // Fails when the waveform cannot be written.
  static Expected<std::unique_ptr<EspLookaside>> create(const Options& options);
  EspLookaside(const EspLookaside&) = delete;
  EspLookaside& operator=(const EspLookaside&) = delete;
  virtual ~EspLookaside() = default;

  // Registers over AXI4-Lite; each access takes a few clock cycles. All ones when the port does not answer.
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;

  virtual Memory& memory() = 0;
  virtual void clock(std::uint32_t cycles) = 0;
  virtual std::uint64_t cycles() const = 0;
  // Holds rst_ni low for a few cycles. The memory forgets the accesses that were under way, as a system reset
  // makes it.
  virtual void reset() = 0;

 protected:
  EspLookaside() = default;
};

}  // namespace espgate::sim
