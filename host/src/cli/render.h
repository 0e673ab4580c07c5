// What the daemon sends, for people and for programs. The text follows swanctl's layout where swanctl has
// one. The JSON keys are documented in docs/operator/cli.md and stay as they are.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vici/message.h"

namespace espgate::host::cli {

using Json = nlohmann::ordered_json;

// Each message is one list-sa event.
std::string sas_text(const std::vector<vici::Message>& events);
Json sas_json(const std::vector<vici::Message>& events);

// Each message is one list-conn event.
std::string conns_text(const std::vector<vici::Message>& events);
Json conns_json(const std::vector<vici::Message>& events);

// `children` are the stats-child events that came with the answer to stats. Counters of IKE messages and of
// packet I/O that are zero are shown when `all` is set; those of the engine and the SPD are shown always.
std::string stats_text(const vici::Message& answer, const std::vector<vici::Message>& children, bool all);
Json stats_json(const vici::Message& answer, const std::vector<vici::Message>& children);

}  // namespace espgate::host::cli
