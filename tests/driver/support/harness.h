// Drives an Engine from a test: submits packets, polls until their completions are there, keeps the buffers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <ostream>
#include <vector>

#include "base/bytes.h"
#include "driver/engine.h"
#include "support/packets.h"

namespace espgate::driver {

// What GoogleTest prints in the place of a number.
inline void PrintTo(Verdict verdict, std::ostream* out) {
  *out << to_string(verdict);
}

}  // namespace espgate::driver

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

  bool operator==(const Outcome&) const = default;
};

// One outcome for each packet, in their order. Fails the test when the engine stops, or breaks its contract.
std::vector<Outcome> run(Engine& engine, Direction direction, const std::vector<Packet>& packets);
// What happens while packets are on their way: `change` is called when the first so many packets of each
// direction have been submitted, and none of them polled.
struct Interruption {
  std::array<std::size_t, 2> after{};
  std::function<void()> change = {};
};
// Both directions at once; outcomes of the outbound packets first.
std::array<std::vector<Outcome>, 2> run_both(Engine& engine, const std::vector<Packet>& outbound,
                                             const std::vector<Packet>& inbound,
                                             const Interruption& interruption = {});
Outcome run_one(Engine& engine, Direction direction, std::uint32_t sa, const Bytes& packet);

std::vector<Event> events(Engine& engine);

// SAs that fit each other and packets.h: 192.0.2.1 is ours, 192.0.2.2 the peer; any selectors of IPv4.
AesGcmKey key_of(std::size_t bytes, std::uint8_t fill = 0x11);
OutboundSa outbound_sa(std::uint32_t spi = 0x1001);
InboundSa inbound_sa(std::uint32_t spi = 0x2001);
// The same with IPv6 outside: 2001:db8::1 is ours, 2001:db8::2 the peer. Inside, the selectors are any of the
// given family.
OutboundSa outbound_sa6(std::uint32_t spi = 0x1006);
InboundSa inbound_sa6(std::uint32_t spi = 0x2006, IpFamily inside = IpFamily::v6);
// A packet with this number that `sa` delivers, from the outer family's address of the peer.
EspSpec spec_for(const InboundSa& sa, std::uint64_t sequence, ByteView inner = packet_of(40));
Bytes esp_for(const InboundSa& sa, std::uint64_t sequence, ByteView inner = packet_of(40));
// The inbound SA at the peer of `sa`; selectors of the outer family.
InboundSa peer_of(const OutboundSa& sa);

}  // namespace espgate::driver::test
