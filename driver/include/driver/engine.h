// Engine: the one interface to an ESP engine, be it RTL or software. The same packet under the same SA gets
// the same bytes, the same verdict and the same counters from every implementation; the software engine is
// the reference.
//
// Threads: an Engine is owned by one thread; no call blocks. Packets: within a direction, completions come in
// the order of the submissions, exactly one for each. Buffers belong to the caller throughout; the engine
// uses input and output from submit() until the completion is polled, and neither may be touched in between.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "driver/sa.h"
#include "driver/verdict.h"

namespace espgate::driver {

enum class Direction : std::uint8_t { outbound = 0, inbound = 1 };

// Read from the engine, never assumed.
struct Capabilities {
  std::string name;     // "software", "simulated"
  std::string version;  // of the RTL or of the software engine
  bool aes_gcm_128 = false;
  bool aes_gcm_256 = false;
  bool esn = false;
  bool tunnel_v4_in_v4 = false;
  bool udp_encapsulation = false;
  std::uint32_t replay_window = 0;     // packets
  std::uint32_t max_packet_bytes = 0;  // longest frame at the input, IP header onwards
  std::uint32_t outbound_sas = 0;      // table sizes
  std::uint32_t inbound_sas = 0;
};

// A row of the engine's SA table, valid from add to remove.
struct SaIndex {
  std::uint32_t value = 0;
  bool operator==(const SaIndex&) const = default;
};

// One packet to transform, from its IP header on.
struct PacketRequest {
  std::uint64_t cookie = 0;  // returned with the completion
  SaIndex sa;                // outbound only: the SA that the SPD chose
  ByteView input;
  ByteSpan output;  // at least input.size() + max_expansion bytes
};

// Outer IPv4 (20), UDP (8), ESP header and IV (16), padding (3), trailer (2), ICV (16).
inline constexpr std::size_t max_expansion = 65;

struct Completion {
  std::uint64_t cookie = 0;
  Verdict verdict = Verdict::ok;
  // The SA that carried the packet: as requested outbound, as found by SPI inbound. Meaningful inbound only
  // when the verdict is ok or comes after unknown_spi in the order of the checks.
  SaIndex sa;
  std::uint32_t length = 0;  // bytes written to output; 0 unless ok
};

struct Event {
  enum class Kind : std::uint8_t { lease_low };
  Kind kind = Kind::lease_low;
  SaIndex sa;  // outbound
};

struct DirectionCounters {
  std::uint64_t packets_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_out = 0;
  // packets_in is the sum of these once every packet has its completion; packets_out is verdicts[ok].
  std::array<std::uint64_t, verdict_count> verdicts{};

  bool operator==(const DirectionCounters&) const = default;
};

struct Counters {
  DirectionCounters outbound;
  DirectionCounters inbound;
  // Clock cycles since reset; 0 from an engine without a clock.
  std::uint64_t cycles = 0;
};

struct OutboundSaCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // inner
  std::uint64_t next_sequence = 0;

  bool operator==(const OutboundSaCounters&) const = default;
};

struct InboundSaCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // inner
  std::uint64_t replay_too_old = 0;
  std::uint64_t replay_duplicate = 0;
  std::uint64_t icv_failed = 0;
  std::uint64_t selector_mismatch = 0;
  std::uint64_t replay_top = 0;

  bool operator==(const InboundSaCounters&) const = default;
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual const Capabilities& capabilities() const = 0;

  // Fails, changing nothing, when the SA is not within the capabilities, its values make no sense (the
  // message says which), the SPI is there already (inbound), or the table is full.
  virtual Expected<SaIndex> add_outbound(const OutboundSa& sa) = 0;
  virtual Expected<SaIndex> add_inbound(const InboundSa& sa) = 0;
  // The row is wiped, keys included. Packets submitted before get their completions as if the SA were still
  // there.
  virtual Expected<> remove(Direction direction, SaIndex index) = 0;
  // Extends a lease; fails when lease_limit is lower than the one in force or beyond the SA's number space.
  virtual Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) = 0;

  // Takes requests from the front and returns how many; fewer than given when the queue is full.
  virtual std::size_t submit(Direction direction, std::span<const PacketRequest> requests) = 0;
  // Writes finished packets and returns how many.
  virtual std::size_t poll(Direction direction, std::span<Completion> completions) = 0;
  virtual std::size_t poll_events(std::span<Event> events) = 0;
  // Packets submitted and not yet polled.
  virtual std::size_t in_flight(Direction direction) const = 0;

  virtual Expected<Counters> counters() = 0;
  virtual Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) = 0;
  virtual Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) = 0;
  // An error once the engine does not answer or failed its self-check; it carries nothing from then on.
  virtual Expected<> health() = 0;
};

// Table sizes for engines that can choose them.
struct SoftwareEngineOptions {
  std::uint32_t outbound_sas = 16384;
  std::uint32_t inbound_sas = 16384;
};
Expected<std::unique_ptr<Engine>> make_software_engine(const SoftwareEngineOptions& options = {});

struct SimulatedEngineOptions {
  std::string trace_path;  // FST waveform of the whole run; empty for none
};
// The RTL under Verilator, in process. Its clock runs inside poll() while packets are in flight.
Expected<std::unique_ptr<Engine>> make_simulated_engine(const SimulatedEngineOptions& options = {});

}  // namespace espgate::driver
