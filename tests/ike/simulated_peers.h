// Two stacks and a network between them in one thread: time, randomness, loss, duplication and reordering
// come from a seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ike/stack.h"

namespace espgate::ike::test {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : m_engine(seed) {}
  void fill(ByteSpan out) override {
    for (std::uint8_t& byte : out) {
      byte = static_cast<std::uint8_t>(m_engine());
    }
  }

 private:
  std::mt19937_64 m_engine;
};

// Keeps the books that a data path would: every SPI given out must come back or be installed, and go.
class BookkeepingHandler final : public ChildSaHandler {
 public:
  Expected<std::uint32_t> allocate_spi() override;
  void release_spi(std::uint32_t spi) override;
  Expected<> install(const ChildSa& sa) override;
  void use_outbound(ChildSaId id) override;
  bool move(ChildSaId id, const Endpoint& local, const Endpoint& remote) override;
  void remove(ChildSaId id) override;

  // Faults on demand.
  bool refuse_allocation = false;
  bool refuse_installation = false;

  bool can_move = true;
  std::map<ChildSaId, ChildSa> installed;
  std::set<std::uint32_t> reserved;
  // Those that send, the one that was allowed to last at the end.
  std::vector<ChildSaId> senders;
  unsigned installations = 0;
  // Calls that a caller must not make: unknown SPIs or IDs, the same twice.
  unsigned faults = 0;
  std::uint32_t first_spi = 0xc0000000;

 private:
  std::uint32_t m_next = 0;
};

struct Peer {
  Peer(std::uint64_t seed, const IpAddress& own_address, const Limits& limits);

  IpAddress address;
  SeededRandom random;
  BookkeepingHandler handler;
  std::unique_ptr<Stack> stack;
  std::vector<Event> events;
  std::vector<Stack::Keepalive> keepalives;

  std::uint64_t counter(std::string_view name) const;
  // Every event of this kind so far.
  std::vector<Event> of(Event::Kind kind) const;
  bool is_empty() const;
};

struct Weather {
  double loss = 0;
  double duplication = 0;
  std::chrono::milliseconds min_delay{1};
  std::chrono::milliseconds max_delay{1};
};

class Network {
 public:
  explicit Network(std::uint64_t seed, const Limits& limits = {});

  Peer a;
  Peer b;
  Weather weather;
  Instant now = std::chrono::seconds(1);
  // Sees each datagram as it is sent; false drops it. May change it: a NAT, an attacker.
  std::function<bool(Datagram&)> on_the_way;
  // All that was sent, before weather and on_the_way.
  std::vector<Datagram> sent;

  // Collects outputs, delivers what is due, moves time on to what comes next; ends when nothing is left to
  // happen, or at `deadline`.
  void run(std::chrono::seconds at_most = std::chrono::hours(1));
  // Only what needs no timer of a stack: ends when no datagram is in flight.
  void deliver();
  void collect();
  // Datagrams that on_the_way took away to deliver them by hand, in the order in which they were sent.
  std::vector<Datagram> held;
  // From now on nothing arrives but what deliver_held() is told to.
  void hold();
  // The first held datagram to this peer; what comes of it is held too. False when there is none.
  bool deliver_held(Peer& to);
  // All that is held arrives, and the network works again.
  void release();
  // A datagram from the outside, `remote` being where it says it comes from.
  void inject(Peer& to, Datagram datagram);

 private:
  struct InFlight {
    Instant at;
    std::uint64_t order;
    Datagram datagram;  // as the receiver will see it
  };
  void send(Peer& from, Datagram datagram);
  void deliver_next();
  Peer* owner(const IpAddress& address);

  std::mt19937_64 m_engine;
  std::vector<InFlight> m_in_flight;
  std::uint64_t m_order = 0;
};

// Connection "site" with child "net", PSK, aes256gcm16-prfsha256-x25519 and aes256gcm16-esn, no lifetimes,
// unless changed.
ConnectionConfig make_connection(const Peer& own, const Peer& other, bool first);
std::vector<SharedSecret> make_secrets(std::string_view psk = "a secret only for tests");
// Both peers with make_connection() and make_secrets().
void configure(Network& network,
               const std::function<void(ConnectionConfig& a, ConnectionConfig& b)>& change = {});

// Both sides have one Child SA, and what one sends with the other receives with.
void expect_crosswise(const Network& network);
// Every Child SA of one side is one of the other, with the same keys crosswise, and each side sends with one
// that the other has.
void expect_agreed(const Network& network);
// No IKE SA, no Child SA, no SPI on either side, and no call or move that must not be.
void expect_empty(const Network& network);
// Starts "site"/"net" at A and runs until nothing is left to happen.
IkeSaId come_up(Network& network);

}  // namespace espgate::ike::test
