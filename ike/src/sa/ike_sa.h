// One IKE SA: its state, its keys, its Child SAs, and the messages that run over it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/certificate_wish.h"
#include "auth/signature.h"
#include "crypto/key_schedule.h"
#include "ike/stack.h"
#include "sa/child_table.h"
#include "sa/environment.h"
#include "sa/exchange.h"
#include "sa/reassembly.h"
#include "sa/request_window.h"
#include "sa/secure_channel.h"
#include "sa/state.h"

namespace espgate::ike {

// What IKE_AUTH proves that IKE_SA_INIT was (RFC 7296 section 2.15), and the nonces of the first Child SA.
struct InitMaterial {
  Secret sk_pi{};
  Secret sk_pr{};
  Bytes initiator_nonce;
  Bytes responder_nonce;
  Bytes request;
  Bytes response;
  // What the peer said about the proof that it wants.
  std::optional<SignatureHashes> peer_hashes{};
  CertificateWish certificate_wish{};
};

// What a responder answers, and what becomes of the IKE SA once the answer is on its way.
struct Reply {
  wire::Payloads payloads;
  struct Move {
    SaState to;
    std::string reason;
  };
  std::optional<Move> then;
  // The IKE SA that takes over once the answer is out; 0 when none does.
  IkeSaId successor = 0;
};

class IkeSa final {
 public:
  struct Setup {
    IkeSaId id = 0;
    bool initiator = false;
    std::uint64_t own_spi = 0;
    std::uint64_t peer_spi = 0;  // 0 for an initiator
    Endpoint local;
    Endpoint remote;
    ConnectionPtr connection;
    IkeSaId replaces = 0;    // 0: it came from IKE_SA_INIT
    unsigned failures = 0;   // handshakes before this one that got no answer
    IkeSaId supersedes = 0;  // see supersede()
  };
  IkeSa(Environment& environment, Setup setup);
  IkeSa(const IkeSa&) = delete;
  IkeSa& operator=(const IkeSa&) = delete;
  // Ends silently: no message and no event; Child SAs leave the data path.
  ~IkeSa();

  // Inputs, from the stack.
  void receive(const Datagram& datagram, const wire::Header& header);
  void tick();
  std::optional<Instant> deadline() const;
  // Deletes the IKE SA at the peer, at once or as soon as that is possible.
  void terminate(std::string reason);
  // False when there is no such child.
  bool terminate_child(ChildSaId id);
  // False when it is not one to replace.
  bool rekey();
  bool rekey_child(ChildSaId id);
  // The Child SA has carried what it may.
  void expire_child(ChildSaId id);
  // Whether the peer still answers, asked at once unless an exchange is under way, which tells as well.
  void check_liveness();
  // Starts what waits in the queue.
  void start_exchanges();

  // For exchanges.
  // The one way in which the state changes: refuses moves that are not legal, keeps the books and emits
  // events.
  void set_state(SaState to, std::string_view reason);
  void enqueue(std::unique_ptr<Exchange> exchange);
  // Before all that waits.
  void enqueue_first(std::unique_ptr<Exchange> exchange);
  // After Limits::retry_delay and a random time.
  void enqueue_later(std::unique_ptr<Exchange> exchange);
  // `material` is nullptr for an IKE SA that was authenticated before it was made.
  void set_keys(IkeProposal chosen, IkeKeys keys, std::unique_ptr<InitMaterial> material,
                std::uint64_t peer_spi);
  void set_connection(ConnectionPtr connection) { m_connection = std::move(connection); }
  void set_identities(Identity local, Identity remote);
  void set_nat(bool local, bool remote, bool encapsulation);
  void allow_fragmentation(bool allowed) { m_fragmentation = allowed; }
  void move_endpoints(const Endpoint& local, const Endpoint& remote);
  // The responder's answer to IKE_SA_INIT.
  void answer_init(const ResponseCache::Digest& request_digest, Bytes response, const Datagram& request);
  // Forgets what only IKE_AUTH needs.
  void forget_init_material();
  // Refuses the SA that the peer has accepted: it is told, and the IKE SA ends.
  void refuse_peer(const std::string& reason);
  Expected<> install_child(const ChildSa& sa, const Lifetime& lifetime);
  ChildTable& children() { return m_children; }
  const ChildTable& children() const { return m_children; }
  void remove_child(ChildSaId id, std::string_view reason,
                    ChildTable::Leaving leaving = ChildTable::Leaving::drained);
  // The same at the peer's wish: brought up again where the configuration says so.
  void close_child(ChildSaId id);
  void close_by_peer();
  // A new one carries the traffic of `old`, which whoever asked for the new one is to delete.
  void retire_child(ChildSaId old);
  // Lost against another replacement: it is never sent with.
  void make_redundant(ChildSaId id);
  // The replacement failed; it is tried again.
  void rekey_child_failed(ChildSaId id, std::string reason);
  void rekey_failed(std::string reason);
  // The peer refuses to replace what this IKE SA has: another IKE SA is begun, with all of its children, and
  // this one ends when they are up (RFC 7296 section 2.8). False when we cannot begin one.
  bool supersede();
  // Told by the stack once there is one.
  void set_superseded_by(IkeSaId id) { m_superseded_by = id; }
  bool is_superseded() const;

  // The IKE SA that takes over from this one (RFC 7296 section 2.18), established from the start. Until
  // hand_over() it has nothing.
  IkeSa& add_successor(bool initiator, std::uint64_t own_spi, std::uint64_t peer_spi, IkeProposal chosen,
                       IkeKeys keys);
  // Child SAs and all that waits to be done go to `heir`; this one is `rekeyed`.
  void hand_over(IkeSa& heir);
  // Both ends rekey: which of the two takes over is not settled yet.
  void set_heir(IkeSaId heir) { m_heir = heir; }
  IkeSa* heir() const;
  // Deletes an IKE SA that has nothing, without a word to the outside.
  void discard();
  // The same, done by the peer, or else by us later.
  void await_deletion();
  // The peer has deleted it; it is kept for a while for an answer that is under way.
  void linger() { m_deleted_by_peer = true; }
  bool is_lingering() const { return m_deleted_by_peer; }
  void emit(Event::Kind kind, std::string child, std::string reason, ChildSaId child_id = 0,
            std::uint32_t replaced = 0);

  // What it is.
  Environment& environment() { return m_environment; }
  const Environment& environment() const { return m_environment; }
  IkeSaId id() const { return m_id; }
  SaState state() const { return m_state; }
  bool initiator() const { return m_initiator; }
  std::uint64_t own_spi() const { return m_initiator ? m_initiator_spi : m_responder_spi; }
  std::uint64_t initiator_spi() const { return m_initiator_spi; }
  std::uint64_t responder_spi() const { return m_responder_spi; }
  const Endpoint& local() const { return m_local; }
  const Endpoint& remote() const { return m_remote; }
  const ConnectionConfig& connection() const { return *m_connection; }
  const ConnectionPtr& connection_pointer() const { return m_connection; }
  const Identity& local_id() const { return m_local_id; }
  const Identity& remote_id() const { return m_remote_id; }
  const IkeProposal& proposal() const { return m_proposal; }
  const Secret& sk_d() const { return m_sk_d; }
  // From IKE_SA_INIT until IKE_AUTH is done.
  const InitMaterial& init_material() const { return *m_material; }
  bool udp_encapsulation() const { return m_udp_encapsulation; }
  const Limits& limits() const { return m_environment.limits; }
  bool is_successor() const { return m_replaces != 0; }
  // Made to take over from another one, and has not done so.
  bool is_unsettled() const { return is_successor() && !m_announced; }
  // The exchange of ours that waits for its answer; nullptr when there is none.
  Exchange* active() { return m_requests.active(); }
  Instant created() const { return m_created; }
  Instant established() const { return m_established; }
  const ResponseCache& responses() const { return m_responses; }
  // Whether there is such a child, or one that is being brought up.
  bool has_child(std::string_view name) const;
  IkeSaView view() const;
  const Bytes& init_request() const { return m_requests.request().front(); }

 private:
  void receive_request(const Datagram& datagram, const wire::Message& message);
  void receive_response(const Datagram& datagram, const wire::Message& message);
  void receive_init_response(const Datagram& datagram, const wire::Header& header);
  void take_unprotected_response(const wire::Message& message);
  // What is inside of a message, and how a repetition of it is told: by the digest of its datagram, or of its
  // first fragment's.
  struct Opened {
    wire::PayloadType first = wire::PayloadType::none;
    Secret payloads;
    ResponseCache::Digest digest{};
  };
  Reply answer(const Datagram& datagram, const wire::Message& message, const Opened& opened);
  void send_response(const Datagram& datagram, const wire::Header& header, const wire::Payloads& payloads,
                     const ResponseCache::Digest& digest);
  void repeat_response(const Datagram& datagram);
  void receive_answered_fragment(const Datagram& datagram, const wire::Message& message);
  std::optional<Opened> open(const Datagram& datagram, const wire::Message& message, Reassembly& reassembly);
  std::size_t max_message() const;
  void follow_peer(const Datagram& datagram);
  void send_request();
  std::vector<Bytes> encode_request(const Exchange& exchange, const wire::Payloads& payloads);
  void settle_response(Exchange::Outcome outcome);
  void leave_books(SaState to);
  void announce(SaState from, SaState to, std::string_view reason);
  bool may_start(const Exchange& exchange) const;
  void claim_inheritance(const wire::Message& message, const wire::Payloads& payloads);
  void watch_message_ids();
  void finish_superseding();
  std::optional<Instant> liveness_deadline() const;
  std::optional<Instant> keepalive_deadline() const;
  void request_due();
  void give_up();
  void restart_children(EndAction ChildConfig::* action, Instant at);
  void child_due(ChildSaId id);
  void lifetime_due();

  Environment& m_environment;
  const IkeSaId m_id;
  const IkeSaId m_replaces;
  const unsigned m_failures;
  IkeSaId m_supersedes;
  IkeSaId m_superseded_by = 0;
  const bool m_initiator;
  SaState m_state = SaState::created;
  std::uint64_t m_initiator_spi = 0;
  std::uint64_t m_responder_spi = 0;
  Endpoint m_local;
  Endpoint m_remote;
  ConnectionPtr m_connection;
  // Whom the half-open SA is counted for, wherever it moves.
  const IpAddress m_source;
  Identity m_local_id;
  Identity m_remote_id;
  IkeProposal m_proposal;
  Secret m_sk_d;
  std::unique_ptr<InitMaterial> m_material;
  std::unique_ptr<SecureChannel> m_channel;
  RequestWindow m_requests;
  ResponseCache m_responses;
  Reassembly m_request_fragments;
  Reassembly m_response_fragments;
  // Both ends have said that they can (RFC 7383 section 2.3).
  bool m_fragmentation = false;
  struct Later {
    Instant at;
    std::unique_ptr<Exchange> exchange;
  };
  std::vector<Later> m_later;
  ChildTable m_children;
  IkeSaId m_heir = 0;
  bool m_deleted_by_peer = false;
  std::optional<Instant> m_rekey_at;
  std::optional<Instant> m_expires_at;
  bool m_message_ids_run_out = false;
  bool m_nat_local = false;
  bool m_nat_remote = false;
  bool m_udp_encapsulation = false;
  // The outside was told that it is up: it is told when it goes down.
  bool m_announced = false;
  // Another handshake follows: there is nothing to be said of this one.
  bool m_quiet = false;
  bool m_terminate_when_established = false;
  std::string m_end_reason;
  Instant m_created{};
  Instant m_established{};
  std::optional<Instant> m_last_hint;
  Instant m_last_heard{};
  Instant m_last_sent{};
};

}  // namespace espgate::ike
