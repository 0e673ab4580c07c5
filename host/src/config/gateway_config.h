// swanctl.conf in the types that the daemon works with. Everything is checked before anything is handed out.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/conf_reader.h"
#include "ike/config.h"

namespace espgate::host::config {

// Where a Child SA's ESP is done. `no` is the kernel; `packet` is the engine or an error; `automatic` prefers
// the engine.
enum class HwOffload : std::uint8_t { no, packet, automatic };

// What a child says about the data path, beside what IKE negotiates.
struct ChildPlacement {
  HwOffload hw_offload = HwOffload::automatic;
  // The first packet that finds no SA asks for one (strongSwan's start_action = trap).
  bool trap = false;
  // Packets; 0 switches the replay check off, nullopt is the data path's own.
  std::optional<std::uint32_t> replay_window;
  // "file:line: connections.NAME.children.NAME", for errors that only the engine can give.
  std::string where;
};

// A child with mode = pass or drop: an entry of the SPD without SAs.
struct PolicyChild {
  std::string name;
  bool pass = false;  // else its packets are dropped
  std::vector<ike::TrafficSelector> local_ts;
  std::vector<ike::TrafficSelector> remote_ts;
  std::size_t before = 0;  // it comes in front of this one of ConnectionSettings::ike.children
  std::string where;       // as ChildPlacement::where
};

struct ConnectionSettings {
  ike::ConnectionConfig ike;
  // One for each of ike.children, in the same order.
  std::vector<ChildPlacement> placements;
  // In the order of the file.
  std::vector<PolicyChild> policies;
  std::string where;  // "file:line: connections.NAME"
};

struct GatewayConfig {
  std::vector<ConnectionSettings> connections;  // in the order of the file
  std::vector<ike::SharedSecret> secrets;
  ike::Credentials credentials;
  // What has no effect, one line each, in the form of ConfigErrors.
  std::vector<std::string> notices;
};

// One line for each thing that is wrong: "file:line: connections.NAME.KEY: what, why, what to do".
using ConfigErrors = std::vector<std::string>;

// The name that the SPD entry and the routes of a child go by. Names hold no '.', so that it is unique.
std::string spd_entry_name(std::string_view connection, std::string_view child);

// The file, and the credentials in the folders beside it.
std::expected<GatewayConfig, ConfigErrors> load_gateway_config(const std::string& path);
// `folder` is where certificates and keys lie (config/credential_files.h); without it there are none.
std::expected<GatewayConfig, ConfigErrors> translate(const Conf& conf, const std::string& folder = {});

}  // namespace espgate::host::config
