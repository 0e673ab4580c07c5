// Security associations as the kernel's XFRM takes and shows them ("states").
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/secret.h"
#include "driver/sa.h"
#include "driver/verdict.h"
#include "offload/xfrm/algorithm.h"

namespace espgate::offload::xfrm {

// Values are IP protocol numbers.
enum class Protocol : std::uint8_t { esp = 50, ah = 51 };

// Packets whose mark, under the mask, has this value. Mask 0 matches all.
struct Mark {
  std::uint32_t value = 0;
  std::uint32_t mask = 0;

  auto operator<=>(const Mark&) const = default;
};

// How the kernel finds a state. Two states may differ by their marks alone.
struct StateId {
  IpAddress destination;
  std::uint32_t spi = 0;
  Protocol protocol = Protocol::esp;
  Mark mark;

  auto operator<=>(const StateId&) const = default;
};
// "ESP SPI 0xc0000001 to 192.0.2.1"
std::string to_string(const StateId& id);

// Volume limits, and limits on the age in seconds (0 for none).
struct Lifetime {
  driver::Lifetime volume;
  std::uint64_t soft_seconds = 0;
  std::uint64_t hard_seconds = 0;

  bool operator==(const Lifetime&) const = default;
};

// A network device that shall carry the state: the crypto alone, or the whole transformation of packets.
struct DeviceOffload {
  std::uint32_t interface = 0;  // index
  bool packet = false;

  bool operator==(const DeviceOffload&) const = default;
};

inline constexpr std::uint32_t largest_xfrm_window = 4096;

struct State {
  StateId id;
  IpAddress source;
  driver::Direction direction = driver::Direction::outbound;
  driver::Mode mode = driver::Mode::tunnel;
  std::uint32_t reqid = 0;
  Suite suite;
  // As RFC 4106, 4309, 3686 and 7634 draw it from the keying material: the key, then salt or nonce.
  Secret encryption_key;
  Secret integrity_key;
  bool esn = false;
  // Inbound; packets, 0 for no replay check (not with ESN), at most largest_xfrm_window.
  std::uint32_t replay_window = driver::default_replay_window;
  // Outbound the last number used, inbound the highest one received; every lower one counts as received.
  std::uint64_t sequence = 0;
  std::optional<driver::UdpEncapsulation> encapsulation;
  Lifetime lifetime;
  std::uint32_t if_id = 0;
  std::optional<Mark> set_mark;  // what packets get that the state has transformed
  std::uint32_t tfc_bytes = 0;   // tunnel mode: shorter payloads are padded to it
  bool copy_df = true;           // outbound tunnel: DF as the inner header has it, else clear
  bool copy_dscp = true;         // tunnel: outer from inner, else 0
  std::optional<DeviceOffload> device;
};

// Fails on what the kernel would refuse, or worse, take without meaning it.
Expected<> check(const State& state);

// A state as the kernel shows it; never its keys.
struct KernelState {
  StateId id;
  IpAddress source;
  driver::Mode mode = driver::Mode::tunnel;
  std::uint32_t reqid = 0;
  bool esn = false;
  std::uint32_t replay_window = 0;
  std::uint64_t outbound_sequence = 0;  // last number used
  std::uint64_t inbound_sequence = 0;   // highest number received
  std::optional<driver::UdpEncapsulation> encapsulation;
  Lifetime lifetime;
  std::uint32_t if_id = 0;
  std::string encryption;  // kernel names, empty for none
  std::string integrity;
  std::optional<DeviceOffload> device;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t added_at = 0;       // seconds since the epoch
  std::uint64_t first_used_at = 0;  // 0 when it never was
  std::uint32_t replay_drops = 0;
  std::uint32_t integrity_drops = 0;
};

}  // namespace espgate::offload::xfrm
