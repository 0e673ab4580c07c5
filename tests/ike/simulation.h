// Some peers in one thread and what may happen to them: weather, NATs that rebind, clocks that jump, crashes,
// commands at the wrong moment. Everything comes from a seed.
#pragma once

#include <map>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "simulated_peers.h"

namespace espgate::ike::test {

// One scenario. run() ends with the first invariant that is broken; failure() then says which.
class Simulation {
 public:
  // `with_ladder`: keep what happened as text, message by message.
  Simulation(std::uint64_t seed, bool with_ladder);

  void run();
  const std::string& failure() const { return m_failure; }
  const std::vector<std::string>& ladder() const { return m_ladder; }
  // What has happened, so that a test can see that a scenario was one.
  unsigned established() const { return m_established; }
  unsigned rekeyed() const { return m_rekeyed; }
  unsigned crashes() const { return m_crashes; }
  unsigned collisions() const { return m_collisions; }

 private:
  // A NAT before one peer. What comes from outside finds it only through the newest mapping.
  struct Nat {
    IpAddress outside;
    std::uint16_t base = 10000;
    Endpoint out(const Endpoint& inside) const {
      return {outside, static_cast<std::uint16_t>(base + inside.port % 1000)};
    }
  };
  struct Node {
    std::string name;
    IpAddress address;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<BookkeepingHandler> handler;
    std::unique_ptr<Stack> stack;
    std::optional<Nat> nat;
    Instant clock_ahead{};
    unsigned changes_seen = 0;
    std::vector<ConnectionConfig> connections;
  };
  struct InFlight {
    Instant at;
    std::uint64_t order;
    Datagram datagram;  // as the receiver's side of any NAT sees it
    bool operator>(const InFlight& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };

  std::uint64_t roll(std::uint64_t sides) { return m_engine() % sides; }
  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(m_engine) < probability;
  }

  void build();
  void boot(Node& node);
  ConnectionConfig connect(const Node& own, const Node& other) const;
  void act();
  void crash(Node& node);
  // Until `until`, or for ever: until nothing is left to happen.
  void advance(Instant until);
  void collect();
  void collect(Node& node);
  void launch(Node& from, Datagram datagram);
  void arrive(const Datagram& datagram);
  void check(Node& node);
  void check_message(const Datagram& datagram);
  void converge();
  // Empty when all pairs agree on what is live.
  std::string disagreement() const;
  void note(std::string line);
  void fail(const std::string& what);
  Instant clock_of(const Node& node) const { return m_now + node.clock_ahead; }

  const std::uint64_t m_seed;
  std::mt19937_64 m_engine;
  Instant m_now = std::chrono::seconds(1);
  Limits m_limits;
  Weather m_weather;
  std::vector<Node> m_nodes;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> m_in_flight;
  std::uint64_t m_order = 0;
  // Every ESP key that was ever installed for sending, and the SPI of the other half of that Child SA.
  std::map<Bytes, std::uint32_t> m_senders;
  // IVs under each IKE SA and direction, with the digest of the message that had it.
  std::map<Bytes, std::size_t> m_ivs;
  const bool m_with_ladder;
  std::vector<std::string> m_ladder;
  std::string m_failure;
  unsigned m_established = 0;
  unsigned m_rekeyed = 0;
  unsigned m_crashes = 0;
  unsigned m_collisions = 0;
  unsigned m_steps = 0;
};

}  // namespace espgate::ike::test
