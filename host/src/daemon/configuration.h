// The configuration in force: read from the file, checked as a whole, then put into IKE stack, SPD and
// routes. A file with an error changes nothing.
#pragma once

#include <expected>
#include <functional>
#include <set>
#include <string>

#include "config/gateway_config.h"
#include "daemon/credential_store.h"
#include "daemon/ike_driver.h"
#include "daemon/placement.h"

namespace espgate::host::daemon {

// The host's side of a configuration; dataplane::RouteTable in the daemon.
class HostRoutes {
 public:
  virtual ~HostRoutes() = default;
  virtual Expected<> add(const IpRange& destination, const IpAddress& peer) = 0;
  virtual void remove(const IpRange& destination) = 0;
  virtual Expected<bool> is_local(const IpAddress& address) = 0;
};

struct ConfigurationSummary {
  std::size_t connections = 0;
  std::size_t children = 0;
};

class Configuration {
 public:
  Configuration(std::string path, IkeDriver& ike, Carriers carriers, HostRoutes& routes);

  // Reads the file and puts it in force; the first time, and again on reload. Child SAs that the new
  // configuration does not allow any more are deleted, children with start_action = start are initiated.
  std::expected<ConfigurationSummary, config::ConfigErrors> load();
  const config::GatewayConfig& current() const { return m_current; }
  // Those of the files, and those that come over the control socket.
  CredentialStore& credentials() { return m_credentials; }
  // Position of a child in the SPD, from 1; 0 when there is none.
  std::uint32_t position(const std::string& connection, const std::string& child) const;

 private:
  struct Route {
    IpRange destination;
    IpAddress peer;
    auto operator<=>(const Route&) const = default;
  };
  using Routes = std::multiset<Route>;

  static Routes routes_of(const config::GatewayConfig& config);
  config::ConfigErrors check_addresses(const config::GatewayConfig& config);
  // The kernel's policies.
  config::ConfigErrors change_policies(const config::GatewayConfig& wanted);
  config::ConfigErrors change_routes(const Routes& wanted);
  config::ConfigErrors load_connections(const config::GatewayConfig& config);
  void delete_what_is_not_allowed();
  void start_children();

  std::string m_path;
  IkeDriver& m_ike;
  Carriers m_carriers;
  HostRoutes& m_host;
  CredentialStore m_credentials;
  config::GatewayConfig m_current;
  bool m_loaded = false;
  Routes m_routes;
};

}  // namespace espgate::host::daemon
