// Drives an Engine from a test: submits packets, polls until their completions are there, keeps the buffers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "driver/engine.h"

namespace espgate::driver::test {

struct Packet {
  std::uint32_t sa = 0;  // outbound
  Bytes bytes;
  RequestKind kind = RequestKind::protect;
  std::uint8_t spd = 0;
  std::size_t tfc_bytes = 0;  // what the SA may pad it to
};

struct Outcome {
  Verdict verdict = Verdict::ok;
  std::uint32_t sa = 0;
  Bytes output;  // empty unless ok or bypassed
  MacAddress next_hop{};
};

// One outcome for each packet, in their order. Fails the test when the engine stops, or breaks its contract.
std::vector<Outcome> run(Engine& engine, Direction direction, const std::vector<Packet>& packets);
// Both directions at once; outcomes of the outbound packets first.
std::array<std::vector<Outcome>, 2> run_both(Engine& engine, const std::vector<Packet>& outbound,
                                             const std::vector<Packet>& inbound);
Outcome run_one(Engine& engine, Direction direction, std::uint32_t sa, const Bytes& packet);

std::vector<Event> events(Engine& engine);

// SAs that fit each other and packets.h: 192.0.2.1 is ours, 192.0.2.2 the peer; any selectors of IPv4.
AesGcmKey key_of(std::size_t bytes, std::uint8_t fill = 0x11);
OutboundSa outbound_sa(std::uint32_t spi = 0x1001);
InboundSa inbound_sa(std::uint32_t spi = 0x2001);
// The inbound SA at the peer of `sa`; selectors of the outer family.
InboundSa peer_of(const OutboundSa& sa);

}  // namespace espgate::driver::test
