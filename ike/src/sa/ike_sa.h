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
#include "sa/environment.h"
#include "sa/exchange.h"
#include "sa/request_window.h"
#include "sa/secure_channel.h"
#include "sa/state.h"

namespace espgate::ike {

// What IKE_AUTH proves that IKE_SA_INIT was (RFC 7296 section 2.15), and the nonces of the first Child SA.
struct InitMaterial {
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
  // Starts what waits in the queue.
  void start_exchanges();

  // For exchanges.
  // The one way in which the state changes: refuses moves that are not legal, keeps the books and emits
  // events.
  void set_state(SaState to, std::string_view reason);
  void enqueue(std::unique_ptr<Exchange> exchange);
  void set_keys(IkeProposal chosen, IkeKeys keys, InitMaterial material, std::uint64_t peer_spi);
  void set_connection(ConnectionPtr connection) { m_connection = std::move(connection); }
  void set_identities(Identity local, Identity remote);
  void set_nat(bool local, bool remote, bool encapsulation);
  void move_endpoints(const Endpoint& local, const Endpoint& remote);
  // The responder's answer to IKE_SA_INIT.
  void answer_init(const ResponseCache::Digest& request_digest, Bytes response, const Datagram& request);
  // Forgets what only IKE_AUTH needs.
  void forget_init_material();
  // Refuses the SA that the peer has accepted: it is told, and the IKE SA ends.
  void refuse_peer(const std::string& reason);
  Expected<> install_child(const ChildSa& sa);
  // nullptr when there is none.
  const ChildSaView* find_child(ChildSaId id) const;
  const ChildSaView* find_child_by_outbound_spi(std::uint32_t spi) const;
  void remove_child(ChildSaId id, std::string_view reason);
  void emit(Event::Kind kind, std::string child, std::string reason, ChildSaId child_id = 0);

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
  const Identity& local_id() const { return m_local_id; }
  const Identity& remote_id() const { return m_remote_id; }
  const IkeProposal& proposal() const { return m_proposal; }
  const IkeKeys& keys() const { return m_keys; }
  const InitMaterial& init_material() const { return m_material; }
  bool udp_encapsulation() const { return m_udp_encapsulation; }
  Instant created() const { return m_created; }
  Instant established() const { return m_established; }
  const ResponseCache& responses() const { return m_responses; }
  const RequestWindow& requests() const { return m_requests; }
  bool has_child(std::string_view name) const;
  IkeSaView view() const;
  const Bytes& init_request() const { return m_requests.request(); }

 private:
  void receive_request(const Datagram& datagram, const wire::Message& message);
  void receive_response(const Datagram& datagram, const wire::Message& message);
  void receive_init_response(const Datagram& datagram, const wire::Header& header);
  void take_unprotected_response(const wire::Message& message);
  Reply answer(const Datagram& datagram, const wire::Message& message, const SecureChannel::Opened& opened);
  void send_response(const Datagram& datagram, const wire::Header& header, const wire::Payloads& payloads);
  void follow_peer(const Datagram& datagram);
  void send(Bytes message);
  Bytes encode_request(const Exchange& exchange, const wire::Payloads& payloads);
  void settle_response(Exchange::Outcome outcome);
  void leave_books(SaState to);
  void announce(SaState from, SaState to, std::string_view reason);

  Environment& m_environment;
  const IkeSaId m_id;
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
  IkeKeys m_keys;
  InitMaterial m_material;
  std::unique_ptr<SecureChannel> m_channel;
  RequestWindow m_requests;
  ResponseCache m_responses;
  std::vector<ChildSaView> m_children;
  bool m_nat_local = false;
  bool m_nat_remote = false;
  bool m_udp_encapsulation = false;
  bool m_was_established = false;
  bool m_terminate_when_established = false;
  std::string m_end_reason;
  Instant m_created{};
  Instant m_established{};
  std::optional<Instant> m_last_hint;
};

}  // namespace espgate::ike
