#include <fmt/format.h>

#include <iterator>

#include "cli/render.h"
#include "cli/values.h"

namespace espgate::host::cli {
namespace {

using vici::Element;
using vici::Message;
using Out = std::back_insert_iterator<std::string>;

std::string rekeying(const Message& from) {
  const std::string_view time = from.value("rekey_time");
  return time.empty() || time == "0" ? "no rekeying" : fmt::format("rekeying every {}s", time);
}

void conn_text(Out out, const std::string& name, const Message& conn) {
  fmt::format_to(out, "{}: {}, no reauthentication, {}\n", name, conn.value("version"), rekeying(conn));
  for (const char* side : {"local", "remote"}) {
    if (const auto* addresses = conn.find_list(fmt::format("{}_addrs", side))) {
      for (const std::string& address : *addresses) {
        fmt::format_to(out, "  {:<7} {}\n", fmt::format("{}:", side), address);
      }
    }
  }
  for (const char* side : {"local", "remote"}) {
    const Message& auth = section_of(conn, fmt::format("{}-1", side));
    fmt::format_to(out, "  {} {} authentication:\n    id: {}\n", side, auth.value("class"), auth.value("id"));
  }
  const Message& children = section_of(conn, "children");
  for (const Element& element : children.elements()) {
    const Message& child = section_of(children, element.name);
    fmt::format_to(out, "  {}: {}, {}\n    local:  {}\n    remote: {}\n", element.name, child.value("mode"),
                   rekeying(child), joined(child, "local-ts"), joined(child, "remote-ts"));
  }
}

Json conn_json(const std::string& name, const Message& conn) {
  Json json;
  json["name"] = name;
  json["version"] = text(conn, "version");
  json["local_addrs"] = list(conn, "local_addrs");
  json["remote_addrs"] = list(conn, "remote_addrs");
  json["local_port"] = number(conn, "local_port");
  json["remote_port"] = number(conn, "remote_port");
  json["proposals"] = list(conn, "proposals");
  json["encap"] = flag(conn, "encap");
  for (const char* side : {"local", "remote"}) {
    const Message& auth = section_of(conn, fmt::format("{}-1", side));
    json[side] = {{"auth", text(auth, "class")}, {"id", text(auth, "id")}};
  }
  json["children"] = Json::array();
  const Message& children = section_of(conn, "children");
  for (const Element& element : children.elements()) {
    const Message& child = section_of(children, element.name);
    json["children"].push_back({{"name", element.name},
                                {"mode", text(child, "mode")},
                                {"esp_proposals", list(child, "esp_proposals")},
                                {"local_ts", list(child, "local-ts")},
                                {"remote_ts", list(child, "remote-ts")},
                                {"start_action", text(child, "start_action")},
                                {"hw_offload", text(child, "hw_offload")}});
  }
  return json;
}

}  // namespace

std::string conns_text(const std::vector<Message>& events) {
  std::string all;
  for (const Message& event : events) {
    for (const Element& element : event.elements()) {
      conn_text(std::back_inserter(all), element.name, section_of(event, element.name));
    }
  }
  return all;
}

Json conns_json(const std::vector<Message>& events) {
  Json all = Json::array();
  for (const Message& event : events) {
    for (const Element& element : event.elements()) {
      all.push_back(conn_json(element.name, section_of(event, element.name)));
    }
  }
  return {{"connections", all}};
}

}  // namespace espgate::host::cli
