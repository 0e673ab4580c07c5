// IKEv2 (RFC 7296) without I/O: datagrams, time, randomness and commands in; datagrams, timers, Child SAs and
// events out. Deterministic: the same inputs give the same outputs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "base/secret.h"
#include "ike/config.h"

namespace espgate::ike {

// Monotonic time since an epoch of the caller's choice.
using Instant = std::chrono::microseconds;

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 500;
  auto operator<=>(const Endpoint&) const = default;
};

// One IKE message, from the IKE header on: the non-ESP marker of port 4500 is the caller's to add and strip.
struct Datagram {
  Endpoint local;
  Endpoint remote;
  Bytes message;
};

class Random {
 public:
  virtual ~Random() = default;
  // Fills with bytes fit for keys.
  virtual void fill(ByteSpan out) = 0;
};
// OpenSSL's generator.
std::unique_ptr<Random> make_system_random();

// Numbers that the stack gives out, never 0, never used twice in one run.
using IkeSaId = std::uint32_t;
using ChildSaId = std::uint32_t;

// A Child SA pair, negotiated and keyed (RFC 7296 section 2.17).
struct ChildSa {
  ChildSaId id = 0;
  IkeSaId ike_sa = 0;
  std::string connection;
  std::string child;     // names in the configuration
  EspProposal proposal;  // one value of each kind: the one agreed upon
  bool esn = false;
  bool transport_mode = false;
  std::uint32_t inbound_spi = 0;   // ours
  std::uint32_t outbound_spi = 0;  // the peer's
  // Encryption key and the salt behind it, for the ciphers that have one (RFC 4106 section 8.1, RFC 3686
  // section 5.1, RFC 4309 section 7.1, RFC 7634 section 2). Empty with AH and NULL.
  Secret inbound_key;
  Secret outbound_key;
  // Keys of the integrity algorithm; empty with an AEAD.
  Secret inbound_integrity_key;
  Secret outbound_integrity_key;
  // The Child SA that this one takes over from (RFC 7296 section 2.8); 0 when it is the first of its kind.
  ChildSaId replaces = 0;
  // Nothing is sent with it until use_outbound(): the peer may not be ready to receive yet. It receives at
  // once.
  bool receive_only = false;
  IpAddress local_address;
  IpAddress remote_address;
  // Set when a NAT was found or forced: ESP goes in UDP between these ports.
  bool udp_encapsulation = false;
  std::uint16_t local_port = 4500;
  std::uint16_t remote_port = 4500;
  std::vector<TrafficSelector> local_ts;
  std::vector<TrafficSelector> remote_ts;
  // What it may carry in each direction; 0: without limit. At `rekey` and at `hard` the stack is to be told
  // by child_expired().
  VolumeLimit bytes;
  VolumeLimit packets;
};

// Whoever carries Child SAs. The stack calls it while it handles a message, so that the peer can be told in
// the same exchange when an SA cannot be carried.
class ChildSaHandler {
 public:
  virtual ~ChildSaHandler() = default;
  // A fresh inbound SPI, 256 or higher, not in use.
  virtual Expected<std::uint32_t> allocate_spi() = 0;
  // An SPI that was allocated and will not be installed.
  virtual void release_spi(std::uint32_t spi) = 0;
  // Of several Child SAs for the same traffic, the one that was last allowed to send is the one to send with.
  // All receive until they are removed.
  virtual Expected<> install(const ChildSa& sa) = 0;
  // A `receive_only` Child SA sends from now on.
  virtual void use_outbound(ChildSaId id) = 0;
  // The ends of the tunnel are others now: a NAT has given the peer another address or port. False when the
  // Child SA cannot follow: the stack then replaces it.
  virtual bool move(ChildSaId id, const Endpoint& local, const Endpoint& remote) = 0;
  virtual void remove(ChildSaId id) = 0;
};

// rekeyed: replaced by another one, and about to be deleted.
enum class IkeSaState : std::uint8_t { connecting, established, rekeyed, deleting };
std::string_view to_string(IkeSaState state);
enum class ChildSaState : std::uint8_t { installed, rekeying, rekeyed, deleting };
std::string_view to_string(ChildSaState state);

struct ChildSaView {
  ChildSaId id = 0;
  std::string name;
  ChildSaState state = ChildSaState::installed;
  std::uint32_t inbound_spi = 0;
  std::uint32_t outbound_spi = 0;
  EspProposal proposal;
  bool esn = false;
  bool udp_encapsulation = false;
  std::vector<TrafficSelector> local_ts;
  std::vector<TrafficSelector> remote_ts;
  Instant installed{};
  // When it is to be replaced, and when it ends; nullopt: never.
  std::optional<Instant> rekey_at;
  std::optional<Instant> expires_at;
};

struct IkeSaView {
  IkeSaId id = 0;
  std::string connection;
  IkeSaState state = IkeSaState::connecting;
  bool initiator = false;
  std::uint64_t initiator_spi = 0;
  std::uint64_t responder_spi = 0;
  Endpoint local;
  Endpoint remote;
  Identity local_id;
  Identity remote_id;
  IkeProposal proposal;  // as agreed; empty while connecting
  bool nat_local = false;
  bool nat_remote = false;
  Instant established{};
  std::optional<Instant> rekey_at;
  std::optional<Instant> expires_at;
  std::vector<ChildSaView> children;
};

struct Event {
  // An SA that was replaced goes without a word, and one that is made twice because both ends replace at the
  // same time comes and goes so: every `up` is followed by any number of `rekeyed` and one `down`.
  enum class Kind : std::uint8_t {
    ike_up,
    ike_rekeyed,
    ike_down,
    child_up,
    child_rekeyed,
    child_down,
    rekey_failed,    // it is tried again as long as the SA lives
    initiate_again,  // the peer did not answer: `ike_sa` is tried instead of `replaced`
    initiate_failed,
    peer_rejected
  };
  Kind kind = Kind::ike_up;
  IkeSaId ike_sa = 0;
  ChildSaId child_sa = 0;  // 0 for IKE SA events
  // The ID, of an IKE SA or a Child SA, that the new one follows; 0 unless `kind` is a `rekeyed` or
  // initiate_again.
  std::uint32_t replaced = 0;
  std::string connection;
  std::string child;
  // For people: why it went down or failed, with the peer's notify by name where there was one.
  std::string reason;
};

// One named counter for each reason to drop or refuse a message.
struct Counter {
  std::string_view name;
  std::uint64_t value = 0;
};

class Stack {
 public:
  // `random` and `handler` must outlive the stack.
  static std::unique_ptr<Stack> create(Random& random, ChildSaHandler& handler, const Limits& limits = {});
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  // Wipes all keys. SAs are not deleted at the peers: call shut_down() and let the timers run out before.
  virtual ~Stack() = default;

  // Replaces the connection of this name; live SAs keep what they were made from.
  virtual Expected<> load_connection(ConnectionConfig config) = 0;
  virtual void unload_connection(const std::string& name) = 0;
  virtual std::vector<ConnectionConfig> connections() const = 0;
  // Replaces all pre-shared keys.
  virtual void load_shared_secrets(std::vector<SharedSecret> secrets) = 0;

  // Replaces all certificates, trust anchors, CRLs and private keys.
  virtual void load_credentials(Credentials credentials) = 0;
  // The time of day at `now`, to be told again whenever it may have been set: certificates are valid by it.
  // Without it, none is.
  virtual void set_time_of_day(std::chrono::sys_seconds time_of_day, Instant now) = 0;

  virtual void receive(const Datagram& datagram, Instant now) = 0;
  // To be called at or after next_timer().
  virtual void tick(Instant now) = 0;
  // nullopt: nothing will happen until the next input.
  virtual std::optional<Instant> next_timer() const = 0;

  // Brings up child `child` of `connection`, on an IKE SA of that connection when there is one, else with a
  // new one. When such a Child SA is up, or is coming up, that one's IKE SA is returned. The outcome is an
  // Event.
  virtual Expected<IkeSaId> initiate(const std::string& connection, const std::string& child,
                                     Instant now) = 0;
  // The same for an IKE SA without a Child SA (RFC 6023).
  virtual Expected<IkeSaId> initiate(const std::string& connection, Instant now) = 0;
  // Deletes with an INFORMATIONAL exchange (RFC 7296 section 1.4.1); the SA is gone at the latest when the
  // retransmissions are used up. False when there is no such SA.
  virtual bool terminate_ike(IkeSaId id, Instant now) = 0;
  virtual bool terminate_child(ChildSaId id, Instant now) = 0;
  // Replaces the SA by a new one with new keys (RFC 7296 sections 1.3.2, 1.3.3 and 2.8). False when there is
  // no such SA, or when it is not one to replace: not up, being replaced, or being deleted.
  virtual bool rekey_ike(IkeSaId id, Instant now) = 0;
  virtual bool rekey_child(ChildSaId id, Instant now) = 0;
  // The data path says that a Child SA has carried what it may: at `hard` it is gone at once, before that it
  // is replaced. False when there is no such Child SA.
  virtual bool child_expired(ChildSaId id, bool hard, Instant now) = 0;
  // Deletes every IKE SA, and accepts nothing new.
  virtual void shut_down(Instant now) = 0;

  // What keeps a NAT's mapping alive (RFC 3948 section 2.3): to be sent as one byte 0xff, without the non-ESP
  // marker.
  struct Keepalive {
    Endpoint local;
    Endpoint remote;
  };
  // Outputs since the last call.
  virtual std::vector<Datagram> take_datagrams() = 0;
  virtual std::vector<Keepalive> take_keepalives() = 0;
  virtual std::vector<Event> take_events() = 0;

  virtual std::vector<IkeSaView> list() const = 0;
  virtual std::vector<Counter> counters() const = 0;

 protected:
  Stack() = default;
};

}  // namespace espgate::ike
