// Security associations as an engine takes them (RFC 4301 section 4.4.2, the part of the SAD that the data
// path needs). Plain values; the key wipes itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/secret.h"

namespace espgate::driver {

// AES-GCM with a 16-byte ICV (RFC 4106). The key is 16 or 32 bytes; the salt completes the nonce.
struct AesGcmKey {
  InlineSecret<32> key;
  InlineSecret<4> salt;
};

// ESP in UDP (RFC 3948). Ports in host order.
struct UdpEncapsulation {
  std::uint16_t source_port = 4500;
  std::uint16_t destination_port = 4500;

  bool operator==(const UdpEncapsulation&) const = default;
};

// How the outer DF bit comes about (RFC 4301 section 8.1). Values as in registers.toml.
enum class DfPolicy : std::uint8_t { copy = 0, set = 1, clear = 2 };

// Protected -> unprotected, tunnel mode IPv4 in IPv4.
struct OutboundSa {
  std::uint32_t spi = 0;
  AesGcmKey key;
  bool esn = false;
  IpAddress outer_source;
  IpAddress outer_destination;
  std::optional<UdpEncapsulation> encapsulation;
  DfPolicy df = DfPolicy::copy;
  // nullopt copies the inner DSCP, a value (0..63) is set in every outer header. ECN follows RFC 6040 always.
  std::optional<std::uint8_t> dscp;
  std::uint8_t hop_limit = 64;
  // The number that the next packet takes; the first of an SA is 1 (RFC 4303 section 3.3.3).
  std::uint64_t next_sequence = 1;
  // The engine uses numbers below lease_limit only, and reports Event::lease_low, once for each lease, with
  // the first packet whose number is lease_low or higher.
  std::uint64_t lease_limit = 0;
  std::uint64_t lease_low = 0;
};

// What the decrypted packet must match (RFC 4301 section 5.2, step 4). Port ranges apply to TCP, UDP,
// UDP-Lite, SCTP and DCCP; on any other protocol, or on a fragment that does not hold the ports, only
// 0..65535 matches.
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

// Unprotected -> protected. The SPI is unique among an engine's inbound SAs.
struct InboundSa {
  std::uint32_t spi = 0;
  AesGcmKey key;
  bool esn = false;
  IpAddress outer_destination;
  // UDP encapsulation must be present exactly when this is true.
  bool encapsulated = false;
  InboundSelectors selectors;
  // Replay check with the engine's window; off only for peers that send without sequence numbers.
  bool replay_check = true;
  // Numbers up to this one count as received already: 0 for a new SA, the last known number after a failover.
  std::uint64_t replay_top = 0;
};

}  // namespace espgate::driver
