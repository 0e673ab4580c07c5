#include "sa_check.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

namespace espgate::driver {
namespace {

// RFC 4303 section 2.1: 0 is for local use, 1 to 255 are reserved by IANA.
constexpr std::uint32_t first_spi = 256;

Expected<> first_failure(std::initializer_list<Expected<>> results) {
  for (const Expected<>& result : results) {
    if (!result) {
      return result;
    }
  }
  return {};
}

// `text` is what the engine lacks, `name` the capability's.
Expected<> require(bool carried, const Capabilities& capabilities, std::string_view text,
                   std::string_view name) {
  return carried ? Expected<>{}
                 : fail(fmt::format("engine {} does not carry {} (capability {})", capabilities.name, text,
                                    name));
}

Expected<> check_spi(std::uint32_t spi) {
  if (spi < first_spi) {
    return fail(
        fmt::format("SPI {:#010x} is reserved (RFC 4303 section 2.1); use {:#x} or higher", spi, first_spi));
  }
  return {};
}

Expected<> check_cipher(Cipher cipher, std::size_t key_bytes, const Capabilities& capabilities) {
  const bool small = key_bytes == 16;
  switch (cipher) {
    case Cipher::aes_gcm_16:
      return small ? require(capabilities.aes_gcm_128, capabilities, "AES-GCM-128", "aes_gcm_128")
                   : require(capabilities.aes_gcm_256, capabilities, "AES-GCM-256", "aes_gcm_256");
    case Cipher::null_aes_gmac:
      return small ? require(capabilities.gmac_128, capabilities, "AES-GMAC-128", "gmac_128")
                   : require(capabilities.gmac_256, capabilities, "AES-GMAC-256", "gmac_256");
  }
  return fail(fmt::format("cipher {} is none of AES-GCM and AES-GMAC", static_cast<unsigned>(cipher)));
}

Expected<> check_key(Cipher cipher, const AesGcmKey& key, const Capabilities& capabilities) {
  if (key.key.size() != 16 && key.key.size() != 32) {
    return fail(fmt::format("the AES-GCM key has {} bytes; 16 or 32 are needed", key.key.size()));
  }
  if (key.salt.size() != 4) {
    return fail(
        fmt::format("the AES-GCM salt has {} bytes; 4 are needed (RFC 4106 section 4)", key.salt.size()));
  }
  return check_cipher(cipher, key.key.size(), capabilities);
}

Expected<> check_kind(Mode mode, bool esn, bool encapsulated, bool ipv6, const Capabilities& capabilities) {
  if (mode != Mode::tunnel && mode != Mode::transport) {
    return fail(fmt::format("mode {} is none of tunnel and transport", static_cast<unsigned>(mode)));
  }
  return first_failure({
      mode == Mode::tunnel ? require(capabilities.tunnel, capabilities, "tunnel mode", "tunnel")
                           : require(capabilities.transport, capabilities, "transport mode", "transport"),
      require(!esn || capabilities.esn, capabilities, "extended sequence numbers", "esn"),
      require(!encapsulated || capabilities.udp_encapsulation, capabilities, "UDP encapsulation",
              "udp_encapsulation"),
      require(!ipv6 || capabilities.ipv6, capabilities, "IPv6", "ipv6"),
  });
}

Expected<> check_outer_address(const IpAddress& address, std::string_view what) {
  if (address.is_unspecified()) {
    return fail(fmt::format("outer {} {} is not an address of a host", what, address.to_string()));
  }
  return {};
}

Expected<> check_lifetime(const Lifetime& lifetime, const Capabilities& capabilities) {
  if (lifetime == Lifetime{}) {
    return {};
  }
  for (const auto& [limit, name] : {std::pair(lifetime.soft_packets, "soft_packets"),
                                    {lifetime.soft_bytes, "soft_bytes"},
                                    {lifetime.hard_packets, "hard_packets"},
                                    {lifetime.hard_bytes, "hard_bytes"}}) {
    if (limit == 0) {
      return fail(fmt::format("lifetime limit {} is 0, which is reached before the first packet", name));
    }
  }
  return require(capabilities.lifetimes, capabilities, "lifetimes in packets and bytes", "lifetimes");
}

Expected<> check_limit(std::uint64_t lease_limit, bool esn) {
  if (lease_limit > largest_lease_limit(esn)) {
    return fail(fmt::format("lease_limit {} is beyond the SA's number space, which ends at {}", lease_limit,
                            last_sequence(esn)));
  }
  return {};
}

Expected<> check_tfc(std::uint16_t tfc_bytes, const Capabilities& capabilities) {
  if (tfc_bytes > capabilities.max_packet_bytes) {
    return fail(fmt::format("tfc_bytes {} is more than the {} bytes of engine {}'s longest packet", tfc_bytes,
                            capabilities.max_packet_bytes, capabilities.name));
  }
  return require(tfc_bytes == 0 || capabilities.tfc, capabilities, "traffic flow confidentiality padding",
                 "tfc");
}

Expected<> check_range(const IpRange& range, std::string_view what) {
  if (range.first.family() != range.last.family() || range.last < range.first) {
    return fail(fmt::format("{} selector {}-{} is not a range of addresses", what, range.first.to_string(),
                            range.last.to_string()));
  }
  return {};
}

Expected<> check_ports(std::uint16_t first, std::uint16_t last, std::string_view what) {
  const bool opaque = first == UINT16_MAX && last == 0;
  if (last < first && !opaque) {
    return fail(fmt::format("{} ports {}-{} are neither a range nor OPAQUE (65535-0)", what, first, last));
  }
  return {};
}

Expected<> check_selectors(const InboundSelectors& selectors, const Capabilities& capabilities) {
  if (auto failure = first_failure({
          check_range(selectors.source, "source"),
          check_range(selectors.destination, "destination"),
          check_ports(selectors.source_port_first, selectors.source_port_last, "source"),
          check_ports(selectors.destination_port_first, selectors.destination_port_last, "destination"),
      });
      !failure) {
    return failure;
  }
  const IpFamily family = selectors.source.first.family();
  if (selectors.destination.first.family() != family) {
    return fail("source and destination selector are not of one family");
  }
  return require(family == IpFamily::v4 || capabilities.ipv6, capabilities, "IPv6", "ipv6");
}

Expected<> check_replay(const InboundSa& sa, const Capabilities& capabilities) {
  if (sa.replay_window < smallest_replay_window || sa.replay_window > capabilities.replay_window) {
    return fail(fmt::format("replay_window {} is not within the {} to {} packets of engine {}",
                            sa.replay_window, smallest_replay_window, capabilities.replay_window,
                            capabilities.name));
  }
  if (sa.replay_top > last_sequence(sa.esn)) {
    return fail(fmt::format("replay_top {} is beyond the SA's number space, which ends at {}", sa.replay_top,
                            last_sequence(sa.esn)));
  }
  return {};
}

}  // namespace

Expected<> check(const OutboundSa& sa, const Capabilities& capabilities) {
  if (auto failure = first_failure({
          check_spi(sa.spi),
          check_key(sa.cipher, sa.key, capabilities),
          check_kind(sa.mode, sa.esn, sa.encapsulation.has_value(), !sa.outer_destination.is_v4(),
                     capabilities),
          check_outer_address(sa.outer_source, "source"),
          check_outer_address(sa.outer_destination, "destination"),
          check_tfc(sa.tfc_bytes, capabilities),
          check_lifetime(sa.lifetime, capabilities),
          check_limit(sa.lease_limit, sa.esn),
      });
      !failure) {
    return failure;
  }
  if (sa.outer_source.family() != sa.outer_destination.family()) {
    return fail(fmt::format("outer source {} and destination {} are not of one family",
                            sa.outer_source.to_string(), sa.outer_destination.to_string()));
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
  if (auto failure = first_failure({
          check_spi(sa.spi),
          check_key(sa.cipher, sa.key, capabilities),
          check_kind(sa.mode, sa.esn, sa.encapsulated, !sa.outer_destination.is_v4(), capabilities),
          check_outer_address(sa.outer_destination, "destination"),
          check_selectors(sa.selectors, capabilities),
          check_lifetime(sa.lifetime, capabilities),
          check_replay(sa, capabilities),
      });
      !failure) {
    return failure;
  }
  if (sa.mode == Mode::transport && sa.selectors.source.first.family() != sa.outer_destination.family()) {
    return fail("in transport mode the selectors are of the outer addresses' family");
  }
  return {};
}

Expected<> check(const Flow& flow, Policy policy, const Capabilities& capabilities) {
  if (policy != Policy::protect && policy != Policy::bypass && policy != Policy::discard) {
    return fail(fmt::format("policy {} is none of protect, bypass, discard", static_cast<unsigned>(policy)));
  }
  if (flow.source.family() != flow.destination.family()) {
    return fail(fmt::format("the flow's source {} and destination {} are not of one family",
                            flow.source.to_string(), flow.destination.to_string()));
  }
  if (!flow.ports_known && (flow.source_port != 0 || flow.destination_port != 0)) {
    return fail(fmt::format("the flow's ports are not known, and {} and {} instead of 0", flow.source_port,
                            flow.destination_port));
  }
  return first_failure({
      require(capabilities.spd_cache, capabilities, "an SPD cache", "spd_cache"),
      require(flow.source.is_v4() || capabilities.ipv6, capabilities, "IPv6", "ipv6"),
  });
}

Expected<> check_renewal(const Lease& in_force, std::uint64_t lease_limit) {
  if (lease_limit < in_force.limit) {
    return fail(fmt::format("lease_limit {} is lower than the {} in force", lease_limit, in_force.limit));
  }
  return check_limit(lease_limit, in_force.esn);
}

}  // namespace espgate::driver
