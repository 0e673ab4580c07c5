// DataPath: the SPD, the SAD and the engine put together. Child SAs come in as pairs, packets as bytes, and
// each packet ends at the sink or in a named counter.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "driver/engine.h"
#include "offload/spd.h"

namespace espgate::offload {

// A Child SA to carry: both directions or neither.
struct ChildSaSpec {
  std::uint32_t id = 0;  // chosen by the caller, unique
  std::string name;      // of the SPD entry that it serves
  bool esn = false;
  std::uint32_t inbound_spi = 0;
  std::uint32_t outbound_spi = 0;
  driver::AesGcmKey inbound_key;
  driver::AesGcmKey outbound_key;
  IpAddress local_address;
  IpAddress remote_address;
  std::optional<driver::UdpEncapsulation> encapsulation;
  std::vector<Selector> selectors;
  // Packets; 0 for no replay check.
  std::uint16_t replay_window = driver::default_replay_window;
  // Nothing is sent with it before use_outbound(): the SA that it replaces goes on.
  bool receive_only = false;
};

struct ChildSaStatistics {
  std::uint32_t id = 0;
  std::string name;
  driver::OutboundSaCounters outbound;
  driver::InboundSaCounters inbound;
  std::uint64_t lease_limit = 0;
};

// Where transformed packets go. Called from DataPath::poll(); the bytes are valid during the call only.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  // A whole outer IPv4 packet for the unprotected side.
  virtual void to_unprotected(ByteView packet) = 0;
  // A whole inner IPv4 packet for the protected side.
  virtual void to_protected(ByteView packet) = 0;
  // A packet of an SPD entry that asks for SAs on demand found none. True when it was taken, to be submitted
  // again once there is one. Called from DataPath::submit_outbound().
  virtual bool hold(const std::string& /*entry*/, ByteView /*packet*/) { return false; }
  // The engine failed for good, for this reason, and the standby carries its SAs now; but not those with
  // these ids, which are gone. Called from DataPath::poll().
  virtual void engine_replaced(const std::string& /*reason*/, const std::vector<std::uint32_t>& /*lost*/) {}
};

// Packets that never reached the engine, one named counter for each reason.
struct PolicyCounter {
  std::string_view name;
  std::uint64_t value = 0;
};

struct Statistics {
  driver::Capabilities engine;
  driver::Counters counters;
  std::vector<PolicyCounter> policy;
  std::vector<ChildSaStatistics> children;
};

// How many sequence numbers an SA is leased at a time, and how many before the end the lease is renewed. A
// crash costs at most one lease of the number space; renewing takes one register write sequence.
struct LeasePolicy {
  std::uint64_t size = std::uint64_t{1} << 20;
  std::uint64_t renew_before = std::uint64_t{1} << 18;
};

class DataPath {
 public:
  // Makes the engine that takes over when the first one has failed for good.
  using Standby = std::function<Expected<std::unique_ptr<driver::Engine>>()>;

  // `sink` must outlive the data path. Without a standby an engine that failed for good carries nothing more.
  static std::unique_ptr<DataPath> create(std::unique_ptr<driver::Engine> engine, PacketSink& sink,
                                          const LeasePolicy& lease = {}, Standby standby = {});
  DataPath(const DataPath&) = delete;
  DataPath& operator=(const DataPath&) = delete;
  virtual ~DataPath() = default;

  virtual Spd& spd() = 0;
  // Of the engine that carries the SAs now.
  virtual const driver::Capabilities& capabilities() const = 0;

  // Whether a Child SA of this kind could be carried; the error names the capability that is missing. Keys
  // count by their size; SPIs and salts are not looked at.
  virtual Expected<> can_carry(const ChildSaSpec& spec) const = 0;
  // A random SPI, 256 or higher, that is neither installed nor allocated.
  virtual Expected<std::uint32_t> allocate_spi() = 0;
  // For an SPI that will not be installed; one that is installed stays until its Child SA is removed.
  virtual void release_spi(std::uint32_t spi) = 0;
  // Inbound first, so that nothing that the peer sends is lost; on any error nothing is installed, and an
  // allocated SPI stays allocated. Of several Child SAs of one SPD entry, the one that was last allowed to
  // send, and covers a packet, carries it.
  virtual Expected<> install(const ChildSaSpec& spec) = 0;
  // Lets a receive_only Child SA send; nothing for any other.
  virtual void use_outbound(std::uint32_t id) = 0;
  // Nothing is sent with the Child SA any more; it receives until it is removed.
  virtual void stop_outbound(std::uint32_t id) = 0;
  virtual void remove(std::uint32_t id) = 0;

  // Hands a packet to the engine; a packet that the policy does not let pass, or that finds the queue full,
  // is dropped and counted. The bytes are copied. A sink may call these from within poll().
  virtual void submit_outbound(ByteView packet) = 0;
  virtual void submit_inbound(ByteView packet) = 0;
  // Runs the engine, delivers what is finished, renews leases; a bounded piece of work. True while packets
  // are in flight or an engine that failed is being brought back; false also once that was given up.
  //
  // An engine that does not answer is reset and gets its SAs again, at once and then a few times more, each
  // after a longer wait. Until then packets are dropped and counted (outbound_engine_failed, or inbound_…);
  // those within it are lost and counted (outbound_engine_lost, or inbound_…). No sequence number is used
  // twice: each SA goes on at the end of its lease, with a new one. With a standby there are fewer tries, and
  // then it takes over, in the same way: outbound behind every number that the engine may have used, inbound
  // behind the highest one that was delivered.
  virtual bool poll() = 0;

  // An error, with the reason, while the engine does not answer. What each SA has carried counts on through a
  // recovery, but for what it carried since the last call before it; the engine's other counters begin anew.
  virtual Expected<Statistics> statistics() = 0;

 protected:
  DataPath() = default;
};

// Largest inner packet that fits `outer_mtu` bytes after encapsulation, in bytes.
std::uint32_t tunnel_mtu(std::uint32_t outer_mtu, bool udp_encapsulation);

}  // namespace espgate::offload
