#include <fmt/format.h>

#include <iterator>

#include "cli/render.h"
#include "cli/values.h"

namespace espgate::host::cli {
namespace {

using vici::Element;
using vici::Message;
using Out = std::back_insert_iterator<std::string>;

// "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519"
std::string algorithms(const Message& sa) {
  std::string line;
  const auto part = [&](std::string_view key, std::string_view size_key) {
    const std::string_view name = sa.value(key);
    if (name.empty()) {
      return;
    }
    line += line.empty() ? "" : "/";
    line += name;
    if (!size_key.empty() && !sa.value(size_key).empty()) {
      line += fmt::format("-{}", sa.value(size_key));
    }
  };
  part("encr-alg", "encr-keysize");
  part("integ-alg", "integ-keysize");
  part("prf-alg", "");
  part("dh-group", "");
  return line;
}

// Nothing when it is not going to happen.
std::string in_seconds(const Message& sa, std::string_view key, std::string_view what) {
  const std::string_view seconds = sa.value(key);
  return seconds.empty() ? std::string() : fmt::format("{} {}s", what, seconds);
}

void child_text(Out out, const Message& child) {
  fmt::format_to(out, "  {}: #{}, reqid {}, {}, {}{}, {}:{}{}\n", child.value("name"),
                 child.value("uniqueid"), child.value("reqid"), child.value("state"), child.value("mode"),
                 flag(child, "encap") ? "-in-UDP" : "", child.value("protocol"), algorithms(child),
                 child.value("esn").empty() ? "" : "/ESN");
  const std::string_view reason = child.value("offload-reason");
  fmt::format_to(out, "    installed {}s ago{}{}, offload {}{}\n", child.value("install-time"),
                 in_seconds(child, "rekey-time", ", rekeying in"),
                 in_seconds(child, "life-time", ", ends in"), child.value("offload"),
                 reason.empty() ? "" : fmt::format(" ({})", reason));
  for (const std::string_view direction : {"in", "out"}) {
    const auto key = [direction](std::string_view name) { return fmt::format("{}-{}", name, direction); };
    fmt::format_to(out, "    {:<3} {}, {:>6} bytes, {:>5} packets\n", direction, child.value(key("spi")),
                   child.value(key("bytes")), child.value(key("packets")));
  }
  fmt::format_to(out, "    local  {}\n    remote {}\n", joined(child, "local-ts"),
                 joined(child, "remote-ts"));
}

void ike_text(Out out, std::string_view name, const Message& ike) {
  const bool initiator = flag(ike, "initiator");
  fmt::format_to(out, "{}: #{}, {}, IKEv{}, {}_i{} {}_r{}\n", name, ike.value("uniqueid"), ike.value("state"),
                 ike.value("version"), ike.value("initiator-spi"), initiator ? "*" : "",
                 ike.value("responder-spi"), initiator ? "" : "*");
  for (const std::string_view side : {"local", "remote"}) {
    const auto key = [side](std::string_view what) { return fmt::format("{}-{}", side, what); };
    fmt::format_to(out, "  {:<6} '{}' @ {}[{}]\n", side, ike.value(key("id")), ike.value(key("host")),
                   ike.value(key("port")));
  }
  if (const std::string line = algorithms(ike); !line.empty()) {
    fmt::format_to(out, "  {}\n", line);
  }
  if (!ike.value("established").empty()) {
    fmt::format_to(out, "  established {}s ago{}\n", ike.value("established"),
                   in_seconds(ike, "rekey-time", ", rekeying in"));
  }
  const Message& children = section_of(ike, "child-sas");
  for (const Element& element : children.elements()) {
    child_text(out, section_of(children, element.name));
  }
}

Json child_json(const Message& child) {
  Json json;
  json["name"] = text(child, "name");
  json["id"] = number(child, "uniqueid");
  json["state"] = text(child, "state");
  json["mode"] = text(child, "mode");
  json["protocol"] = text(child, "protocol");
  json["udp_encapsulation"] = flag(child, "encap");
  json["esn"] = child.value("esn") == "1";
  json["encryption"] = text(child, "encr-alg");
  json["key_bits"] = number(child, "encr-keysize");
  json["integrity"] = text(child, "integ-alg");
  json["group"] = text(child, "dh-group");
  json["offload"] = text(child, "offload");
  json["offload_reason"] = text(child, "offload-reason");
  json["installed_seconds"] = number(child, "install-time");
  json["rekey_in_seconds"] = number(child, "rekey-time");
  json["ends_in_seconds"] = number(child, "life-time");
  for (const char* direction : {"in", "out"}) {
    const auto key = [direction](std::string_view name) { return fmt::format("{}-{}", name, direction); };
    json[direction] = {{"spi", text(child, key("spi"))},
                       {"bytes", number(child, key("bytes"))},
                       {"packets", number(child, key("packets"))}};
  }
  json["local_ts"] = list(child, "local-ts");
  json["remote_ts"] = list(child, "remote-ts");
  return json;
}

Json side_json(const Message& ike, std::string_view side) {
  const auto key = [side](std::string_view what) { return fmt::format("{}-{}", side, what); };
  return {{"host", text(ike, key("host"))},
          {"port", number(ike, key("port"))},
          {"id", text(ike, key("id"))},
          {"nat", flag(ike, fmt::format("nat-{}", side))}};
}

Json ike_json(const std::string& name, const Message& ike) {
  Json json;
  json["name"] = name;
  json["id"] = number(ike, "uniqueid");
  json["version"] = number(ike, "version");
  json["state"] = text(ike, "state");
  json["initiator"] = flag(ike, "initiator");
  json["initiator_spi"] = text(ike, "initiator-spi");
  json["responder_spi"] = text(ike, "responder-spi");
  json["local"] = side_json(ike, "local");
  json["remote"] = side_json(ike, "remote");
  json["encryption"] = text(ike, "encr-alg");
  json["key_bits"] = number(ike, "encr-keysize");
  json["integrity"] = text(ike, "integ-alg");
  json["prf"] = text(ike, "prf-alg");
  json["group"] = text(ike, "dh-group");
  json["established_seconds"] = number(ike, "established");
  json["rekey_in_seconds"] = number(ike, "rekey-time");
  json["children"] = Json::array();
  const Message& children = section_of(ike, "child-sas");
  for (const Element& element : children.elements()) {
    json["children"].push_back(child_json(section_of(children, element.name)));
  }
  return json;
}

}  // namespace

std::string sas_text(const std::vector<Message>& events) {
  std::string all;
  for (const Message& event : events) {
    for (const Element& element : event.elements()) {
      ike_text(std::back_inserter(all), element.name, section_of(event, element.name));
    }
  }
  return all;
}

Json sas_json(const std::vector<Message>& events) {
  Json all = Json::array();
  for (const Message& event : events) {
    for (const Element& element : event.elements()) {
      all.push_back(ike_json(element.name, section_of(event, element.name)));
    }
  }
  return {{"ike_sas", all}};
}

}  // namespace espgate::host::cli
