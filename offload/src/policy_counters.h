// One name for each reason why a packet, or a request to the engine, ended before or beside the engine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "offload/data_path.h"

namespace espgate::offload {

enum class PolicyReason : std::uint8_t {
  outbound_malformed,       // not a whole IPv4 packet
  outbound_no_policy,       // no SPD entry: the implicit final discard
  outbound_policy_discard,  // a DISCARD entry
  outbound_bypass,          // not a drop: handed to the unprotected side as it is
  outbound_no_sa,           // a PROTECT entry without an SA that covers the packet
  outbound_held,            // not a drop: the same, and the packet waits for an SA
  outbound_too_long,        // longer than the engine takes
  outbound_queue_full,      // no free buffer, or the engine's queue is full
  outbound_engine_failed,   // the engine does not answer
  outbound_engine_lost,     // within the engine when it failed
  inbound_too_long,
  inbound_queue_full,
  inbound_engine_failed,
  inbound_engine_lost,
  completion_invalid,    // the engine completed what was not submitted, or with an impossible length
  lease_renewal_failed,  // attempts; repeated until one succeeds
  // What the engine reports of an SA; the reason for the drops is in its verdicts.
  sequence_exhausted,
  icv_alarm,
  replay_alarm,
  lifetime_expired,  // soft or hard; no SA has a limit that the engine counts, so this is an error
  sa_remove_failed,  // a row of the engine's table is lost
  // No packets: how often the engine failed, came back, and did not come back when that was tried.
  engine_failed,
  engine_recovered,
  engine_recovery_failed,
  // How often another engine took over, and SAs that it did not take.
  engine_failover,
  failover_sa_lost,
};
inline constexpr std::array<std::string_view, 26> policy_reason_names = {
    "outbound_malformed",    "outbound_no_policy",  "outbound_policy_discard",
    "outbound_bypass",       "outbound_no_sa",      "outbound_held",
    "outbound_too_long",     "outbound_queue_full", "outbound_engine_failed",
    "outbound_engine_lost",  "inbound_too_long",    "inbound_queue_full",
    "inbound_engine_failed", "inbound_engine_lost", "completion_invalid",
    "lease_renewal_failed",  "sequence_exhausted",  "icv_alarm",
    "replay_alarm",          "lifetime_expired",    "sa_remove_failed",
    "engine_failed",         "engine_recovered",    "engine_recovery_failed",
    "engine_failover",       "failover_sa_lost",
};
static_assert(policy_reason_names.size() == static_cast<std::size_t>(PolicyReason::failover_sa_lost) + 1);

class PolicyCounters {
 public:
  void count(PolicyReason reason, std::uint64_t times = 1) {
    m_values[static_cast<std::size_t>(reason)] += times;
  }
  std::vector<PolicyCounter> list() const {
    std::vector<PolicyCounter> all;
    all.reserve(m_values.size());
    for (std::size_t i = 0; i < m_values.size(); ++i) {
      all.push_back({policy_reason_names[i], m_values[i]});
    }
    return all;
  }

 private:
  std::array<std::uint64_t, policy_reason_names.size()> m_values{};
};

}  // namespace espgate::offload
