// The commands of `espgate`, without their command line: each talks to the daemon and gives what is printed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "vici/client.h"

namespace espgate::host::cli {

struct Connect {
  std::string socket;
  bool json = false;
};

struct InitiateOptions {
  std::string child;                     // empty: an IKE SA without one
  std::string ike;                       // empty: the first connection with such a child
  std::optional<std::uint32_t> timeout;  // seconds; nullopt waits as long as IKE tries
};

struct WhichOptions {
  std::string ike;
  std::string child;
  std::optional<std::uint32_t> ike_id;
  std::optional<std::uint32_t> child_id;
  std::optional<std::uint32_t> timeout;
};

// A packet as its fields say. Texts go to the daemon as they are, which says what is wrong with them.
struct PolicyOptions {
  bool inbound = false;
  std::string source;
  std::string destination;
  std::string protocol;
  std::string source_port;
  std::string destination_port;
  std::string icmp_type;
  std::string icmp_code;
};

// The text for standard output. An error is for standard error and means exit code 1.
Expected<std::string> list_sas(const Connect& to);
Expected<std::string> list_conns(const Connect& to);
Expected<std::string> stats(const Connect& to, bool all);
Expected<std::string> initiate(const Connect& to, const InitiateOptions& options);
Expected<std::string> terminate(const Connect& to, const WhichOptions& options);
// Begins, and does not wait; the timeout is not looked at.
Expected<std::string> rekey(const Connect& to, const WhichOptions& options);
Expected<std::string> reload(const Connect& to);
// Which SPD entry the packet hits, and why.
Expected<std::string> policy_lookup(const Connect& to, const PolicyOptions& packet);

}  // namespace espgate::host::cli
