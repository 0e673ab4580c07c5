// Random SAs of every kind, from a seed.
#pragma once

#include <cstdint>

#include "driver/engine.h"
#include "support/random.h"

namespace espgate::driver::test {

// The addresses that traffic uses: gateways, and hosts of the two protected networks.
enum class Net : std::uint8_t { ours, peers, clients, remote };
// Address n of a network, of one family. Those of one family and network are consecutive.
IpAddress address_in(Net net, bool ipv6, std::uint32_t n);

// Of which packets and selectors are made.
std::uint8_t random_protocol(Random& random);

class SaMaker {
 public:
  // Kinds come in turn, so that a few makers with different seeds make all of them.
  SaMaker(Random& random, std::uint64_t seed) : m_random(random), m_made{seed * 29, seed * 31} {}

  OutboundSa outbound();
  InboundSa inbound();

 private:
  // What all SAs have in all combinations.
  struct Kind {
    Cipher cipher = Cipher::aes_gcm_16;
    std::size_t key_bytes = 16;
    bool esn = false;
    bool encapsulated = false;
    Mode mode = Mode::tunnel;
    bool outer6 = false;
    bool inner6 = false;
  };
  static Kind kind_of(std::uint64_t n);
  AesGcmKey key(std::size_t bytes);
  Lifetime lifetime();
  MacAddress mac();
  void number(OutboundSa& sa);
  void number(InboundSa& sa);
  IpRange range(Net net, bool ipv6);
  void ports(std::uint16_t& first, std::uint16_t& last);

  Random& m_random;
  std::array<std::uint64_t, 2> m_made;
};

}  // namespace espgate::driver::test
