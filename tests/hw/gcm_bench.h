// Drives the Verilated esp_gcm_tested, which is esp_gcm_core and its self-test, and checks the core's seam on
// the way: fixed latency, order, and zero bytes past the count.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "gcm_reference.h"

namespace espgate::test {

enum class GcmDirection { encrypt, decrypt };

class GcmBench {
 public:
  // The bench's own copy of esp_gcm_pkg::LATENCY; a core of another latency fails every test.
  static constexpr unsigned latency = 33;

  static std::unique_ptr<GcmBench> make(GcmDirection direction);
  virtual ~GcmBench() = default;

  // Sends the packets, each slot a bubble with this chance (0 to below 1; bubbles carry random input), and
  // returns what came out for each. Takes as many cycles as slots plus the latency.
  virtual std::vector<GcmResult> run(std::span<const GcmPacket> packets, double bubbles,
                                     std::mt19937_64& rng) = 0;
  // Runs the known-answer test and says whether it passed; nothing when it does not end in 100 cycles, or
  // when a slot shows at the outputs meanwhile.
  virtual std::optional<bool> self_test(bool corrupt) = 0;
  // Sends the first beats of a packet and resets the core in its middle.
  virtual void reset_amid(const GcmPacket& packet, unsigned beats) = 0;

 protected:
  GcmBench() = default;
  GcmBench(const GcmBench&) = delete;
  GcmBench& operator=(const GcmBench&) = delete;
};

}  // namespace espgate::test
