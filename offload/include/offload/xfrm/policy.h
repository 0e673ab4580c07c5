// Security policies as the kernel's XFRM takes and shows them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "offload/xfrm/state.h"

namespace espgate::offload::xfrm {

// `in` is for packets to this host, `forward` for those that it passes on; both are inbound in RFC 4301's
// words. Values are the kernel's.
enum class PolicyDirection : std::uint8_t { in = 0, out = 1, forward = 2 };
std::string_view to_string(PolicyDirection direction);

struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;  // bits

  auto operator<=>(const Prefix&) const = default;
};

// Ports that equal `value` under `mask`; mask 0 matches all. ICMP has its type as the source and its code as
// the destination port, the mobility header its type as the source port.
struct PortMatch {
  std::uint16_t value = 0;
  std::uint16_t mask = 0;

  auto operator<=>(const PortMatch&) const = default;
};

// What the kernel can match in one policy. Both prefixes of one family.
struct PolicySelector {
  Prefix source;
  Prefix destination;
  std::optional<std::uint8_t> protocol;
  PortMatch source_port;
  PortMatch destination_port;
  std::uint32_t interface = 0;  // index, 0 for any

  auto operator<=>(const PolicySelector&) const = default;
};

// Which state a policy wants; addresses are those of the outer header (tunnel mode).
struct Template {
  IpAddress source;
  IpAddress destination;
  Protocol protocol = Protocol::esp;
  driver::Mode mode = driver::Mode::tunnel;
  std::uint32_t reqid = 0;
  // Inbound, a packet without this transformation passes too.
  bool optional = false;

  bool operator==(const Template&) const = default;
};

// How the kernel finds a policy: no two have the same.
struct PolicyId {
  PolicyDirection direction = PolicyDirection::out;
  PolicySelector selector;
  Mark mark;
  std::uint32_t if_id = 0;

  auto operator<=>(const PolicyId&) const = default;
};
// "out policy 10.1.0.0/24 => 10.2.0.0/24 protocol 6"
std::string to_string(const PolicyId& id);

inline constexpr std::size_t most_templates = 6;

struct Policy {
  PolicyId id;
  std::uint32_t priority = 0;  // the lowest number decides
  bool block = false;
  std::vector<Template> templates;  // none: packets pass as they are
  std::optional<DeviceOffload> device;
};

Expected<> check(const Policy& policy);

struct KernelPolicy {
  PolicyId id;
  std::uint32_t priority = 0;
  bool block = false;
  std::vector<Template> templates;
  std::uint32_t index = 0;  // the kernel's number for it
  std::optional<DeviceOffload> device;
};

}  // namespace espgate::offload::xfrm
