#include "daemon/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

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

// Why one of the two cannot carry it; nullopt when it can.
using Reason = std::optional<std::string>;

template <typename Result>
Reason reason_of(const Result& result) {
  return result ? Reason() : Reason(result.error().message);
}

// One way in which a child may come about: one of each kind of algorithm.
std::vector<ike::EspProposal> ways_of(const ike::ChildConfig& child) {
  std::vector<ike::EspProposal> ways;
  for (const ike::EspProposal& proposal : child.proposals) {
    const std::vector<ike::EncryptionTransform> one_encryption(1);
    const std::vector<ike::Integrity> one_integrity(1, ike::Integrity::none);
    for (const auto& encryption : proposal.encryption.empty() ? one_encryption : proposal.encryption) {
      for (const ike::Integrity integrity : proposal.integrity.empty() ? one_integrity : proposal.integrity) {
        for (const ike::EsnMode esn : proposal.esn) {
          ike::EspProposal way;
          way.protocol = proposal.protocol;
          if (!proposal.encryption.empty()) {
            way.encryption = {encryption};
          }
          if (integrity != ike::Integrity::none) {
            way.integrity = {integrity};
          }
          way.esn = {esn};
          ways.push_back(std::move(way));
        }
      }
    }
  }
  return ways;
}

Reason why_not_engine(const ike::ConnectionConfig& connection, const ike::ChildConfig& child,
                      const ike::EspProposal& way, std::optional<std::uint32_t> window,
                      const offload::DataPath& data_path) {
  const driver::Capabilities& engine = data_path.capabilities();
  if (const std::uint32_t packets = window.value_or(0);
      packets != 0 && (packets < driver::smallest_replay_window || packets > engine.replay_window)) {
    return fmt::format(
        "replay_window: {}: the {} engine has windows of {} to {} packets; 0 switches the check off", packets,
        engine.name, driver::smallest_replay_window, engine.replay_window);
  }
  if (way.protocol == ike::ChildProtocol::ah) {
    return fmt::format("ah_proposals: the {} engine carries ESP and no AH", engine.name);
  }
  if (way.encryption.empty() || way.encryption.front().algorithm != ike::Encryption::aes_gcm_16) {
    return fmt::format("esp_proposals: the {} engine carries AES-GCM with a 16-byte ICV, not {}", engine.name,
                       way.encryption.empty() ? "NULL" : to_string(way.encryption.front().algorithm));
  }
  return reason_of(
      data_path.can_carry(example_spec(connection, child, way.encryption.front(), way.esn.front())));
}

Reason why_not_kernel(const ike::ChildConfig& child, const ike::EspProposal& way,
                      std::optional<std::uint32_t> window, const Carriers& carriers) {
  if (carriers.kernel == nullptr) {
    return carriers.no_kernel.empty() ? Reason() : Reason(carriers.no_kernel);
  }
  offload::KernelSaSpec spec;
  spec.protocol =
      way.protocol == ike::ChildProtocol::ah ? offload::xfrm::Protocol::ah : offload::xfrm::Protocol::esp;
  spec.suite = to_kernel_suite(way);
  spec.esn = way.esn.front() == ike::EsnMode::yes;
  spec.replay_window = window.value_or(driver::default_replay_window);
  spec.selectors = to_selectors(child.local_ts, child.remote_ts);
  return reason_of(carriers.kernel->can_carry(spec));
}

void check_child(const ike::ConnectionConfig& connection, const ike::ChildConfig& child,
                 const config::ChildPlacement& placement, const Carriers& carriers,
                 config::ConfigErrors& errors) {
  std::vector<std::string> reasons;
  for (const ike::EspProposal& way : ways_of(child)) {
    const Reason engine = why_not_engine(connection, child, way, placement.replay_window, carriers.engine);
    const Reason kernel = why_not_kernel(child, way, placement.replay_window, carriers);
    switch (placement.hw_offload) {
      case config::HwOffload::packet:
        if (engine) {
          reasons.push_back(*engine);
        }
        break;
      case config::HwOffload::no:
        if (kernel) {
          reasons.push_back(fmt::format("hw_offload = no wants the kernel, which cannot: {}", *kernel));
        }
        break;
      case config::HwOffload::automatic:
        if (engine && kernel) {
          reasons.push_back(fmt::format("{}; and the kernel cannot either: {}", *engine, *kernel));
        }
        break;
    }
  }
  std::ranges::sort(reasons);
  const auto repeated = std::ranges::unique(reasons);
  reasons.erase(repeated.begin(), repeated.end());
  for (const std::string& reason : reasons) {
    errors.push_back(fmt::format("{}: {}", placement.where, reason));
  }
}

offload::SaPlacement to_placement(config::HwOffload offload) {
  switch (offload) {
    case config::HwOffload::no:
      return offload::SaPlacement::kernel_only;
    case config::HwOffload::packet:
      return offload::SaPlacement::engine_only;
    case config::HwOffload::automatic:
      break;
  }
  return offload::SaPlacement::either;
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

// What holds wherever it is carried.
Expected<> check_any(const ike::ChildSa& sa) {
  if (sa.transport_mode) {
    return fail("transport mode is not carried by this version");
  }
  // Else ESP would be routed into its own tunnel.
  for (const ike::TrafficSelector& remote : sa.remote_ts) {
    if (remote.addresses.contains(sa.remote_address)) {
      return fail(fmt::format("the remote traffic selector {} holds the peer's own address {}",
                              remote.to_string(), sa.remote_address.to_string()));
    }
  }
  return {};
}

std::uint64_t limit_of(std::uint64_t configured) {
  return configured == 0 ? driver::Lifetime::none : configured;
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

namespace {

// What the TUN device gets comes back to it when it leaves in the clear: the same routes lead there.
void check_bypass(const config::GatewayConfig& config, const config::PolicyChild& policy,
                  config::ConfigErrors& errors) {
  for (const config::ConnectionSettings& connection : config.connections) {
    for (const ike::ChildConfig& child : connection.ike.children) {
      for (const ike::TrafficSelector& routed : child.remote_ts) {
        for (const ike::TrafficSelector& passed : policy.remote_ts) {
          if (routed.addresses.intersect(passed.addresses)) {
            errors.push_back(
                fmt::format("{}: mode = pass: {} overlaps with {} of {}, whose addresses are routed to the "
                            "engine, so that "
                            "nothing could pass; take it out of that child's remote_ts",
                            policy.where, passed.to_string(), routed.to_string(),
                            config::spd_entry_name(connection.ike.name, child.name)));
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<offload::SpdEntry> to_spd(const config::GatewayConfig& config) {
  std::vector<offload::SpdEntry> entries;
  for (const config::ConnectionSettings& connection : config.connections) {
    const auto add_policies = [&entries, &connection](std::size_t before) {
      for (const config::PolicyChild& policy : connection.policies) {
        if (policy.before == before) {
          offload::SpdEntry entry;
          entry.name = config::spd_entry_name(connection.ike.name, policy.name);
          entry.action = policy.pass ? offload::Action::bypass : offload::Action::discard;
          entry.selectors = to_selectors(policy.local_ts, policy.remote_ts);
          entries.push_back(std::move(entry));
        }
      }
    };
    for (std::size_t i = 0; i < connection.ike.children.size(); ++i) {
      add_policies(i);
      const ike::ChildConfig& child = connection.ike.children[i];
      const config::ChildPlacement& placement = connection.placements.at(i);
      entries.push_back({.name = config::spd_entry_name(connection.ike.name, child.name),
                         .action = offload::Action::protect,
                         .selectors = to_selectors(child.local_ts, child.remote_ts),
                         .replay_window = static_cast<std::uint16_t>(
                             placement.replay_window.value_or(driver::default_replay_window)),
                         .from_packet = {},
                         .placement = to_placement(placement.hw_offload),
                         .on_demand = placement.trap ? std::optional(offload::TunnelEnds{
                                                           connection.ike.local_addresses.front().first,
                                                           connection.ike.remote_addresses.front().first})
                                                     : std::nullopt});
    }
    add_policies(connection.ike.children.size());
  }
  return entries;
}

config::ConfigErrors check_placement(const config::GatewayConfig& config, const Carriers& carriers) {
  config::ConfigErrors errors;
  for (const config::ConnectionSettings& connection : config.connections) {
    for (const config::PolicyChild& policy : connection.policies) {
      if (policy.pass) {
        check_bypass(config, policy, errors);
      }
    }
    for (std::size_t i = 0; i < connection.ike.children.size(); ++i) {
      check_child(connection.ike, connection.ike.children[i], connection.placements.at(i), carriers, errors);
    }
  }
  return errors;
}

Expected<offload::ChildSaSpec> to_spec(const ike::ChildSa& sa) {
  if (auto any = check_any(sa); !any) {
    return std::unexpected(any.error());
  }
  if (sa.proposal.protocol != ike::ChildProtocol::esp || sa.proposal.encryption.size() != 1 ||
      sa.proposal.encryption.front().algorithm != ike::Encryption::aes_gcm_16) {
    return fail("it carries AES-GCM with a 16-byte ICV and nothing else");
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

// The numbers are IANA's in both.
offload::xfrm::Suite to_kernel_suite(const ike::EspProposal& proposal) {
  offload::xfrm::Suite suite;
  if (!proposal.encryption.empty()) {
    const ike::EncryptionTransform& encryption = proposal.encryption.front();
    suite.encryption = static_cast<offload::xfrm::Encryption>(encryption.algorithm);
    constexpr std::uint16_t chacha_bits = 256;
    suite.key_bits =
        encryption.algorithm == ike::Encryption::chacha20_poly1305 ? chacha_bits : encryption.key_bits;
  }
  if (!proposal.integrity.empty()) {
    suite.integrity = static_cast<offload::xfrm::Integrity>(proposal.integrity.front());
  }
  return suite;
}

Expected<offload::KernelSaSpec> to_kernel_spec(const ike::ChildSa& sa) {
  if (auto any = check_any(sa); !any) {
    return std::unexpected(any.error());
  }
  offload::KernelSaSpec spec;
  spec.id = sa.id;
  spec.name = config::spd_entry_name(sa.connection, sa.child);
  spec.protocol = sa.proposal.protocol == ike::ChildProtocol::ah ? offload::xfrm::Protocol::ah
                                                                 : offload::xfrm::Protocol::esp;
  spec.suite = to_kernel_suite(sa.proposal);
  spec.esn = sa.esn;
  spec.inbound_spi = sa.inbound_spi;
  spec.outbound_spi = sa.outbound_spi;
  spec.inbound_key = sa.inbound_key.clone();
  spec.outbound_key = sa.outbound_key.clone();
  spec.inbound_integrity_key = sa.inbound_integrity_key.clone();
  spec.outbound_integrity_key = sa.outbound_integrity_key.clone();
  spec.local_address = sa.local_address;
  spec.remote_address = sa.remote_address;
  if (sa.udp_encapsulation) {
    spec.encapsulation =
        driver::UdpEncapsulation{.source_port = sa.local_port, .destination_port = sa.remote_port};
  }
  spec.selectors = to_selectors(sa.local_ts, sa.remote_ts);
  spec.lifetime = {.soft_packets = limit_of(sa.packets.rekey),
                   .soft_bytes = limit_of(sa.bytes.rekey),
                   .hard_packets = limit_of(sa.packets.hard),
                   .hard_bytes = limit_of(sa.bytes.hard)};
  spec.receive_only = sa.receive_only;
  return spec;
}

}  // namespace espgate::host::daemon
