#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/lifetimes.h"
#include "config/setting_reader.h"
#include "config/translate_connection.h"

namespace espgate::host::config {
namespace {

Expected<bool> parse_mode(std::string_view text) {
  if (text == "tunnel") {
    return true;
  }
  for (const std::string_view known : {"transport", "transport_proxy", "beet"}) {
    if (text == known) {
      return fail(fmt::format("'{}': not supported by this version: tunnel, pass and drop are", text));
    }
  }
  return fail(fmt::format("'{}' is no mode; tunnel, pass and drop are", text));
}

struct StartActions {
  bool start = false;
  bool trap = false;
};

Expected<StartActions> parse_start_action(std::string_view text) {
  if (text == "none") {
    return StartActions{};
  }
  if (text == "start") {
    return StartActions{.start = true, .trap = false};
  }
  if (text == "trap" || text == "route") {
    return StartActions{.start = false, .trap = true};
  }
  if (text == "start|trap" || text == "trap|start") {
    return StartActions{.start = true, .trap = true};
  }
  return fail(fmt::format("'{}' is no action; none, start, trap and trap|start are", text));
}

Expected<HwOffload> parse_hw_offload(std::string_view text) {
  if (text == "packet") {
    return HwOffload::packet;
  }
  if (text == "auto") {
    return HwOffload::automatic;
  }
  if (text == "no") {
    return HwOffload::no;
  }
  if (text == "crypto" || text == "yes") {
    return fail(fmt::format(
        "'{}' asks the kernel for crypto offload to a network card, which this version does not use; write "
        "packet (the engine), no (the kernel) or auto",
        text));
  }
  return fail(fmt::format("'{}' is none of no, crypto, packet and auto", text));
}

Expected<ike::TrafficSelector> parse_selector(std::string_view text) {
  if (text.starts_with("dynamic")) {
    return fail(fmt::format("'{}': not supported by this version: write the address or the network", text));
  }
  auto selector = ike::TrafficSelector::parse(text);
  if (selector && !selector->addresses.first.is_v4()) {
    return fail(fmt::format("'{}': not supported by this version: IPv6", text));
  }
  return selector;
}

// The engines copy DF and DSCP outwards and treat ECN as RFC 6040 says. A key may say so; it cannot say
// anything else yet.
void require_yes(SettingReader& in, const std::string& key, std::string_view what) {
  const auto value = in.value(key, parse_bool);
  if (value && !*value) {
    in.error(*in.find(key), fmt::format("'no': not supported by this version: {}", what));
  }
}

void read_copies(SettingReader& in) {
  require_yes(in, "copy_df", "the engine copies the DF bit");
  require_yes(in, "copy_ecn", "the engine treats ECN as RFC 6040 says");
  if (const Setting* dscp = in.find("copy_dscp"); dscp != nullptr && dscp->text() != "out") {
    in.error(*dscp,
             fmt::format("'{}': not supported by this version: the engine copies the DSCP outwards only, "
                         "copy_dscp = out",
                         dscp->text()));
  }
}

std::vector<ike::TrafficSelector> read_selectors(SettingReader& in, const std::string& key) {
  if (in.find(key) == nullptr) {
    in.error(key,
             "the key is missing: dynamic, which strongSwan would take, is not supported by this version");
  }
  return in.list(key, parse_selector);
}

}  // namespace

std::optional<PolicyChild> translate_policy(const Section& section, const std::string& path,
                                            Diagnostics& errors) {
  const Setting* mode = section.find("mode");
  if (mode == nullptr || (mode->text() != "pass" && mode->text() != "drop")) {
    return std::nullopt;
  }
  PolicyChild policy;
  policy.name = section.name();
  policy.pass = mode->text() == "pass";
  policy.where = fmt::format("{}: {}", section.where().to_string(), path);
  check_sections(section, path, schema::no_names(), errors);
  SettingReader in(section, path, errors);
  for (const Setting& setting : section.settings()) {
    if (setting.key == "start_action" && setting.text() != "trap") {
      in.error(setting,
               fmt::format("'{}': a child with mode = {} is in force with the configuration, as trap says",
                           setting.text(), mode->text()));
    } else if (setting.key != "mode" && setting.key != "local_ts" && setting.key != "remote_ts" &&
               setting.key != "start_action") {
      in.error(setting, fmt::format("a child with mode = {} has no SAs: it has mode, local_ts, remote_ts and "
                                    "start_action alone",
                                    mode->text()));
    }
  }
  policy.local_ts = read_selectors(in, "local_ts");
  policy.remote_ts = read_selectors(in, "remote_ts");
  return policy;
}

ChildSettings translate_child(const Section& section, const std::string& path, Diagnostics& errors) {
  ChildSettings child;
  child.ike.name = section.name();
  child.placement.where = fmt::format("{}: {}", section.where().to_string(), path);
  check_keys(section, path, schema::child_keys(), errors);
  check_sections(section, path, schema::no_names(), errors);

  SettingReader in(section, path, errors);
  in.value("mode", parse_mode);
  child.ike.proposals = in.list("ah_proposals", ike::parse_ah_proposal);
  std::ranges::move(in.list("esp_proposals", ike::parse_esp_proposal),
                    std::back_inserter(child.ike.proposals));
  if (in.find("esp_proposals") == nullptr && in.find("ah_proposals") == nullptr) {
    if (auto standard = ike::parse_esp_proposal("default")) {
      child.ike.proposals.push_back(std::move(*standard));
    } else {
      in.error("esp_proposals", standard.error().message);
    }
  }
  child.ike.local_ts = read_selectors(in, "local_ts");
  child.ike.remote_ts = read_selectors(in, "remote_ts");
  const StartActions actions = in.value("start_action", parse_start_action).value_or(StartActions{});
  child.ike.start_action = actions.start ? ike::StartAction::start : ike::StartAction::none;
  child.placement.trap = actions.trap;
  read_child_timing(in, child.ike);
  child.placement.hw_offload = in.value("hw_offload", parse_hw_offload).value_or(HwOffload::automatic);
  if (const auto window =
          in.value("replay_window", [](std::string_view t) { return parse_number(t, 1U << 20); })) {
    child.placement.replay_window = static_cast<std::uint32_t>(*window);
  }
  read_copies(in);
  return child;
}

}  // namespace espgate::host::config
