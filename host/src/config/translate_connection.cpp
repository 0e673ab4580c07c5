#include "config/translate_connection.h"

#include <fmt/format.h>

#include "config/lifetimes.h"
#include "config/setting_reader.h"

namespace espgate::host::config {
namespace {

constexpr std::uint16_t ike_port = 500;
constexpr std::uint16_t nat_t_port = 4500;

// %any, an address, a prefix or a range. An unspecified range stands for %any of a family.
Expected<std::optional<IpRange>> parse_address(std::string_view text) {
  if (text == "%any") {
    return std::nullopt;
  }
  if (text == "%any4" || text == "0.0.0.0") {
    return IpRange::whole(IpFamily::v4);
  }
  const auto range = IpRange::parse(text);
  if (!range) {
    return fail(
        fmt::format("'{}' is no address, prefix or range; names are not supported by this version", text));
  }
  if (!range->first.is_v4()) {
    return fail(fmt::format("'{}': not supported by this version: IPv6", text));
  }
  return range;
}

std::vector<IpRange> read_addresses(SettingReader& in, const std::string& key) {
  std::vector<IpRange> ranges;
  bool any = false;
  for (const std::optional<IpRange>& range : in.list(key, parse_address)) {
    if (range) {
      ranges.push_back(*range);
    } else {
      any = true;
    }
  }
  if (any) {
    ranges.clear();  // an empty list is "any"
  }
  return ranges;
}

bool begins_with_one_address(const std::vector<IpRange>& ranges) {
  return !ranges.empty() && ranges.front().first == ranges.front().last;
}

void read_version(SettingReader& in) {
  const auto version = in.value("version", [](std::string_view text) { return parse_number(text, 255); });
  if (version && *version != 2) {
    in.error(*in.find("version"), fmt::format("'{}': only IKEv2 is supported: version = 2", *version));
  }
}

void read_ports(SettingReader& in, ike::ConnectionConfig& config) {
  const auto port = [](std::string_view text) { return parse_number(text, 65535); };
  config.local_port = static_cast<std::uint16_t>(in.value("local_port", port).value_or(ike_port));
  config.remote_port = static_cast<std::uint16_t>(in.value("remote_port", port).value_or(ike_port));
  if (config.local_port != ike_port && config.local_port != nat_t_port) {
    in.error(*in.find("local_port"),
             fmt::format("{}: not supported by this version: the daemon listens on UDP "
                         "ports 500 and 4500 only",
                         config.local_port));
  } else if ((config.local_port == ike_port) != (config.remote_port == ike_port)) {
    // RFC 7296 section 2.23: messages to and from port 500 have no non-ESP marker, all others have one.
    in.error(
        in.find("remote_port") != nullptr ? "remote_port" : "local_port",
        fmt::format("local port {} with remote port {}: port 500 talks to port 500 only, set local_port and "
                    "remote_port alike",
                    config.local_port, config.remote_port));
  }
}

Expected<ike::SendCertificate> parse_send_certificate(std::string_view text) {
  if (text == "ifasked") {
    return ike::SendCertificate::if_asked;
  }
  if (text == "always" || text == "yes") {
    return ike::SendCertificate::always;
  }
  if (text == "never" || text == "no") {
    return ike::SendCertificate::never;
  }
  return fail(fmt::format("'{}' is none of ifasked, always and never", text));
}

void read_children(const Section& section, const std::string& path, ConnectionSettings& settings,
                   Diagnostics& errors) {
  const Section* children = section.find_section("children");
  if (children == nullptr || children->sections().empty()) {
    errors.add(children == nullptr ? section.where() : children->where(), path + ".children",
               "a connection needs at least one child");
    return;
  }
  check_keys(*children, path + ".children", schema::no_names(), errors);
  for (const Section& child : children->sections()) {
    const std::string child_path = path + ".children." + child.name();
    if (auto policy = translate_policy(child, child_path, errors)) {
      policy->before = settings.ike.children.size();
      settings.policies.push_back(*std::move(policy));
      continue;
    }
    ChildSettings translated = translate_child(child, child_path, errors);
    if ((translated.ike.start_action == ike::StartAction::start || translated.placement.trap) &&
        !(begins_with_one_address(settings.ike.local_addresses) &&
          begins_with_one_address(settings.ike.remote_addresses))) {
      errors.add(child.where(), child_path + ".start_action",
                 "to start, the first of local_addrs and the first of remote_addrs must each be one address");
    }
    settings.ike.children.push_back(std::move(translated.ike));
    settings.placements.push_back(std::move(translated.placement));
  }
}

}  // namespace

ConnectionSettings translate_connection(const Section& section, const CredentialFiles& files,
                                        Diagnostics& errors) {
  const std::string path = "connections." + section.name();
  ConnectionSettings settings;
  settings.where = fmt::format("{}: {}", section.where().to_string(), path);
  settings.ike.name = section.name();
  check_keys(section, path, schema::connection_keys(), errors);
  check_sections(section, path, schema::connection_sections(), errors);

  SettingReader in(section, path, errors);
  read_version(in);
  settings.ike.local_addresses = read_addresses(in, "local_addrs");
  settings.ike.remote_addresses = read_addresses(in, "remote_addrs");
  read_ports(in, settings.ike);
  settings.ike.force_udp_encapsulation = in.value("encap", parse_bool).value_or(false);
  read_connection_timing(in, settings.ike);
  settings.ike.proposals = in.list("proposals", ike::parse_ike_proposal);
  if (in.find("proposals") == nullptr) {
    if (auto standard = ike::parse_ike_proposal("default")) {
      settings.ike.proposals.push_back(std::move(*standard));
    } else {
      in.error("proposals", standard.error().message);
    }
  }
  settings.ike.send_certificate =
      in.value("send_cert", parse_send_certificate).value_or(ike::SendCertificate::if_asked);
  settings.ike.send_certificate_request = in.value("send_certreq", parse_bool).value_or(true);
  translate_local(section, path, files, settings.ike, errors);
  translate_remote(section, path, files, settings.ike, errors);
  read_children(section, path, settings, errors);
  return settings;
}

}  // namespace espgate::host::config
