// Random SAs and random packets for them, good and bad, from a seed. The packets exercise what the engines
// decide; what they ought to decide is not known here.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "driver/engine.h"
#include "support/harness.h"
#include "support/packets.h"
#include "support/random.h"

namespace espgate::driver::test {

class Traffic {
 public:
  explicit Traffic(std::uint64_t seed) : m_random(seed) {}

  OutboundSa make_outbound_sa();
  InboundSa make_inbound_sa();
  // Packets may use these from now on; the row is the engine's.
  void added(std::uint32_t row, const OutboundSa& sa) { m_outbound[row] = sa; }
  void added(std::uint32_t row, const InboundSa& sa) {
    m_inbound[row] = {.sa = sa, .next = sa.replay_top + 1, .sent = {}};
  }
  void removed(Direction direction, std::uint32_t row);
  const std::map<std::uint32_t, OutboundSa>& outbound() const { return m_outbound; }

  std::vector<Packet> outbound_batch(std::size_t count);
  std::vector<Packet> inbound_batch(std::size_t count);

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
  AesGcmKey key();
  IpRange range(std::uint32_t around);
  std::size_t size();
  Ipv4Spec header();
  Bytes inner();
  Bytes inbound_inner(const InboundSa& sa);
  Bytes outbound_packet();
  Bytes inbound_packet(Peer& peer);
  Bytes plaintext(const InboundSa& sa);
  std::uint64_t sequence(Peer& peer);
  Bytes corrupted(Bytes packet, bool encapsulated);
  Bytes noise();

  Random m_random;
  std::map<std::uint32_t, OutboundSa> m_outbound;
  std::map<std::uint32_t, Peer> m_inbound;
  std::size_t m_sizes = 0;
};

}  // namespace espgate::driver::test
