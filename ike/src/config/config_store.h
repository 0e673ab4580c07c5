// The connections and shared secrets that are loaded, and how they are found.
#pragma once

#include <memory>
#include <vector>

#include "ike/config.h"
#include "ike/stack.h"

namespace espgate::ike {

using ConnectionPtr = std::shared_ptr<const ConnectionConfig>;

// What a connection must have to be of any use.
Expected<> check(const ConnectionConfig& connection);

class ConfigStore {
 public:
  // Replaces the connection of this name, in its place.
  Expected<> load(ConnectionConfig connection);
  void unload(const std::string& name);
  ConnectionPtr find(const std::string& name) const;
  const std::vector<ConnectionPtr>& all() const { return m_connections; }
  // Those that allow these addresses, the ones with the narrowest remote range first, then as loaded.
  std::vector<ConnectionPtr> find_by_addresses(const IpAddress& local, const IpAddress& remote) const;

  void load_secrets(std::vector<SharedSecret> secrets) { m_secrets = std::move(secrets); }
  // The secret whose owners fit best: both identities, the peer's, ours, everybody's. A secret that names
  // others than ourselves is for those only. nullptr when there is none.
  const Secret* find_secret(const Identity& local, const Identity& remote) const;

  void load_credentials(Credentials credentials) { m_credentials = std::move(credentials); }
  const Credentials& credentials() const { return m_credentials; }

 private:
  std::vector<ConnectionPtr> m_connections;
  std::vector<SharedSecret> m_secrets;
  Credentials m_credentials;
};

inline bool is_any(const Identity& identity) {
  return identity.data.empty();
}
Identity identity_of(const IpAddress& address);
const ChildConfig* find_child(const ConnectionConfig& connection, std::string_view name);

}  // namespace espgate::ike
