#include "daemon/configuration.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace espgate::host::daemon {
namespace {

using config::ConfigErrors;
using config::ConnectionSettings;
using config::GatewayConfig;

const ike::ChildConfig* find_child(const GatewayConfig& config, std::string_view connection,
                                   std::string_view child) {
  for (const ConnectionSettings& c : config.connections) {
    if (c.ike.name == connection) {
      const auto found = std::ranges::find(c.ike.children, child, &ike::ChildConfig::name);
      return found == c.ike.children.end() ? nullptr : &*found;
    }
  }
  return nullptr;
}

// Each selector lies within one that is configured.
bool allows(const std::vector<ike::TrafficSelector>& configured,
            const std::vector<ike::TrafficSelector>& agreed) {
  return std::ranges::all_of(agreed, [&](const ike::TrafficSelector& a) {
    return std::ranges::any_of(configured,
                               [&](const ike::TrafficSelector& c) { return c.intersect(a) == a; });
  });
}

}  // namespace

Configuration::Configuration(std::string path, IkeDriver& ike, Carriers carriers, HostRoutes& routes)
    : m_path(std::move(path)),
      m_ike(ike),
      m_carriers(std::move(carriers)),
      m_host(routes),
      m_credentials(ike.stack()) {}

std::expected<ConfigurationSummary, ConfigErrors> Configuration::load() {
  auto loaded = config::load_gateway_config(m_path);
  if (!loaded) {
    return std::unexpected(std::move(loaded.error()));
  }
  ConfigErrors errors = check_placement(*loaded, m_carriers);
  std::ranges::move(check_addresses(*loaded), std::back_inserter(errors));
  if (!errors.empty()) {
    return std::unexpected(std::move(errors));
  }

  // The steps that the outside may still refuse; each undoes itself. Policies come before routes, so that
  // what a route brings finds them.
  if (errors = change_policies(*loaded); !errors.empty()) {
    return std::unexpected(std::move(errors));
  }
  // At the first start there is nothing to go back to, and policies that hold too much are better than none.
  const auto policies_back = [this, &errors] {
    if (m_loaded) {
      std::ranges::move(change_policies(m_current), std::back_inserter(errors));
    }
  };
  const Routes old_routes = m_routes;
  if (errors = change_routes(routes_of(*loaded)); !errors.empty()) {
    policies_back();
    return std::unexpected(std::move(errors));
  }
  if (errors = load_connections(*loaded); !errors.empty()) {
    std::ranges::move(change_routes(old_routes), std::back_inserter(errors));
    policies_back();
    return std::unexpected(std::move(errors));
  }

  m_credentials.set_files(std::move(loaded->secrets), std::move(loaded->credentials));
  m_carriers.engine.spd().replace(to_spd(*loaded));
  m_current = std::move(*loaded);
  m_loaded = true;
  m_current.secrets.clear();
  m_current.credentials = {};

  ConfigurationSummary summary{.connections = m_current.connections.size()};
  for (const ConnectionSettings& connection : m_current.connections) {
    summary.children += connection.ike.children.size();
  }
  spdlog::info("configuration '{}' is in force: {} connections, {} children", m_path, summary.connections,
               summary.children);
  for (const std::string& notice : std::exchange(m_current.notices, {})) {
    spdlog::info("configuration: {}", notice);
  }
  delete_what_is_not_allowed();
  start_children();
  m_ike.settle();
  return summary;
}

std::uint32_t Configuration::position(const std::string& connection, const std::string& child) const {
  std::uint32_t at = 0;
  for (const ConnectionSettings& c : m_current.connections) {
    for (std::size_t i = 0; i < c.ike.children.size(); ++i) {
      ++at;
      if (c.ike.name == connection && c.ike.children[i].name == child) {
        return at + static_cast<std::uint32_t>(std::ranges::count_if(
                        c.policies, [i](const config::PolicyChild& policy) { return policy.before <= i; }));
      }
    }
    at += static_cast<std::uint32_t>(c.policies.size());
  }
  return 0;
}

// Routes are there as long as the configuration is, not as long as an SA: without an SA the traffic is to be
// dropped in the SPD, not to find another way out in clear.
Configuration::Routes Configuration::routes_of(const GatewayConfig& config) {
  Routes routes;
  for (const ConnectionSettings& connection : config.connections) {
    const std::vector<IpRange>& remote = connection.ike.remote_addresses;
    const bool known = !remote.empty() && remote.front().first == remote.front().last;
    for (const ike::ChildConfig& child : connection.ike.children) {
      for (const ike::TrafficSelector& selector : child.remote_ts) {
        routes.insert({selector.addresses, known ? remote.front().first : IpAddress()});
      }
    }
  }
  return routes;
}

ConfigErrors Configuration::check_addresses(const GatewayConfig& config) {
  ConfigErrors errors;
  for (const ConnectionSettings& connection : config.connections) {
    for (const IpRange& range : connection.ike.local_addresses) {
      if (range.first != range.last) {
        continue;
      }
      const auto local = m_host.is_local(range.first);
      if (!local) {
        errors.push_back(fmt::format("{}.local_addrs: {}", connection.where, local.error().message));
      } else if (!*local) {
        errors.push_back(
            fmt::format("{}.local_addrs: {} is not an address of this host; add it to an interface "
                        "first, or correct it",
                        connection.where, range.first.to_string()));
      }
    }
  }
  return errors;
}

ConfigErrors Configuration::change_policies(const GatewayConfig& wanted) {
  if (m_carriers.kernel == nullptr) {
    return {};
  }
  if (const auto loaded = m_carriers.kernel->load(to_spd(wanted)); !loaded) {
    return {fmt::format("{}: the kernel's policies: {}", m_path, loaded.error().message)};
  }
  return {};
}

// New ones first, so that no traffic finds the gap between old and new.
ConfigErrors Configuration::change_routes(const Routes& wanted) {
  std::vector<Route> to_add;
  std::vector<Route> to_remove;
  std::ranges::set_difference(wanted, m_routes, std::back_inserter(to_add));
  std::ranges::set_difference(m_routes, wanted, std::back_inserter(to_remove));
  for (std::size_t i = 0; i < to_add.size(); ++i) {
    if (const auto added = m_host.add(to_add[i].destination, to_add[i].peer); !added) {
      while (i > 0) {
        m_host.remove(to_add[--i].destination);
      }
      return {fmt::format("{}: {}", m_path, added.error().message)};
    }
  }
  for (const Route& route : to_remove) {
    m_host.remove(route.destination);
  }
  m_routes = wanted;
  return {};
}

// Taken out and put in as a whole, so that they stand in the order of the file. Live SAs keep what they were
// made from.
ConfigErrors Configuration::load_connections(const GatewayConfig& config) {
  ike::Stack& stack = m_ike.stack();
  std::vector<ike::ConnectionConfig> before = stack.connections();
  const auto replace_all = [&stack](const auto& from, const auto& to) -> Expected<> {
    for (const ike::ConnectionConfig& connection : from) {
      stack.unload_connection(connection.name);
    }
    for (const ike::ConnectionConfig& connection : to) {
      if (auto loaded = stack.load_connection(connection); !loaded) {
        return loaded;
      }
    }
    return {};
  };
  std::vector<ike::ConnectionConfig> wanted;
  wanted.reserve(config.connections.size());
  for (const ConnectionSettings& connection : config.connections) {
    wanted.push_back(connection.ike);
  }
  const auto replaced = replace_all(before, wanted);
  if (replaced) {
    return {};
  }
  ConfigErrors errors{fmt::format("{}: {}", m_path, replaced.error().message)};
  if (const auto restored = replace_all(wanted, before); !restored) {
    errors.push_back(restored.error().message);
  }
  return errors;
}

// RFC 4301 section 4.4.1: a changed SPD is held against the SAs that are there.
void Configuration::delete_what_is_not_allowed() {
  for (const ike::IkeSaView& sa : m_ike.stack().list()) {
    for (const ike::ChildSaView& child : sa.children) {
      const ike::ChildConfig* configured = find_child(m_current, sa.connection, child.name);
      if (configured != nullptr && allows(configured->local_ts, child.local_ts) &&
          allows(configured->remote_ts, child.remote_ts)) {
        continue;
      }
      spdlog::warn("Child SA {} #{} is deleted: the new configuration does not allow it",
                   config::spd_entry_name(sa.connection, child.name), child.id);
      m_ike.stack().terminate_child(child.id, m_ike.now());
    }
  }
}

void Configuration::start_children() {
  for (const ConnectionSettings& connection : m_current.connections) {
    for (const ike::ChildConfig& child : connection.ike.children) {
      if (child.start_action != ike::StartAction::start) {
        continue;
      }
      if (const auto started = m_ike.stack().initiate(connection.ike.name, child.name, m_ike.now());
          !started) {
        spdlog::error("child {} cannot be started: {}",
                      config::spd_entry_name(connection.ike.name, child.name), started.error().message);
      }
    }
  }
}

}  // namespace espgate::host::daemon
