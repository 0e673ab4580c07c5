#include <fmt/format.h>

#include <chrono>

#include "daemon/sa_messages.h"

namespace espgate::host::daemon {
namespace {

using std::chrono::seconds;

using vici::Message;

std::vector<std::string> texts(const std::vector<IpRange>& ranges) {
  std::vector<std::string> all;
  all.reserve(ranges.size());
  for (const IpRange& range : ranges) {
    all.push_back(range.first == range.last ? range.first.to_string() : range.to_string());
  }
  if (all.empty()) {
    all.emplace_back("%any");
  }
  return all;
}

template <typename T>
std::vector<std::string> to_strings(const std::vector<T>& values) {
  std::vector<std::string> all;
  for (const T& value : values) {
    if constexpr (requires { value.to_string(); }) {
      all.push_back(value.to_string());
    } else {
      all.push_back(to_string(value));
    }
  }
  return all;
}

std::string_view name_of(config::HwOffload offload) {
  switch (offload) {
    case config::HwOffload::no:
      return "no";
    case config::HwOffload::packet:
      return "packet";
    case config::HwOffload::automatic:
      return "auto";
  }
  return "auto";
}

// strongSwan's names of the classes of authentication.
std::string_view name_of(ike::AuthKind kind) {
  return kind == ike::AuthKind::psk ? "pre-shared key" : "public key";
}

std::string text_of(seconds time) {
  return std::to_string(time.count());
}

std::string_view name_of(ike::EndAction action) {
  return action == ike::EndAction::start ? "start" : "none";
}

std::string_view name_of(ike::Unique policy) {
  switch (policy) {
    case ike::Unique::never:
      return "never";
    case ike::Unique::no:
      return "no";
    case ike::Unique::keep:
      return "keep";
    case ike::Unique::replace:
      return "replace";
  }
  return "no";
}

}  // namespace

Message to_message(const config::ConnectionSettings& connection) {
  const ike::ConnectionConfig& ike = connection.ike;
  Message event;
  Message& conn = event.section(ike.name);
  conn.set_list("local_addrs", texts(ike.local_addresses))
      .set_list("remote_addrs", texts(ike.remote_addresses));
  conn.set_number("local_port", ike.local_port).set_number("remote_port", ike.remote_port);
  conn.set("version", "IKEv2").set("reauth_time", "0");
  conn.set("rekey_time", text_of(ike.lifetime.rekey)).set("dpd_delay", text_of(ike.dpd_delay));
  conn.set("unique", std::string(name_of(ike.unique)));
  conn.set("encap", ike.force_udp_encapsulation ? "yes" : "no");
  conn.set_list("proposals", to_strings(ike.proposals));
  const auto subjects = [](const std::vector<ike::Certificate>& certificates) {
    std::vector<std::string> all;
    all.reserve(certificates.size());
    for (const ike::Certificate& certificate : certificates) {
      all.push_back(certificate.subject().to_string());
    }
    return all;
  };
  conn.section("local-1")
      .set("class", std::string(name_of(ike.local_auth.kind)))
      .set("id", ike.local_id.to_string())
      .set_list("certs", subjects(ike.local_auth.certificates));
  conn.section("remote-1")
      .set("class", std::string(name_of(ike.remote_auth.kind)))
      .set("id", ike.remote_id.to_string())
      .set_list("certs", subjects(ike.remote_auth.certificates))
      .set_list("cacerts", subjects(ike.remote_auth.authorities));
  Message& children = conn.section("children");
  for (std::size_t i = 0; i < ike.children.size(); ++i) {
    const ike::ChildConfig& child = ike.children[i];
    Message& section = children.section(child.name);
    section.set("mode", "TUNNEL").set("rekey_time", text_of(child.lifetime.rekey));
    section.set_number("rekey_bytes", child.bytes.rekey).set_number("rekey_packets", child.packets.rekey);
    section.set("dpd_action", std::string(name_of(child.dpd_action)));
    section.set("close_action", std::string(name_of(child.close_action)));
    section.set_list("esp_proposals", to_strings(child.proposals));
    section.set_list("local-ts", to_strings(child.local_ts))
        .set_list("remote-ts", to_strings(child.remote_ts));
    const bool starts = child.start_action == ike::StartAction::start;
    const bool traps = connection.placements.at(i).trap;
    section.set("start_action", starts ? (traps ? "trap|start" : "start") : (traps ? "trap" : "none"));
    section.set("hw_offload", std::string(name_of(connection.placements.at(i).hw_offload)));
  }
  return event;
}

}  // namespace espgate::host::daemon
