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
#include "driver/flow.h"
#include "driver/sa.h"
#include "driver/verdict.h"

namespace espgate::driver {

// Read from the engine, never assumed. The names are those of registers.toml.
struct Capabilities {
  std::string name;     // "software", "simulated", "xrt"
  std::string version;  // of the RTL or of the software engine
  bool aes_gcm_128 = false;
  bool aes_gcm_256 = false;
  bool gmac_128 = false;
  bool gmac_256 = false;
  bool esn = false;
  bool tunnel = false;  // IPv4 in IPv4
  bool ipv6 = false;    // inside and outside, in any pairing
  bool transport = false;
  bool udp_encapsulation = false;
  bool tfc = false;        // OutboundSa::tfc_bytes and dummy packets
  bool lifetimes = false;  // in packets and bytes
  bool spd_cache = false;
  std::uint32_t replay_window = 0;     // packets, the largest one
  std::uint32_t max_packet_bytes = 0;  // longest frame at the input, IP header onwards
  std::uint32_t outbound_sas = 0;      // table sizes
  std::uint32_t inbound_sas = 0;
  // Of each direction. A hardware table may have no room for a flow a little earlier.
  std::uint32_t spd_cache_entries = 0;
};

// A row of the engine's SA table, valid from add to remove.
struct SaIndex {
  std::uint32_t value = 0;
  bool operator==(const SaIndex&) const = default;
};

// What is asked for an outbound packet.
enum class RequestKind : std::uint8_t {
  protect,  // under the SA that the request names
  lookup,   // as the outbound SPD cache says
  dummy     // make a dummy packet (RFC 4303 section 2.6) of the named SA, around the input as it is
};

// One packet to transform, from its IP header on; of a dummy, the payload.
struct PacketRequest {
  std::uint64_t cookie = 0;                 // returned with the completion
  SaIndex sa;                               // outbound, unless looked up
  RequestKind kind = RequestKind::protect;  // outbound
  std::uint8_t spd = 0;                     // of the look-up; inbound, of packets that are not ESP
  ByteView input;
  // The larger of input.size() and the SA's tfc_bytes, and max_expansion bytes more. That is enough for every
  // output; Capabilities::max_packet_bytes + max_expansion is enough for every SA.
  ByteSpan output;
};

// Outer IPv6 (40), UDP (8), ESP header and IV (16), padding (3), trailer (2), ICV (16).
inline constexpr std::size_t max_expansion = 85;

// Of inputs and outputs in packet_memory(), in bytes.
inline constexpr std::size_t packet_alignment = 64;

struct Completion {
  std::uint64_t cookie = 0;
  Verdict verdict = Verdict::ok;
  // The SA that carried the packet. Outbound: as requested; of a look-up, what the cache named. Inbound: what
  // the SPI led to. After a look-up meaningful only when the verdict is ok or has a code from sa_invalid on;
  // inbound only when it is ok or has a code above unknown_spi's; else 0.
  SaIndex sa;
  std::uint32_t length = 0;  // bytes written to output; 0 unless ok or bypassed
  MacAddress next_hop{};     // of the SA; zero unless ok
};

// Something that the host must learn of an SA. Events of one direction come in the order of the packets that
// raised them, those of one packet in the order of the kinds.
struct Event {
  // Values as in registers.toml.
  enum class Kind : std::uint8_t {
    lease_low = 0,           // outbound: see OutboundSa::lease_low
    soft_expired = 1,        // see Lifetime
    hard_expired = 2,        // see Lifetime
    sequence_exhausted = 3,  // outbound: the last sequence number is used up
    icv_alarm = 4,           // inbound: the first packet with a wrong ICV, and every 1024th after it
    replay_alarm = 5         // inbound: the first replayed packet, and every 1024th after it
  };
  Kind kind = Kind::lease_low;
  Direction direction = Direction::outbound;
  SaIndex sa;

  bool operator==(const Event&) const = default;
};

struct DirectionCounters {
  std::uint64_t packets_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_out = 0;
  // Packets whose events found the event queue full.
  std::uint64_t events_lost = 0;
  // packets_in is the sum of these once every packet has its completion; packets_out is verdicts[ok] and
  // verdicts[bypassed].
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
  std::uint64_t bytes = 0;    // before encapsulation
  std::uint64_t expired = 0;  // packets dropped with lifetime_expired
  std::uint64_t next_sequence = 0;

  bool operator==(const OutboundSaCounters&) const = default;
};

struct InboundSaCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;    // after decapsulation
  std::uint64_t expired = 0;  // packets dropped with lifetime_expired
  std::uint64_t replay_too_old = 0;
  std::uint64_t replay_duplicate = 0;
  std::uint64_t icv_failed = 0;
  std::uint64_t selector_mismatch = 0;
  std::uint64_t replay_top = 0;

  bool operator==(const InboundSaCounters&) const = default;
};

// `fail` compares the known answers with wrong ones, so that the alarm itself can be tested.
enum class SelfTest : std::uint8_t { run, fail };

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
  // The row is wiped, keys included; the flows that the outbound SPD cache leads to it, and its events that
  // nobody has polled, are forgotten. Packets submitted before get their completions as if the SA were still
  // there.
  virtual Expected<> remove(Direction direction, SaIndex index) = 0;
  // Extends a lease; fails when lease_limit is lower than the one in force or beyond the SA's number space. A
  // lease_low that nobody has polled is forgotten; from a packet that is on its way it may still come.
  virtual Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) = 0;

  // What a direction's SPD cache says of a flow from now on, in the place of what it said before. Packets on
  // their way meet the one or the other. `sa` counts for outbound protect only, and must be there. Inbound,
  // protect and discard drop alike. Fails, changing nothing, when the engine has no SPD cache or no room, or
  // when the flow is none: two families, or ports that are not known and not 0.
  virtual Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa = {}) = 0;
  // Nothing happens when the cache does not know the flow.
  virtual Expected<> forget_policy(Direction direction, const Flow& flow) = 0;

  // Memory for packets, which the engine's own lifetime bounds. What is in it, at multiples of
  // packet_alignment, is transformed where it is; packets elsewhere are copied by an engine that does not
  // reach them. Allocates: not for the way of a packet.
  virtual Expected<ByteSpan> packet_memory(std::size_t bytes) = 0;
  // Takes requests from the front and returns how many; fewer than given when the queue is full.
  virtual std::size_t submit(Direction direction, std::span<const PacketRequest> requests) = 0;
  // Writes finished packets and returns how many.
  virtual std::size_t poll(Direction direction, std::span<Completion> completions) = 0;
  // Takes the oldest events. One may come a little later than the completion of the packet that raised it.
  // The queue is bounded: it holds what 64 packets raised at least; what finds it full is lost and counted
  // (DirectionCounters::events_lost).
  virtual std::size_t poll_events(std::span<Event> events) = 0;
  // Packets submitted and not yet polled.
  virtual std::size_t in_flight(Direction direction) const = 0;

  virtual Expected<Counters> counters() = 0;
  virtual Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) = 0;
  virtual Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) = 0;
  // Runs the known-answer test of the ciphers, which every engine has passed when it comes into being, again,
  // after all packets that were submitted. An error when it fails: every packet gets self_test_failed from
  // then on, until it passes.
  virtual Expected<> self_test(SelfTest how) = 0;
  // For an engine whose health() is an error, and a card that may be dead: resets it and gives it every SA
  // and flow that it had, under the same indices. Packets within it are lost without completions, and their
  // buffers are the caller's again. An outbound SA goes on at the limit of its lease, so that no number is
  // used twice, and reports lease_low; it sends nothing before it is renewed. An inbound one goes on behind
  // the highest number that was delivered, with an empty window. Lifetimes go on, counters begin anew. May be
  // tried again when it fails.
  virtual Expected<> recover() { return fail("this engine has nothing that could be reset"); }
  // An error once the engine does not answer, or while its last self-test is a failed one.
  virtual Expected<> health() = 0;
};

// Where the software engine's AES-GCM comes from. The answers are the same.
enum class CryptoLibrary : std::uint8_t {
  fastest,  // libipsec-mb where it is there and the processor has what it needs, else OpenSSL
  openssl,
  ipsec_mb,
};
// Whether a software engine could use it here.
bool is_available(CryptoLibrary library);

// Table sizes for engines that can choose them.
struct SoftwareEngineOptions {
  std::uint32_t outbound_sas = 16384;
  std::uint32_t inbound_sas = 16384;
  std::uint32_t spd_cache_entries = 65536;  // of each direction
  CryptoLibrary crypto = CryptoLibrary::fastest;
};
Expected<std::unique_ptr<Engine>> make_software_engine(const SoftwareEngineOptions& options = {});

struct SimulatedEngineOptions {
  std::string trace_path;  // FST waveform of the whole run; empty for none
};
// The RTL under Verilator, in process: the look-aside card, with its memory. Its clock runs inside poll()
// while packets are in flight.
Expected<std::unique_ptr<Engine>> make_simulated_engine(const SimulatedEngineOptions& options = {});

struct XrtEngineOptions {
  std::string device = "0";  // XRT's index of the card, or its PCIe address
  std::string xclbin;        // with an esp_lookaside in it
};
// A card through XRT. Fails, saying so, in a build without XRT.
Expected<std::unique_ptr<Engine>> make_xrt_engine(const XrtEngineOptions& options);

}  // namespace espgate::driver
