// An SA as a file of another program describes it, and what an engine is given of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "driver/sa.h"
#include "driver/verdict.h"

namespace espgate::host::replay {

struct SaDescription {
  // nullopt: used whichever way packets go.
  std::optional<driver::Direction> direction = {};
  std::uint32_t spi = 0;
  driver::Cipher cipher = driver::Cipher::aes_gcm_16;
  driver::AesGcmKey key = {};
  driver::Mode mode = driver::Mode::tunnel;
  bool esn = false;
  // Outer addresses; nullopt where the file has a wildcard.
  std::optional<IpAddress> source = {};
  std::optional<IpAddress> destination = {};
  // Whether UDP encapsulates the SA's packets is something that not every file says.
  bool encapsulation_known = false;
  std::optional<driver::UdpEncapsulation> encapsulation = {};
  // Of the inner packets, in the direction of the SA; nullopt: all of the outer destination's family.
  std::optional<driver::InboundSelectors> selectors = {};
  driver::DfPolicy df = driver::DfPolicy::copy;
  std::optional<std::uint8_t> dscp = {};
  std::uint8_t hop_limit = 64;
  std::uint16_t tfc_bytes = 0;
  std::uint64_t next_sequence = 1;
  bool replay_check = true;
  std::uint16_t replay_window = driver::default_replay_window;
  std::uint64_t replay_top = 0;
};

// What a file holds, and one line for each SA in it that is passed over, with the reason.
struct SaList {
  std::vector<SaDescription> sas;
  std::vector<std::string> skipped;
};

// Fail when an address that the engine needs is a wildcard. The lease is the whole number space: whoever
// replays a capture is the only user of the engine.
Expected<driver::OutboundSa> to_outbound(const SaDescription& sa);
Expected<driver::InboundSa> to_inbound(const SaDescription& sa);

// Whether an outbound packet is one of the SA's, by its selectors; in transport mode its addresses are the
// SA's too. Bytes that are no IP packet belong to none.
bool carries(const SaDescription& sa, ByteView packet);

}  // namespace espgate::host::replay
