// Random IP packets of both families, good and bad.
#pragma once

#include <cstdint>
#include <optional>

#include "driver/flow.h"
#include "support/packets.h"
#include "support/random.h"
#include "support/traffic_sas.h"

namespace espgate::driver::test {

class PacketMaker {
 public:
  explicit PacketMaker(Random& random) : m_random(random) {}

  // What a packet of one kind of traffic may look like; what is left out is random.
  struct Shape {
    bool ipv6 = false;
    Net source = Net::clients;
    Net destination = Net::remote;
    std::optional<std::uint8_t> protocol = {};
    bool fragments = true;   // some
    bool extensions = true;  // some, and IPv4 options
  };
  Bytes packet(const Shape& shape);
  // A packet of this flow, of random length.
  Bytes packet_of(const Flow& flow);
  // What an IP packet carries: ports near the selectors' edges, then noise.
  Bytes upper_layer(std::size_t bytes);
  // Bytes of a packet. Lengths of every remainder modulo the 64 bytes of a beat come in turn.
  std::size_t size();
  // Like a packet at first sight.
  Bytes noise();
  // Something about the headers or the length is not as it should be.
  Bytes damaged(Bytes packet);

 private:
  IpAddress host(Net net, bool ipv6);
  std::vector<ExtensionSpec> extensions(bool fragments);

  Random& m_random;
  std::size_t m_sizes = 0;
};

}  // namespace espgate::driver::test
