// IKE SAs, connections and statistics as vici messages, with strongSwan's keys. Keys of ours that strongSwan
// does not have: offload and offload-reason (of a Child SA), hw_offload, esp_proposals and start_action (of a
// child), and the sections of stats beside uptime and ikesas.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "config/gateway_config.h"
#include "ike/stack.h"
#include "offload/data_path.h"
#include "vici/message.h"

namespace espgate::host::daemon {

// What the messages say beside what IKE knows.
struct SaContext {
  struct Where {
    std::string offload;  // "engine software", "kernel"
    std::string reason;   // why it is not in the engine; empty when it is
  };

  ike::Instant now{};
  // Both by Child SA id.
  std::map<std::uint32_t, offload::ChildSaStatistics> statistics;
  std::map<std::uint32_t, Where> placed;
  // The position of a child in the SPD, from 1; 0 when it is not there any more.
  std::function<std::uint32_t(const std::string& connection, const std::string& child)> reqid;
};

// The content of one list-sa event.
vici::Message to_message(const ike::IkeSaView& sa, const SaContext& context);
// The same without Child SAs, and for one of them.
vici::Message to_ike_message(const ike::IkeSaView& sa, const SaContext& context);
void add_child(vici::Message& child_sas, const ike::IkeSaView& sa, const ike::ChildSaView& child,
               const SaContext& context);

// The content of one list-conn event.
vici::Message to_message(const config::ConnectionSettings& connection);

// Adds the sections about the engine and the policy.
void add_statistics(vici::Message& answer, const offload::Statistics& statistics);
// The content of one stats-child event.
vici::Message to_message(const offload::ChildSaStatistics& child);

}  // namespace espgate::host::daemon
