// Random SAs, flows and packets for them, good and bad, from a seed. The packets exercise what the engines
// decide; what they ought to decide is not known here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "driver/engine.h"
#include "support/harness.h"
#include "support/packets.h"
#include "support/random.h"
#include "support/traffic_packets.h"
#include "support/traffic_sas.h"

namespace espgate::driver::test {

class Traffic {
 public:
  explicit Traffic(std::uint64_t seed);

  OutboundSa make_outbound_sa() { return m_sas.outbound(); }
  InboundSa make_inbound_sa() { return m_sas.inbound(); }
  // Packets may use these from now on; the row is the engine's.
  void added(std::uint32_t row, const OutboundSa& sa) { m_outbound[row] = sa; }
  void added(std::uint32_t row, const InboundSa& sa) {
    m_inbound[row] = {.sa = sa, .next = sa.replay_top + 1, .sent = {}};
  }
  void removed(Direction direction, std::uint32_t row);
  const std::map<std::uint32_t, OutboundSa>& outbound() const { return m_outbound; }
  const InboundSa& inbound(std::uint32_t row) const { return m_inbound.at(row).sa; }

  // What the look-ups of both directions ask for; some of them are in the caches.
  static constexpr std::size_t flow_count = 80;
  const Flow& flow(std::size_t n) const { return m_flows.at(n); }
  // Batches leave the flows alone whose number has this remainder modulo 2, since the caches are about to
  // change for them; nullopt: none.
  void spare_flows(std::optional<std::size_t> remainder) { m_spared = remainder; }

  // An inbound packet that the peer of a row sent, and nobody touched.
  struct Sent {
    std::uint32_t row = 0;
    std::uint64_t sequence = 0;
    bool intact = false;  // the rest means nothing else
  };
  struct Inbound {
    std::vector<Packet> packets;
    std::vector<Sent> sent;  // of each packet
  };
  std::vector<Packet> outbound_batch(std::size_t count);
  Inbound inbound_batch(std::size_t count);

  Random& random() { return m_random; }

 private:
  struct Peer {
    InboundSa sa;
    std::uint64_t next = 1;   // the number that the sender takes next
    std::vector<Bytes> sent;  // some packets that were sent, for replays
  };

  // Rows in the order in which a batch uses them: all of them in turn, the same for long, or any.
  template <typename Map>
  std::vector<std::uint32_t> rows(const Map& from, std::size_t count);
  Packet outbound_packet(std::uint32_t row);
  Bytes inbound_packet(std::uint32_t row, std::uint8_t& spd, Sent& sent);
  EspSpec sealed(const Peer& peer);
  Bytes plaintext(const InboundSa& sa);
  Bytes tunnelled(const InboundSa& sa);
  std::uint64_t sequence(Peer& peer);
  Bytes corrupted(Bytes packet, bool encapsulated);
  const Flow& any_flow();
  Bytes cleartext(std::uint8_t& spd);

  Random m_random;
  SaMaker m_sas;
  PacketMaker m_packets;
  std::vector<Flow> m_flows;
  std::optional<std::size_t> m_spared;
  std::map<std::uint32_t, OutboundSa> m_outbound;
  std::map<std::uint32_t, Peer> m_inbound;
};

}  // namespace espgate::driver::test
