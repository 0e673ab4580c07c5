#include "config/config_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace espgate::ike {
namespace {

bool is_unspecified(const IpRange& range) {
  return range.first == range.last && range.first.is_unspecified();
}

// How many leading bits the narrowest range that contains the address fixes; nullopt when none contains it.
std::optional<int> specificity(const std::vector<IpRange>& ranges, const IpAddress& address) {
  std::optional<int> best;
  if (ranges.empty()) {
    best = 0;
  }
  for (const IpRange& range : ranges) {
    if (is_unspecified(range)) {
      best = std::max(best.value_or(0), 0);
    } else if (range.contains(address)) {
      best = std::max(best.value_or(0), range.prefix_length().value_or(1));
    }
  }
  return best;
}

// By its identity, not by an owner that stands for everybody.
bool names(const SharedSecret& secret, const Identity& identity) {
  return std::ranges::any_of(
      secret.owners, [&](const Identity& owner) { return !is_any(owner) && matches(owner, identity); });
}

Expected<> check_child(const std::string& connection, const ChildConfig& child) {
  if (child.name.empty()) {
    return fail(fmt::format("connection '{}': a child without a name", connection));
  }
  if (child.proposals.empty()) {
    return fail(fmt::format("connection '{}': child '{}' has no proposal", connection, child.name));
  }
  for (const EspProposal& proposal : child.proposals) {
    const bool ah = proposal.protocol == ChildProtocol::ah;
    if (proposal.encryption.empty() != ah || (ah && proposal.integrity.empty()) || proposal.esn.empty()) {
      return fail(
          fmt::format("connection '{}': child '{}' has an incomplete proposal", connection, child.name));
    }
  }
  return {};
}

}  // namespace

Expected<> check(const ConnectionConfig& connection) {
  if (connection.name.empty()) {
    return fail("a connection without a name");
  }
  if (connection.proposals.empty()) {
    return fail(fmt::format("connection '{}': no IKE proposal", connection.name));
  }
  for (const IkeProposal& proposal : connection.proposals) {
    if (proposal.encryption.empty() || proposal.prf.empty() || proposal.groups.empty()) {
      return fail(fmt::format("connection '{}': an incomplete IKE proposal", connection.name));
    }
  }
  for (std::size_t i = 0; i < connection.children.size(); ++i) {
    const ChildConfig& child = connection.children[i];
    if (auto checked = check_child(connection.name, child); !checked) {
      return checked;
    }
    if (find_child(connection, child.name) != &child) {
      return fail(fmt::format("connection '{}': two children named '{}'", connection.name, child.name));
    }
  }
  return {};
}

Expected<> ConfigStore::load(ConnectionConfig connection) {
  if (auto checked = check(connection); !checked) {
    return checked;
  }
  auto shared = std::make_shared<const ConnectionConfig>(std::move(connection));
  const auto at = std::ranges::find(m_connections, shared->name, [](const auto& c) { return c->name; });
  if (at != m_connections.end()) {
    *at = std::move(shared);
  } else {
    m_connections.push_back(std::move(shared));
  }
  return {};
}

void ConfigStore::unload(const std::string& name) {
  std::erase_if(m_connections, [&](const ConnectionPtr& c) { return c->name == name; });
}

ConnectionPtr ConfigStore::find(const std::string& name) const {
  const auto at = std::ranges::find(m_connections, name, [](const auto& c) { return c->name; });
  return at == m_connections.end() ? nullptr : *at;
}

std::vector<ConnectionPtr> ConfigStore::find_by_addresses(const IpAddress& local,
                                                          const IpAddress& remote) const {
  struct Candidate {
    int specificity;
    std::size_t order;
    ConnectionPtr connection;
  };
  std::vector<Candidate> candidates;
  for (const ConnectionPtr& connection : m_connections) {
    const auto local_fit = specificity(connection->local_addresses, local);
    const auto remote_fit = specificity(connection->remote_addresses, remote);
    if (local_fit && remote_fit) {
      // The remote address says more about who it is; the local one breaks ties.
      constexpr int weight = 256;
      candidates.push_back({(*remote_fit * weight) + *local_fit, candidates.size(), connection});
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.specificity != b.specificity ? a.specificity > b.specificity : a.order < b.order;
  });
  std::vector<ConnectionPtr> found;
  found.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    found.push_back(std::move(candidate.connection));
  }
  return found;
}

const Secret* ConfigStore::find_secret(const Identity& local, const Identity& remote) const {
  const Secret* best = nullptr;
  int best_score = -1;
  for (const SharedSecret& secret : m_secrets) {
    const bool for_remote = names(secret, remote);
    const bool for_local = names(secret, local);
    const bool for_all = std::ranges::all_of(secret.owners, is_any);
    const bool only_local =
        for_local && std::ranges::all_of(secret.owners, [&](const Identity& o) { return matches(o, local); });
    if (!for_remote && !only_local && !for_all) {
      continue;
    }
    const int score = (for_remote ? 2 : 0) + (for_local ? 1 : 0);
    if (score > best_score) {
      best = &secret.value;
      best_score = score;
    }
  }
  return best;
}

Identity identity_of(const IpAddress& address) {
  const ByteView bytes = address.bytes();
  return {address.is_v4() ? IdType::ipv4_addr : IdType::ipv6_addr, Bytes(bytes.begin(), bytes.end())};
}

const ChildConfig* find_child(const ConnectionConfig& connection, std::string_view name) {
  const auto at = std::ranges::find(connection.children, name, &ChildConfig::name);
  return at == connection.children.end() ? nullptr : &*at;
}

}  // namespace espgate::ike
