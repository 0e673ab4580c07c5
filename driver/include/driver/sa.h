// Security associations as an engine takes them (RFC 4301 section 4.4.2, the part of the SAD that the data
// path needs). Plain values; the key wipes itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/secret.h"

namespace espgate::driver {

enum class Cipher : std::uint8_t {
  aes_gcm_16,    // RFC 4106 with a 16-byte ICV
  null_aes_gmac  // RFC 4543: integrity alone, the payload stays in the clear
};

// Of either cipher. The key is 16 or 32 bytes; the salt completes the nonce.
struct AesGcmKey {
  InlineSecret<32> key;
  InlineSecret<4> salt;
};

enum class Mode : std::uint8_t { tunnel, transport };

// ESP in UDP (RFC 3948), over IPv4 and IPv6. Ports in host order.
struct UdpEncapsulation {
  std::uint16_t source_port = 4500;
  std::uint16_t destination_port = 4500;

  bool operator==(const UdpEncapsulation&) const = default;
};

// How the outer DF bit comes about (RFC 4301 section 8.1). Values as in registers.toml. IPv6 inside IPv4
// counts as DF set, since no router fragments it.
enum class DfPolicy : std::uint8_t { copy = 0, set = 1, clear = 2 };

// Limits on what one SA carries (RFC 4301 section 4.4.2.1). Reaching a soft limit is reported once
// (Event::Kind::soft_expired); once a hard limit is reached (hard_expired), every further packet gets
// Verdict::lifetime_expired. The packet that reaches a limit is carried. Bytes are those of the SA's `bytes`
// counter. Limits in seconds are the host's. No limit may be 0.
struct Lifetime {
  static constexpr std::uint64_t none = UINT64_MAX;

  std::uint64_t soft_packets = none;
  std::uint64_t soft_bytes = none;
  std::uint64_t hard_packets = none;
  std::uint64_t hard_bytes = none;

  bool operator==(const Lifetime&) const = default;
};

// An Ethernet address. The engines do not use it; those with Ethernet ports put it on the frame.
using MacAddress = std::array<std::uint8_t, 6>;

// Protected -> unprotected.
struct OutboundSa {
  std::uint32_t spi = 0;
  Cipher cipher = Cipher::aes_gcm_16;
  AesGcmKey key;
  Mode mode = Mode::tunnel;
  bool esn = false;
  // Both of one family. Transport mode takes the family alone from them, and keeps the packet's own header;
  // its dummy packets get these addresses.
  IpAddress outer_source;
  IpAddress outer_destination;
  std::optional<UdpEncapsulation> encapsulation;
  // These three shape the header that tunnel mode builds, and that of dummy packets.
  DfPolicy df = DfPolicy::copy;
  // nullopt copies the inner DSCP, a value (0..63) is set in every outer header. ECN follows RFC 6040 always.
  std::optional<std::uint8_t> dscp;
  std::uint8_t hop_limit = 64;
  // Traffic flow confidentiality (RFC 4303 section 2.7): payloads shorter than this, dummy packets included,
  // are padded to it. 0 for none, at most Capabilities::max_packet_bytes. Transport mode pads dummies only.
  std::uint16_t tfc_bytes = 0;
  // Goes with the packet to where the Ethernet frame is made.
  MacAddress next_hop{};
  Lifetime lifetime;
  // The number that the next packet takes; the first of an SA is 1 (RFC 4303 section 3.3.3).
  std::uint64_t next_sequence = 1;
  // The engine uses numbers below lease_limit only, and reports Event::Kind::lease_low, once for each lease,
  // with the first packet whose number is lease_low or higher.
  std::uint64_t lease_limit = 0;
  std::uint64_t lease_low = 0;
};

// What the decrypted packet must match (RFC 4301 section 5.2, step 4). `source` and `destination` are ranges
// of one family, and of the outer family in transport mode.
//
// Ports: 0..65535 is ANY and matches every packet; 65535..0 is OPAQUE and matches only packets without known
// ports (RFC 4301 section 4.4.1.1); any other range matches packets whose port is known and lies within.
// TCP, UDP, UDP-Lite, SCTP and DCCP have ports. ICMP, ICMPv6 and the mobility header have none, and show one
// value as source and as destination port: type * 256 + code for ICMP and ICMPv6, type * 256 for the mobility
// header. A fragment other than the first has none, whatever its protocol.
struct InboundSelectors {
  IpRange source;
  IpRange destination;
  // nullopt is ANY.
  std::optional<std::uint8_t> protocol;
  std::uint16_t source_port_first = 0;
  std::uint16_t source_port_last = 65535;
  std::uint16_t destination_port_first = 0;
  std::uint16_t destination_port_last = 65535;
};

// Sizes of the replay window, in packets. The largest is the engine's (Capabilities::replay_window).
inline constexpr std::uint16_t smallest_replay_window = 32;
inline constexpr std::uint16_t default_replay_window = 64;

// Unprotected -> protected. The SPI is unique among an engine's inbound SAs.
struct InboundSa {
  std::uint32_t spi = 0;
  Cipher cipher = Cipher::aes_gcm_16;
  AesGcmKey key;
  Mode mode = Mode::tunnel;
  bool esn = false;
  IpAddress outer_destination;
  // UDP encapsulation must be present exactly when this is true.
  bool encapsulated = false;
  InboundSelectors selectors;
  // Goes with the packet to where the Ethernet frame is made.
  MacAddress next_hop{};
  Lifetime lifetime;
  // Replay check; off only for peers that send without sequence numbers.
  bool replay_check = true;
  // Packets. With ESN it also decides which high half a number is taken to have, whether checked or not.
  std::uint16_t replay_window = default_replay_window;
  // Numbers up to this one count as received already: 0 for a new SA, the last known number after a failover.
  std::uint64_t replay_top = 0;
};

}  // namespace espgate::driver
