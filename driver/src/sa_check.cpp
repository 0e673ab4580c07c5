#include "sa_check.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

namespace espgate::driver {
namespace {

// RFC 4303 section 2.1: 0 is for local use, 1 to 255 are reserved by IANA.
constexpr std::uint32_t first_spi = 256;

Expected<> check_spi(std::uint32_t spi) {
  if (spi < first_spi) {
    return fail(
        fmt::format("SPI {:#010x} is reserved (RFC 4303 section 2.1); use {:#x} or higher", spi, first_spi));
  }
  return {};
}

Expected<> check_key(const AesGcmKey& key, bool esn, const Capabilities& capabilities) {
  if (key.key.size() != 16 && key.key.size() != 32) {
    return fail(fmt::format("the AES-GCM key has {} bytes; 16 or 32 are needed", key.key.size()));
  }
  if (key.salt.size() != 4) {
    return fail(
        fmt::format("the AES-GCM salt has {} bytes; 4 are needed (RFC 4106 section 4)", key.salt.size()));
  }
  if (key.key.size() == 16 && !capabilities.aes_gcm_128) {
    return fail(
        fmt::format("engine {} does not carry AES-GCM-128 (capability aes_gcm_128)", capabilities.name));
  }
  if (key.key.size() == 32 && !capabilities.aes_gcm_256) {
    return fail(
        fmt::format("engine {} does not carry AES-GCM-256 (capability aes_gcm_256)", capabilities.name));
  }
  if (esn && !capabilities.esn) {
    return fail(fmt::format("engine {} does not carry extended sequence numbers (capability esn)",
                            capabilities.name));
  }
  return {};
}

Expected<> check_tunnel(bool encapsulated, const Capabilities& capabilities) {
  if (!capabilities.tunnel_v4_in_v4) {
    return fail(fmt::format("engine {} does not carry tunnel mode IPv4 in IPv4 (capability tunnel_v4_in_v4)",
                            capabilities.name));
  }
  if (encapsulated && !capabilities.udp_encapsulation) {
    return fail(fmt::format("engine {} does not carry UDP encapsulation (capability udp_encapsulation)",
                            capabilities.name));
  }
  return {};
}

Expected<> check_outer_address(const IpAddress& address, std::string_view what) {
  if (!address.is_v4() || address.is_unspecified()) {
    return fail(fmt::format("outer {} {} is not an IPv4 address of a host", what, address.to_string()));
  }
  return {};
}

Expected<> check_range(const IpRange& range, std::string_view what) {
  if (!range.first.is_v4() || !range.last.is_v4() || range.last < range.first) {
    return fail(fmt::format("{} selector {}-{} is not a range of IPv4 addresses", what,
                            range.first.to_string(), range.last.to_string()));
  }
  return {};
}

Expected<> check_ports(std::uint16_t first, std::uint16_t last, std::string_view what) {
  if (last < first) {
    return fail(fmt::format("{} ports {}-{} are not a range", what, first, last));
  }
  return {};
}

Expected<> check_limit(std::uint64_t lease_limit, bool esn) {
  if (lease_limit > largest_lease_limit(esn)) {
    return fail(fmt::format("lease_limit {} is beyond the SA's number space, which ends at {}", lease_limit,
                            last_sequence(esn)));
  }
  return {};
}

Expected<> first_failure(std::initializer_list<Expected<>> results) {
  for (const Expected<>& result : results) {
    if (!result) {
      return result;
    }
  }
  return {};
}

}  // namespace

Expected<> check(const OutboundSa& sa, const Capabilities& capabilities) {
  if (auto failure = first_failure({
          check_spi(sa.spi),
          check_key(sa.key, sa.esn, capabilities),
          check_tunnel(sa.encapsulation.has_value(), capabilities),
          check_outer_address(sa.outer_source, "source"),
          check_outer_address(sa.outer_destination, "destination"),
          check_limit(sa.lease_limit, sa.esn),
      });
      !failure) {
    return failure;
  }
  if (sa.encapsulation && (sa.encapsulation->source_port == 0 || sa.encapsulation->destination_port == 0)) {
    return fail("a UDP encapsulation port is 0");
  }
  if (sa.df != DfPolicy::copy && sa.df != DfPolicy::set && sa.df != DfPolicy::clear) {
    return fail(fmt::format("DF policy {} is none of copy, set, clear", static_cast<unsigned>(sa.df)));
  }
  if (sa.dscp && *sa.dscp > 63) {
    return fail(fmt::format("DSCP {} is more than 63", *sa.dscp));
  }
  if (sa.hop_limit == 0) {
    return fail("hop limit 0 would have every packet dropped by the first router");
  }
  if (sa.next_sequence == 0) {
    return fail("next_sequence is 0; the first number of an SA is 1 (RFC 4303 section 3.3.3)");
  }
  if (sa.lease_limit < sa.next_sequence) {
    return fail(fmt::format("lease_limit {} is below next_sequence {}", sa.lease_limit, sa.next_sequence));
  }
  return {};
}

Expected<> check(const InboundSa& sa, const Capabilities& capabilities) {
  const InboundSelectors& selectors = sa.selectors;
  if (auto failure = first_failure({
          check_spi(sa.spi),
          check_key(sa.key, sa.esn, capabilities),
          check_tunnel(sa.encapsulated, capabilities),
          check_outer_address(sa.outer_destination, "destination"),
          check_range(selectors.source, "source"),
          check_range(selectors.destination, "destination"),
          check_ports(selectors.source_port_first, selectors.source_port_last, "source"),
          check_ports(selectors.destination_port_first, selectors.destination_port_last, "destination"),
      });
      !failure) {
    return failure;
  }
  if (sa.replay_top > last_sequence(sa.esn)) {
    return fail(fmt::format("replay_top {} is beyond the SA's number space, which ends at {}", sa.replay_top,
                            last_sequence(sa.esn)));
  }
  return {};
}

Expected<> check_renewal(const Lease& in_force, std::uint64_t lease_limit) {
  if (lease_limit < in_force.limit) {
    return fail(fmt::format("lease_limit {} is lower than the {} in force", lease_limit, in_force.limit));
  }
  return check_limit(lease_limit, in_force.esn);
}

}  // namespace espgate::driver
