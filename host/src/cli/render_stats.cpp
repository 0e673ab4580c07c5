#include <fmt/format.h>

#include <iterator>

#include "cli/render.h"
#include "cli/values.h"

namespace espgate::host::cli {
namespace {

using vici::Element;
using vici::Message;
using Out = std::back_insert_iterator<std::string>;

struct DirectionTotals {
  const char* key;
  const char* json_key;
};
constexpr DirectionTotals totals[] = {{"packets-in", "packets_in"},
                                      {"bytes-in", "bytes_in"},
                                      {"packets-out", "packets_out"},
                                      {"bytes-out", "bytes_out"},
                                      {"events-lost", "events_lost"}};

void engine_text(Out out, const Message& engine) {
  fmt::format_to(out, "engine {}, version {}\n", engine.value("name"), engine.value("version"));
  fmt::format_to(out, "  {}\n", joined(engine, "capabilities"));
  fmt::format_to(
      out, "  replay windows up to {} packets, packets up to {} bytes, {} outbound and {} inbound SAs\n",
      engine.value("replay-window"), engine.value("max-packet-bytes"), engine.value("outbound-sas"),
      engine.value("inbound-sas"));
  if (!engine.value("cycles").empty()) {
    fmt::format_to(out, "  {} clock cycles\n", engine.value("cycles"));
  }
}

void direction_text(Out out, const char* name, const Message& direction, const Message& texts) {
  fmt::format_to(out, "{}: {} packets and {} bytes in, {} packets and {} bytes out\n", name,
                 direction.value("packets-in"), direction.value("bytes-in"), direction.value("packets-out"),
                 direction.value("bytes-out"));
  const Message& verdicts = section_of(direction, "verdicts");
  for (const Element& element : verdicts.elements()) {
    fmt::format_to(out, "  {:>10}  {:<24} {}\n", verdicts.value(element.name), element.name,
                   texts.value(element.name));
  }
}

void counters_text(Out out, std::string_view title, const Message& section, bool all) {
  std::string lines;
  for (const Element& element : section.elements()) {
    const std::string_view value = section.value(element.name);
    if (all || value != "0") {
      fmt::format_to(std::back_inserter(lines), "  {:>10}  {}\n", value, element.name);
    }
  }
  fmt::format_to(out, "{}:{}\n{}", title, lines.empty() ? " none" : "", lines);
}

void child_text(Out out, const Message& child) {
  fmt::format_to(out, "  {} #{}\n", child.value("name"), child.value("uniqueid"));
  fmt::format_to(out, "    out {} packets, {} bytes, next sequence number {}, leased below {}\n",
                 child.value("packets-out"), child.value("bytes-out"), child.value("next-sequence"),
                 child.value("lease-limit"));
  fmt::format_to(
      out,
      "    in  {} packets, {} bytes, highest sequence number {}; {} too old, {} duplicate, {} bad ICV, "
      "{} outside the selectors\n",
      child.value("packets-in"), child.value("bytes-in"), child.value("replay-top"),
      child.value("replay-too-old"), child.value("replay-duplicate"), child.value("icv-failed"),
      child.value("selector-mismatch"));
}

Json direction_json(const Message& direction) {
  Json json;
  for (const DirectionTotals& total : totals) {
    json[total.json_key] = number(direction, total.key);
  }
  json["verdicts"] = counters(section_of(direction, "verdicts"));
  return json;
}

Json engine_json(const Message& answer) {
  const Message& engine = section_of(answer, "engine");
  Json json;
  json["name"] = text(engine, "name");
  json["version"] = text(engine, "version");
  json["capabilities"] = list(engine, "capabilities");
  json["replay_window"] = number(engine, "replay-window");
  json["max_packet_bytes"] = number(engine, "max-packet-bytes");
  json["outbound_sas"] = number(engine, "outbound-sas");
  json["inbound_sas"] = number(engine, "inbound-sas");
  json["cycles"] = number(engine, "cycles");
  json["outbound"] = direction_json(section_of(answer, "engine-outbound"));
  json["inbound"] = direction_json(section_of(answer, "engine-inbound"));
  json["verdict_texts"] = Json::object();
  const Message& texts = section_of(answer, "verdict-texts");
  for (const Element& element : texts.elements()) {
    json["verdict_texts"][element.name] = text(texts, element.name);
  }
  return json;
}

Json child_json(const Message& child) {
  Json json;
  json["name"] = text(child, "name");
  json["id"] = number(child, "uniqueid");
  json["out"] = {{"packets", number(child, "packets-out")},
                 {"bytes", number(child, "bytes-out")},
                 {"next_sequence", number(child, "next-sequence")},
                 {"lease_limit", number(child, "lease-limit")}};
  json["in"] = {{"packets", number(child, "packets-in")},
                {"bytes", number(child, "bytes-in")},
                {"replay_top", number(child, "replay-top")},
                {"replay_too_old", number(child, "replay-too-old")},
                {"replay_duplicate", number(child, "replay-duplicate")},
                {"icv_failed", number(child, "icv-failed")},
                {"selector_mismatch", number(child, "selector-mismatch")}};
  return json;
}

}  // namespace

std::string stats_text(const Message& answer, const std::vector<Message>& children, bool all) {
  std::string lines;
  const Out out = std::back_inserter(lines);
  const Message& uptime = section_of(answer, "uptime");
  const Message& ike_sas = section_of(answer, "ikesas");
  fmt::format_to(out, "uptime: {}, since {}\n", uptime.value("running"), uptime.value("since"));
  fmt::format_to(out, "IKE SAs: {} total, {} half-open\n", ike_sas.value("total"),
                 ike_sas.value("half-open"));
  engine_text(out, section_of(answer, "engine"));
  const Message& texts = section_of(answer, "verdict-texts");
  direction_text(out, "engine outbound", section_of(answer, "engine-outbound"), texts);
  direction_text(out, "engine inbound", section_of(answer, "engine-inbound"), texts);
  counters_text(out, "policy, before the engine", section_of(answer, "policy"), true);
  counters_text(out, "IKE messages dropped or refused", section_of(answer, "ike"), all);
  const Message& io = section_of(answer, "io");
  for (const Element& element : io.elements()) {
    counters_text(out, fmt::format("packet I/O, {}", element.name), section_of(io, element.name), all);
  }
  counters_text(out, "kernel XFRM", section_of(answer, "kernel"), all);
  fmt::format_to(out, "Child SAs:{}\n", children.empty() ? " none" : "");
  for (const Message& child : children) {
    child_text(out, child);
  }
  return lines;
}

Json stats_json(const Message& answer, const std::vector<Message>& children) {
  const Message& uptime = section_of(answer, "uptime");
  const Message& ike_sas = section_of(answer, "ikesas");
  Json json;
  json["uptime_seconds"] = number(uptime, "seconds");
  json["ike_sas"] = {{"total", number(ike_sas, "total")}, {"half_open", number(ike_sas, "half-open")}};
  json["engine"] = engine_json(answer);
  json["policy"] = counters(section_of(answer, "policy"));
  json["ike"] = counters(section_of(answer, "ike"));
  json["io"] = Json::object();
  const Message& io = section_of(answer, "io");
  for (const Element& element : io.elements()) {
    json["io"][element.name] = counters(section_of(io, element.name));
  }
  json["kernel"] = counters(section_of(answer, "kernel"));
  json["control"] = counters(section_of(answer, "control"));
  json["children"] = Json::array();
  for (const Message& child : children) {
    json["children"].push_back(child_json(child));
  }
  return json;
}

}  // namespace espgate::host::cli
