#include "kernel_selectors.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/prefixes.h"

namespace espgate::offload {

namespace {

constexpr std::size_t most_policies_of_a_row = 1024;
constexpr std::uint16_t last_port = 65535;
constexpr std::uint16_t exact = 0xffff;

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = last_port;

  bool any() const { return first == 0 && last == last_port; }
  bool opaque() const { return first > last; }
};

// The fewest aligned blocks that cover the range exactly; the one of ANY has mask 0.
std::vector<xfrm::PortMatch> to_matches(const PortRange& range) {
  std::vector<xfrm::PortMatch> matches;
  std::uint32_t at = range.first;
  const std::uint32_t end = std::uint32_t{range.last} + 1;
  while (at < end) {
    // No larger than what is left, and on a multiple of its own size.
    std::uint32_t size = std::bit_floor(end - at);
    if (at != 0) {
      size = std::min(size, std::uint32_t{1} << std::countr_zero(at));
    }
    matches.push_back({static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(0x10000U - size)});
    at += size;
  }
  return matches;
}

bool is_icmp(std::optional<std::uint8_t> protocol) {
  return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

struct Ports {
  std::vector<xfrm::PortMatch> source = {{}};
  std::vector<xfrm::PortMatch> destination = {{}};
  bool any = true;
};

// ICMP has its type as the source and its code as the destination port, whatever the direction.
Expected<Ports> icmp_ports(const PortRange& local, const PortRange& remote) {
  // Both sides name the same value.
  const PortRange range{std::max(local.first, remote.first), std::min(local.last, remote.last)};
  const auto type = static_cast<std::uint16_t>(range.first >> 8);
  const bool one_value = range.first == range.last;
  const bool one_type =
      (range.first & 0xffU) == 0 && (range.last & 0xffU) == 0xff && (range.last >> 8) == type;
  if (range.opaque() || (!one_value && !one_type)) {
    return fail("the kernel's policies match one ICMP type, with one code or all of them, and no ranges");
  }
  Ports ports{.source = {{type, exact}}, .destination = {{}}, .any = false};
  if (one_value) {
    ports.destination = {{static_cast<std::uint16_t>(range.first & 0xffU), exact}};
  }
  return ports;
}

Expected<Ports> to_ports(const Selector& row, driver::Direction direction) {
  const PortRange local{row.local_port_first, row.local_port_last};
  const PortRange remote{row.remote_port_first, row.remote_port_last};
  if (local.any() && remote.any()) {
    return Ports{};
  }
  if (local.opaque() || remote.opaque()) {
    return fail("the kernel's policies do not match OPAQUE ports");
  }
  if (is_icmp(row.protocol)) {
    return icmp_ports(local, remote);
  }
  if (!row.protocol || !has_ports(*row.protocol) || row.protocol == IPPROTO_MH) {
    return fail("the kernel's policies match ports of TCP, UDP, SCTP, DCCP and UDP-Lite only");
  }
  Ports ports{.source = to_matches(local), .destination = to_matches(remote), .any = false};
  if (direction == driver::Direction::inbound) {
    std::swap(ports.source, ports.destination);
  }
  return ports;
}

std::vector<xfrm::Prefix> to_prefix_list(const IpRange& range) {
  std::vector<xfrm::Prefix> prefixes;
  for (const IpRange& part : to_prefixes(range)) {
    prefixes.push_back({part.first, static_cast<std::uint8_t>(part.prefix_length().value_or(0))});
  }
  return prefixes;
}

}  // namespace

Expected<KernelSelectors> to_kernel_selectors(const Selector& row, driver::Direction direction) {
  const auto ports = to_ports(row, direction);
  if (!ports) {
    return fail(fmt::format("{}: {}", to_string(row), ports.error().message));
  }
  const bool outbound = direction == driver::Direction::outbound;
  const auto sources = to_prefix_list(outbound ? row.local : row.remote);
  const auto destinations = to_prefix_list(outbound ? row.remote : row.local);
  const std::size_t count =
      sources.size() * destinations.size() * ports->source.size() * ports->destination.size();
  if (count > most_policies_of_a_row) {
    return fail(
        fmt::format("{}: it would take {} of the kernel's policies, and {} are the most; use prefixes "
                    "and ranges of ports that are powers of two",
                    to_string(row), count, most_policies_of_a_row));
  }
  KernelSelectors all;
  for (const xfrm::Prefix& source : sources) {
    for (const xfrm::Prefix& destination : destinations) {
      xfrm::PolicySelector selector{.source = source,
                                    .destination = destination,
                                    .protocol = row.protocol,
                                    .source_port = {},
                                    .destination_port = {},
                                    .interface = 0};
      for (const xfrm::PortMatch& source_port : ports->source) {
        for (const xfrm::PortMatch& destination_port : ports->destination) {
          selector.source_port = source_port;
          selector.destination_port = destination_port;
          all.selectors.push_back(selector);
        }
      }
      // A fragment of ICMP cannot be told from an echo reply.
      if (!ports->any && !is_icmp(row.protocol)) {
        selector.source_port = {.value = 0, .mask = exact};
        selector.destination_port = {.value = 0, .mask = exact};
        all.fragments.push_back(selector);
      }
    }
  }
  return all;
}

}  // namespace espgate::offload
