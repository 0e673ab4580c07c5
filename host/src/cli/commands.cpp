#include "cli/commands.h"

#include <fmt/format.h>

#include <vector>

#include "cli/render.h"
#include "cli/values.h"

namespace espgate::host::cli {
namespace {

using vici::Client;
using vici::Message;

struct Listing {
  std::vector<Message> events;
  Message answer;
};

Expected<Listing> request_with_events(const Connect& to, const std::string& command,
                                      const std::string& event) {
  auto client = Client::connect(to.socket);
  if (!client) {
    return std::unexpected(client.error());
  }
  if (auto registered = client->register_event(event); !registered) {
    return std::unexpected(registered.error());
  }
  Listing listing;
  auto answer = client->request(
      command, {}, [&](const std::string&, const Message& message) { listing.events.push_back(message); });
  if (!answer) {
    return std::unexpected(answer.error());
  }
  listing.answer = std::move(*answer);
  if (listing.answer.value("success") == "no") {
    return fail(std::string(listing.answer.value("errmsg")));
  }
  return listing;
}

// With success = no, errmsg and the list of errors are the error.
Expected<Message> request(const Connect& to, const std::string& command, const Message& message) {
  auto client = Client::connect(to.socket);
  if (!client) {
    return std::unexpected(client.error());
  }
  auto answer = client->request(command, message);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  if (answer->value("success") == "yes") {
    return answer;
  }
  std::string text(answer->value("errmsg"));
  if (const auto* errors = answer->find_list("errors")) {
    for (const std::string& error : *errors) {
      text += "\n  " + error;
    }
  }
  return fail(text.empty() ? fmt::format("'{}' failed, and espgated gave no reason", command) : text);
}

Message which_sas(const WhichOptions& options) {
  Message message;
  if (!options.ike.empty()) {
    message.set("ike", options.ike);
  }
  if (!options.child.empty()) {
    message.set("child", options.child);
  }
  if (options.ike_id) {
    message.set_number("ike-id", *options.ike_id);
  }
  if (options.child_id) {
    message.set_number("child-id", *options.child_id);
  }
  return message;
}

std::string in_milliseconds(std::uint32_t seconds) {
  return std::to_string(std::uint64_t{seconds} * 1000);
}

// nlohmann throws on bytes that are not UTF-8; names in a configuration may be any bytes.
std::string print(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json text_or_null(const Message& message, std::string_view name) {
  const std::string* value = message.find(name);
  return value == nullptr ? Json() : Json(*value);
}

}  // namespace

Expected<std::string> list_sas(const Connect& to) {
  const auto listing = request_with_events(to, "list-sas", "list-sa");
  if (!listing) {
    return std::unexpected(listing.error());
  }
  return to.json ? print(sas_json(listing->events)) : sas_text(listing->events);
}

Expected<std::string> list_conns(const Connect& to) {
  const auto listing = request_with_events(to, "list-conns", "list-conn");
  if (!listing) {
    return std::unexpected(listing.error());
  }
  return to.json ? print(conns_json(listing->events)) : conns_text(listing->events);
}

Expected<std::string> stats(const Connect& to, bool all) {
  const auto listing = request_with_events(to, "stats", "stats-child");
  if (!listing) {
    return std::unexpected(listing.error());
  }
  return to.json ? print(stats_json(listing->answer, listing->events))
                 : stats_text(listing->answer, listing->events, all);
}

Expected<std::string> initiate(const Connect& to, const InitiateOptions& options) {
  Message message;
  if (!options.child.empty()) {
    message.set("child", options.child);
  }
  if (!options.ike.empty()) {
    message.set("ike", options.ike);
  }
  if (options.timeout) {
    message.set("timeout", in_milliseconds(*options.timeout));
  }
  const auto answer = request(to, "initiate", message);
  if (!answer) {
    return fail("initiate failed: " + answer.error().message);
  }
  if (to.json) {
    return print({{"success", true},
                  {"ike_id", number(*answer, "ike-id")},
                  {"child_id", number(*answer, "child-id")}});
  }
  return fmt::format("initiate completed: IKE SA #{}, Child SA #{}\n", answer->value("ike-id"),
                     answer->value("child-id"));
}

Expected<std::string> terminate(const Connect& to, const WhichOptions& options) {
  Message message = which_sas(options);
  if (options.timeout) {
    message.set("timeout", in_milliseconds(*options.timeout));
  }
  const auto answer = request(to, "terminate", message);
  if (!answer) {
    return fail("terminate failed: " + answer.error().message);
  }
  if (to.json) {
    return print({{"success", true},
                  {"matches", number(*answer, "matches")},
                  {"terminated", number(*answer, "terminated")}});
  }
  return fmt::format("terminate completed: {} of {} SAs\n", answer->value("terminated"),
                     answer->value("matches"));
}

Expected<std::string> rekey(const Connect& to, const WhichOptions& options) {
  const auto answer = request(to, "rekey", which_sas(options));
  if (!answer) {
    return fail("rekey failed: " + answer.error().message);
  }
  if (to.json) {
    return print({{"success", true}, {"matches", number(*answer, "matches")}});
  }
  return fmt::format("rekey begun: {} SAs\n", answer->value("matches"));
}

Expected<std::string> reload(const Connect& to) {
  const auto answer = request(to, "espgate-reload", {});
  if (!answer) {
    return fail("reload failed: " + answer.error().message);
  }
  if (to.json) {
    return print({{"success", true},
                  {"connections", number(*answer, "connections")},
                  {"children", number(*answer, "children")}});
  }
  return fmt::format("reload completed: {} connections, {} children\n", answer->value("connections"),
                     answer->value("children"));
}

Expected<std::string> policy_lookup(const Connect& to, const PolicyOptions& packet) {
  Message message;
  message.set("dir", packet.inbound ? "in" : "out");
  const std::pair<const char*, const std::string&> fields[] = {
      {"src", packet.source},          {"dst", packet.destination},        {"proto", packet.protocol},
      {"sport", packet.source_port},   {"dport", packet.destination_port}, {"icmp-type", packet.icmp_type},
      {"icmp-code", packet.icmp_code},
  };
  for (const auto& [name, value] : fields) {
    if (!value.empty()) {
      message.set(name, value);
    }
  }
  const auto answer = request(to, "policy-lookup", message);
  if (!answer) {
    return fail("policy-lookup failed: " + answer.error().message);
  }
  if (to.json) {
    const bool there = answer->find("position") != nullptr;
    return print({{"verdict", answer->value("verdict")},
                  {"reason", answer->value("reason")},
                  {"explanation", answer->value("explanation")},
                  {"entry", text_or_null(*answer, "entry")},
                  {"position", there ? Json(number(*answer, "position")) : Json()},
                  {"selector", text_or_null(*answer, "selector")}});
  }
  std::string text = fmt::format("{}: {}\n", answer->value("verdict"), answer->value("explanation"));
  if (const std::string* selector = answer->find("selector")) {
    text += fmt::format("  entry {}, position {}: {}\n", answer->value("entry"), answer->value("position"),
                        *selector);
  }
  return text;
}

}  // namespace espgate::host::cli
