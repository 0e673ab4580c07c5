// NAT detection (RFC 7296 section 2.23).
#pragma once

#include "ike/stack.h"
#include "wire/message.h"

namespace espgate::ike {

// SHA-1 over SPIi, SPIr, address and port.
Bytes nat_hash(std::uint64_t initiator_spi, std::uint64_t responder_spi, const Endpoint& endpoint);

struct NatFinding {
  bool supported = false;  // the peer sent its hashes
  bool local = false;      // a NAT before us: our endpoint is not where the peer sent to
  bool remote = false;     // a NAT before the peer: its endpoint is not where its message came from
};
NatFinding find_nat(const wire::Payloads& payloads, const wire::Header& header, const Endpoint& local,
                    const Endpoint& remote);

// Adds both notifies to a message of these SPIs. When `pretend`, the source hash matches no endpoint, so that
// the peer takes us to be behind a NAT.
void add_nat_detection(wire::Payloads& payloads, std::uint64_t initiator_spi, std::uint64_t responder_spi,
                       const Endpoint& local, const Endpoint& remote, bool pretend, Random& random);

}  // namespace espgate::ike
