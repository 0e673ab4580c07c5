#include "carry.h"

#include <fmt/format.h>

#include "spi_allocator.h"

namespace espgate::offload {

namespace {

constexpr std::size_t salt_bytes = 4;  // RFC 4106 section 4

std::unexpected<Error> refuse(const driver::Capabilities& engine, const ChildSaSpec& spec,
                              const std::string& reason) {
  return fail(
      fmt::format("child '{}' cannot be carried by the {} engine: {}", spec.name, engine.name, reason));
}

bool supports_key(const driver::Capabilities& engine, std::size_t bytes) {
  return (bytes == 16 && engine.aes_gcm_128) || (bytes == 32 && engine.aes_gcm_256);
}

bool is_v4(const IpRange& range) {
  return range.first.is_v4() && range.last.is_v4();
}

}  // namespace

Expected<> check_kind(const driver::Capabilities& engine, const ChildSaSpec& spec) {
  for (const driver::AesGcmKey* key : {&spec.inbound_key, &spec.outbound_key}) {
    if (!supports_key(engine, key->key.size())) {
      return refuse(engine, spec,
                    fmt::format("capability aes_gcm_{} is missing; choose another key size in esp_proposals",
                                key->key.size() * 8));
    }
  }
  if (spec.esn && !engine.esn) {
    return refuse(engine, spec, "capability esn is missing; use noesn in esp_proposals");
  }
  if (!engine.tunnel) {
    return refuse(engine, spec, "capability tunnel is missing, and this version knows no other mode");
  }
  if (spec.replay_window != 0 &&
      (spec.replay_window < driver::smallest_replay_window || spec.replay_window > engine.replay_window)) {
    return refuse(engine, spec,
                  fmt::format("it has replay windows of {} to {} packets, not {}; 0 switches the check off",
                              driver::smallest_replay_window, engine.replay_window, spec.replay_window));
  }
  if (!spec.local_address.is_v4() || !spec.remote_address.is_v4()) {
    return refuse(engine, spec,
                  fmt::format("this version tunnels over IPv4 only, and the gateways are {} and {}",
                              spec.local_address.to_string(), spec.remote_address.to_string()));
  }
  if (spec.encapsulation && !engine.udp_encapsulation) {
    return refuse(engine, spec, "capability udp_encapsulation is missing, and there is a NAT or encap = yes");
  }
  if (spec.selectors.size() != 1) {
    return refuse(engine, spec,
                  fmt::format("it checks exactly one local and one remote range, not {} pairs; use one child "
                              "for each pair of local_ts and remote_ts",
                              spec.selectors.size()));
  }
  const Selector& selector = spec.selectors.front();
  if (!is_v4(selector.local) || !is_v4(selector.remote)) {
    return refuse(engine, spec,
                  fmt::format("this version carries IPv4 only, and the selectors are {} and {}",
                              selector.local.to_string(), selector.remote.to_string()));
  }
  if (selector.local_port_first > selector.local_port_last ||
      selector.remote_port_first > selector.remote_port_last) {
    return refuse(engine, spec,
                  "this version does not match OPAQUE ports (a port range that ends before it begins)");
  }
  return {};
}

Expected<> check_values(const ChildSaSpec& spec) {
  for (const std::uint32_t spi : {spec.inbound_spi, spec.outbound_spi}) {
    if (spi < lowest_spi) {
      return fail(fmt::format("child '{}': SPI {:08x} is reserved (RFC 4303 section 2.1)", spec.name, spi));
    }
  }
  for (const driver::AesGcmKey* key : {&spec.inbound_key, &spec.outbound_key}) {
    if (key->salt.size() != salt_bytes) {
      return fail(
          fmt::format("child '{}': the salt is {} bytes, not {}", spec.name, key->salt.size(), salt_bytes));
    }
  }
  if (spec.local_address.is_unspecified() || spec.remote_address.is_unspecified()) {
    return fail(fmt::format("child '{}': a gateway address is 0.0.0.0", spec.name));
  }
  return {};
}

driver::InboundSa to_inbound(const ChildSaSpec& spec) {
  const Selector& selector = spec.selectors.front();
  driver::InboundSa sa;
  sa.spi = spec.inbound_spi;
  sa.key = spec.inbound_key;
  sa.esn = spec.esn;
  sa.outer_destination = spec.local_address;
  sa.encapsulated = spec.encapsulation.has_value();
  sa.replay_check = spec.replay_window != 0;
  if (sa.replay_check) {
    sa.replay_window = spec.replay_window;
  }
  // What comes out of the tunnel comes from the remote side.
  sa.selectors.source = selector.remote;
  sa.selectors.destination = selector.local;
  sa.selectors.protocol = selector.protocol;
  sa.selectors.source_port_first = selector.remote_port_first;
  sa.selectors.source_port_last = selector.remote_port_last;
  sa.selectors.destination_port_first = selector.local_port_first;
  sa.selectors.destination_port_last = selector.local_port_last;
  return sa;
}

driver::OutboundSa to_outbound(const ChildSaSpec& spec, const Lease& lease) {
  driver::OutboundSa sa;
  sa.spi = spec.outbound_spi;
  sa.key = spec.outbound_key;
  sa.esn = spec.esn;
  sa.outer_source = spec.local_address;
  sa.outer_destination = spec.remote_address;
  sa.encapsulation = spec.encapsulation;
  sa.lease_limit = lease.limit;
  sa.lease_low = lease.low;
  return sa;
}

}  // namespace espgate::offload
