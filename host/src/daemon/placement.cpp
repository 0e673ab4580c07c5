#include "daemon/placement.h"

#include <fmt/format.h>

#include <algorithm>

namespace espgate::host::daemon {
namespace {

constexpr std::size_t salt_bytes = 4;  // RFC 4106 section 8.1

driver::AesGcmKey key_of_size(std::size_t bytes) {
  return {.key = InlineSecret<32>(Bytes(bytes)), .salt = InlineSecret<4>(Bytes(salt_bytes))};
}

// Some address that an SA of this connection may get: what counts is its family.
IpAddress example_address(const std::vector<IpRange>& ranges) {
  return ranges.empty() || ranges.front().first.is_unspecified() ? IpAddress::v4(0xc0000201)  // 192.0.2.1
                                                                 : ranges.front().first;
}

// An SA with the first algorithms that the proposal could lead to.
offload::ChildSaSpec example_spec(const ike::ConnectionConfig& connection, const ike::ChildConfig& child,
                                  const ike::EncryptionTransform& encryption, ike::EsnMode esn) {
  offload::ChildSaSpec spec;
  spec.name = config::spd_entry_name(connection.name, child.name);
  spec.esn = esn == ike::EsnMode::yes;
  spec.inbound_key = key_of_size(encryption.key_bits / 8U);
  spec.outbound_key = key_of_size(encryption.key_bits / 8U);
  spec.local_address = example_address(connection.local_addresses);
  spec.remote_address = example_address(connection.remote_addresses);
  if (connection.force_udp_encapsulation) {
    spec.encapsulation.emplace();
  }
  spec.selectors = to_selectors(child.local_ts, child.remote_ts);
  return spec;
}

std::string reason_of(const config::ChildPlacement& placement, const std::string& message) {
  return fmt::format("{}: {}{}", placement.where, message,
                     placement.hw_offload == config::HwOffload::automatic
                         ? " (hw_offload = auto has no kernel to fall back to in this version)"
                         : "");
}

void check_child(const ike::ConnectionConfig& connection, const ike::ChildConfig& child,
                 const config::ChildPlacement& placement, const offload::DataPath& data_path,
                 config::ConfigErrors& errors) {
  const driver::Capabilities& engine = data_path.capabilities();
  const std::uint32_t window = placement.replay_window.value_or(0);
  if (window != 0 && (window < driver::smallest_replay_window || window > engine.replay_window)) {
    errors.push_back(fmt::format(
        "{}.replay_window: {}: the {} engine has windows of {} to {} packets; 0 switches the check off",
        placement.where, window, engine.name, driver::smallest_replay_window, engine.replay_window));
  }
  std::vector<std::string> reasons;
  for (const ike::EspProposal& proposal : child.proposals) {
    if (proposal.protocol == ike::ChildProtocol::ah) {
      reasons.push_back(
          fmt::format("ah_proposals: the {} engine carries ESP, and AH is carried by nothing in this version",
                      engine.name));
      continue;
    }
    for (const ike::EncryptionTransform& encryption : proposal.encryption) {
      if (encryption.algorithm != ike::Encryption::aes_gcm_16) {
        reasons.push_back(
            fmt::format("esp_proposals: the {} engine carries AES-GCM with a 16-byte ICV, not {}",
                        engine.name, to_string(encryption.algorithm)));
        continue;
      }
      for (const ike::EsnMode esn : proposal.esn) {
        if (const auto carried = data_path.can_carry(example_spec(connection, child, encryption, esn));
            !carried) {
          reasons.push_back(carried.error().message);
        }
      }
    }
  }
  std::ranges::sort(reasons);
  const auto repeated = std::ranges::unique(reasons);
  reasons.erase(repeated.begin(), repeated.end());
  for (const std::string& reason : reasons) {
    errors.push_back(reason_of(placement, reason));
  }
}

Expected<driver::AesGcmKey> to_key(const Secret& material, std::uint16_t key_bits,
                                   std::string_view direction) {
  const std::size_t key_bytes = key_bits / 8U;
  if (material.size() != key_bytes + salt_bytes || key_bytes > 32) {
    return fail(fmt::format("the {} key has {} bytes, and AES-GCM-{} takes {}", direction, material.size(),
                            key_bits, key_bytes + salt_bytes));
  }
  return driver::AesGcmKey{.key = InlineSecret<32>(material.view().first(key_bytes)),
                           .salt = InlineSecret<4>(material.view().subspan(key_bytes))};
}

}  // namespace

std::vector<offload::Selector> to_selectors(const std::vector<ike::TrafficSelector>& local,
                                            const std::vector<ike::TrafficSelector>& remote) {
  std::vector<offload::Selector> pairs;
  for (const ike::TrafficSelector& l : local) {
    for (const ike::TrafficSelector& r : remote) {
      if (l.protocol != 0 && r.protocol != 0 && l.protocol != r.protocol) {
        continue;
      }
      offload::Selector selector{.local = l.addresses,
                                 .remote = r.addresses,
                                 .protocol = std::nullopt,
                                 .local_port_first = l.first_port,
                                 .local_port_last = l.last_port,
                                 .remote_port_first = r.first_port,
                                 .remote_port_last = r.last_port};
      if (const std::uint8_t protocol = l.protocol != 0 ? l.protocol : r.protocol; protocol != 0) {
        selector.protocol = protocol;
      }
      pairs.push_back(selector);
    }
  }
  return pairs;
}

std::vector<offload::SpdEntry> to_spd(const config::GatewayConfig& config) {
  std::vector<offload::SpdEntry> entries;
  for (const config::ConnectionSettings& connection : config.connections) {
    for (std::size_t i = 0; i < connection.ike.children.size(); ++i) {
      const ike::ChildConfig& child = connection.ike.children[i];
      const auto window = connection.placements.at(i).replay_window;
      entries.push_back(
          {.name = config::spd_entry_name(connection.ike.name, child.name),
           .action = offload::Action::protect,
           .selectors = to_selectors(child.local_ts, child.remote_ts),
           .replay_window = static_cast<std::uint16_t>(window.value_or(driver::default_replay_window))});
    }
  }
  return entries;
}

config::ConfigErrors check_placement(const config::GatewayConfig& config,
                                     const offload::DataPath& data_path) {
  config::ConfigErrors errors;
  for (const config::ConnectionSettings& connection : config.connections) {
    for (std::size_t i = 0; i < connection.ike.children.size(); ++i) {
      check_child(connection.ike, connection.ike.children[i], connection.placements.at(i), data_path, errors);
    }
  }
  return errors;
}

Expected<offload::ChildSaSpec> to_spec(const ike::ChildSa& sa) {
  if (sa.transport_mode) {
    return fail("transport mode is not carried by this version");
  }
  if (sa.proposal.protocol != ike::ChildProtocol::esp || sa.proposal.encryption.size() != 1 ||
      sa.proposal.encryption.front().algorithm != ike::Encryption::aes_gcm_16) {
    return fail("only AES-GCM with a 16-byte ICV is carried by this version");
  }
  // Else ESP would be routed into its own tunnel.
  for (const ike::TrafficSelector& remote : sa.remote_ts) {
    if (remote.addresses.contains(sa.remote_address)) {
      return fail(fmt::format("the remote traffic selector {} holds the peer's own address {}",
                              remote.to_string(), sa.remote_address.to_string()));
    }
  }
  const std::uint16_t key_bits = sa.proposal.encryption.front().key_bits;
  auto inbound = to_key(sa.inbound_key, key_bits, "inbound");
  auto outbound = to_key(sa.outbound_key, key_bits, "outbound");
  if (!inbound || !outbound) {
    return std::unexpected(!inbound ? inbound.error() : outbound.error());
  }
  offload::ChildSaSpec spec{.id = sa.id,
                            .name = config::spd_entry_name(sa.connection, sa.child),
                            .esn = sa.esn,
                            .inbound_spi = sa.inbound_spi,
                            .outbound_spi = sa.outbound_spi,
                            .inbound_key = *inbound,
                            .outbound_key = *outbound,
                            .local_address = sa.local_address,
                            .remote_address = sa.remote_address,
                            .encapsulation = std::nullopt,
                            .selectors = to_selectors(sa.local_ts, sa.remote_ts),
                            .receive_only = sa.receive_only};
  if (sa.udp_encapsulation) {
    spec.encapsulation =
        driver::UdpEncapsulation{.source_port = sa.local_port, .destination_port = sa.remote_port};
  }
  return spec;
}

}  // namespace espgate::host::daemon
