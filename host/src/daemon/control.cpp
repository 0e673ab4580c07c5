#include "daemon/control.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>

#include <algorithm>
#include <utility>

#include "daemon/credential_commands.h"
#include "daemon/policy_messages.h"
#include "daemon/requests.h"
#include "daemon/version.h"

namespace espgate::host::daemon {
namespace {

using vici::Message;

// "5 seconds", "3 minutes", as strongSwan writes it.
std::string running_text(std::uint64_t seconds) {
  const auto text = [](std::uint64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
  };
  if (seconds < 120) {
    return text(seconds, "second");
  }
  if (seconds < 7200) {
    return text(seconds / 60, "minute");
  }
  return seconds < 172800 ? text(seconds / 3600, "hour") : text(seconds / 86400, "day");
}

// Gives the elements one by one.
vici::Call::Next each(std::vector<Message> messages) {
  return [messages = std::move(messages), at = std::size_t{0}]() mutable -> std::optional<Message> {
    if (at == messages.size()) {
      return std::nullopt;
    }
    return std::move(messages[at++]);
  };
}

}  // namespace

Control::Control(asio::io_context& io, vici::Server& server, ControlParts parts)
    : m_server(server), m_parts(std::move(parts)), m_waits(io, m_parts.ike) {
  for (const char* event : {"list-sa", "list-conn", "stats-child", "ike-updown", "ike-rekey", "child-updown",
                            "child-rekey", "control-log"}) {
    m_server.add_event(event);
  }
  add_commands();
  add_credential_commands(m_server, m_parts.configuration.credentials());
}

void Control::add_commands() {
  using Command = void (Control::*)(const Message&, const CallPtr&);
  const std::pair<const char*, Command> commands[] = {
      {"version", &Control::version},
      {"stats", &Control::stats},
      {"list-sas", &Control::list_sas},
      {"list-conns", &Control::list_conns},
      {"get-conns", &Control::get_conns},
      {"initiate", &Control::initiate},
      {"terminate", &Control::terminate},
      {"rekey", &Control::rekey},
      {"espgate-reload", &Control::reload},
      {"reload-settings", &Control::reload},
      {"policy-lookup", &Control::policy_lookup},
  };
  for (const auto& [name, command] : commands) {
    m_server.add_command(name, [this, command](const Message& request, const CallPtr& call) {
      (this->*command)(request, call);
    });
  }
}

void Control::version(const Message& /*request*/, const CallPtr& call) {
  utsname host{};
  Message answer;
  answer.set("daemon", "espgated").set("version", std::string(daemon_version));
  if (::uname(&host) == 0) {
    answer.set("sysname", host.sysname).set("release", host.release).set("machine", host.machine);
  }
  call->respond(std::move(answer));
}

void Control::stats(const Message& /*request*/, const CallPtr& call) {
  const auto statistics = m_parts.carrier.carriers().engine.statistics();
  if (!statistics) {
    call->respond(failed_answer("the engine does not answer: " + statistics.error().message));
    return;
  }
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - m_started);
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(up.count(), 0));
  Message answer;
  answer.section("uptime")
      .set("running", running_text(seconds))
      .set("since", fmt::format("{:%b %d %H:%M:%S %Y}", fmt::localtime(m_started)))
      .set_number("seconds", seconds);
  const std::vector<ike::IkeSaView> sas = m_parts.ike.stack().list();
  const auto half_open = std::ranges::count(sas, ike::IkeSaState::connecting, &ike::IkeSaView::state);
  answer.section("ikesas")
      .set_number("total", sas.size())
      .set_number("half-open", static_cast<std::uint64_t>(half_open));
  add_statistics(answer, *statistics);
  Message& ike = answer.section("ike");
  for (const ike::Counter& counter : m_parts.ike.stack().counters()) {
    ike.set_number(counter.name, counter.value);
  }
  Message& io = answer.section("io");
  for (const IoCounters& part : m_parts.io_counters()) {
    Message& section = io.section(part.name);
    for (const auto& [name, value] : part.values) {
      section.set_number(name, value);
    }
  }
  Message& kernel = answer.section("kernel");
  if (const offload::KernelPath* path = m_parts.carrier.carriers().kernel) {
    kernel.set_number("policies_restored", path->policies_restored())
        .set_number("requests_failed", path->requests_failed());
    if (const auto counters = offload::xfrm::read_kernel_counters()) {
      for (const offload::xfrm::KernelCounter& counter : *counters) {
        kernel.set_number(counter.name, counter.value);
      }
    }
  }
  const vici::ServerCounters& control = m_server.counters();
  answer.section("control")
      .set_number("connections", control.connections)
      .set_number("refused_connections", control.refused_connections)
      .set_number("malformed", control.malformed)
      .set_number("slow_clients", control.slow_clients)
      .set_number("commands", control.commands);
  std::vector<Message> children;
  for (const auto& [id, child] : m_parts.carrier.statistics()) {
    children.push_back(to_message(child));
  }
  call->stream("stats-child", each(std::move(children)), std::move(answer));
}

SaContext Control::context() {
  SaContext context{.now = m_parts.ike.now(),
                    .statistics = m_parts.carrier.statistics(),
                    .placed = {},
                    .reqid = [this](const std::string& connection, const std::string& child) {
                      return m_parts.configuration.position(connection, child);
                    }};
  for (const auto& [id, placed] : m_parts.carrier.all()) {
    context.placed.emplace(
        id, SaContext::Where{.offload = m_parts.carrier.where(placed), .reason = placed.reason});
  }
  return context;
}

void Control::list_sas(const Message& request, const CallPtr& call) {
  const auto filter = SaFilter::parse(request);
  if (!filter) {
    call->respond(failed_answer(filter.error().message));
    return;
  }
  std::vector<ike::IkeSaView> sas = m_parts.ike.stack().list();
  std::erase_if(sas, [&filter](ike::IkeSaView& sa) {
    if (!filter->names_child()) {
      return !filter->matches(sa);
    }
    std::erase_if(sa.children, [&filter](const ike::ChildSaView& child) { return !filter->matches(child); });
    return !filter->matches(sa) || sa.children.empty();
  });
  call->stream(
      "list-sa",
      [sas = std::move(sas), context = context(), at = std::size_t{0}]() mutable -> std::optional<Message> {
        if (at == sas.size()) {
          return std::nullopt;
        }
        return to_message(sas[at++], context);
      },
      {});
}

// NOLINTNEXTLINE(readability-make-member-function-const): all commands have one type, for the table above.
void Control::list_conns(const Message& request, const CallPtr& call) {
  const std::string_view wanted = request.value("ike");
  std::vector<Message> messages;
  for (const config::ConnectionSettings& connection : m_parts.configuration.current().connections) {
    if (wanted.empty() || connection.ike.name == wanted) {
      messages.push_back(to_message(connection));
    }
  }
  call->stream("list-conn", each(std::move(messages)), {});
}

// NOLINTNEXTLINE(readability-make-member-function-const): all commands have one type, for the table above.
void Control::get_conns(const Message& /*request*/, const CallPtr& call) {
  std::vector<std::string> names;
  for (const config::ConnectionSettings& connection : m_parts.configuration.current().connections) {
    names.push_back(connection.ike.name);
  }
  call->respond(Message().set_list("conns", std::move(names)));
}

Expected<std::string> Control::find_connection(std::string_view connection, std::string_view child) const {
  bool seen = false;
  for (const config::ConnectionSettings& candidate : m_parts.configuration.current().connections) {
    if (!connection.empty() && candidate.ike.name != connection) {
      continue;
    }
    seen = true;
    if (child.empty() || std::ranges::find(candidate.ike.children, child, &ike::ChildConfig::name) !=
                             candidate.ike.children.end()) {
      return candidate.ike.name;
    }
  }
  if (connection.empty()) {
    return fail(fmt::format("no connection has a child '{}'", child));
  }
  return fail(seen ? fmt::format("connection '{}' has no child '{}'", connection, child)
                   : fmt::format("there is no connection '{}'", connection));
}

void Control::initiate(const Message& request, const CallPtr& call) {
  const std::string child(request.value("child"));
  const auto timeout = Timeout::parse(request);
  const auto limits = parse_flag(request, "init-limits", false);
  if (!timeout || !limits) {
    call->respond(failed_answer(!timeout ? timeout.error().message : limits.error().message));
    return;
  }
  if (*limits) {
    call->respond(failed_answer("init-limits: not supported by this version"));
    return;
  }
  if (child.empty() && request.value("ike").empty()) {
    call->respond(failed_answer("what to initiate: one of child and ike is needed"));
    return;
  }
  const auto connection = find_connection(request.value("ike"), child);
  if (!connection) {
    call->respond(failed_answer(connection.error().message));
    return;
  }
  ike::Stack& stack = m_parts.ike.stack();
  const auto started = child.empty() ? stack.initiate(*connection, m_parts.ike.now())
                                     : stack.initiate(*connection, child, m_parts.ike.now());
  if (!started) {
    call->respond(failed_answer(started.error().message));
    m_parts.ike.settle();
    return;
  }
  call->send_event("control-log",
                   Message()
                       .set("group", "IKE")
                       .set("level", "1")
                       .set("ikesa-name", *connection)
                       .set_number("ikesa-uniqueid", *started)
                       .set("msg", child.empty() ? "initiating without a child"
                                                 : fmt::format("initiating child '{}'", child)));
  for (const ike::IkeSaView& sa : stack.list()) {
    const auto up = std::ranges::find(sa.children, child, &ike::ChildSaView::name);
    const bool is_up = child.empty() ? sa.state == ike::IkeSaState::established : up != sa.children.end();
    if (sa.id == *started && is_up) {
      call->respond(started_answer(sa.id, child.empty() ? 0 : up->id));
      m_parts.ike.settle();
      return;
    }
  }
  if (timeout->wait) {
    m_waits.for_child(*started, child, timeout->patience, call);
  } else {
    call->respond(Message().set("success", "yes").set_number("ike-id", *started));
  }
  m_parts.ike.settle();
}

void Control::terminate(const Message& request, const CallPtr& call) {
  const auto filter = SaFilter::parse(request);
  const auto timeout = Timeout::parse(request);
  const auto force = parse_flag(request, "force", false);
  if (!filter || !timeout || !force) {
    call->respond(failed_answer(!filter    ? filter.error().message
                                : !timeout ? timeout.error().message
                                           : force.error().message));
    return;
  }
  if (*force) {
    call->respond(
        failed_answer("force: not supported by this version; an SA is gone at the latest when the "
                      "retransmissions run out"));
    return;
  }
  if (filter->empty()) {
    call->respond(failed_answer("which SAs: one of ike, child, ike-id and child-id is needed"));
    return;
  }
  std::set<ike::IkeSaId> ike_sas;
  std::set<ike::ChildSaId> children;
  for (const ike::IkeSaView& sa : m_parts.ike.stack().list()) {
    if (!filter->matches(sa)) {
      continue;
    }
    if (!filter->names_child()) {
      ike_sas.insert(sa.id);
      continue;
    }
    for (const ike::ChildSaView& child : sa.children) {
      if (filter->matches(child)) {
        children.insert(child.id);
      }
    }
  }
  const std::size_t matches = ike_sas.size() + children.size();
  if (matches == 0) {
    call->respond(failed_answer("no SA matches").set("matches", "0").set("terminated", "0"));
    return;
  }
  for (const ike::IkeSaId id : ike_sas) {
    m_parts.ike.stack().terminate_ike(id, m_parts.ike.now());
  }
  for (const ike::ChildSaId id : children) {
    m_parts.ike.stack().terminate_child(id, m_parts.ike.now());
  }
  if (timeout->wait) {
    m_waits.for_end(std::move(ike_sas), std::move(children), timeout->patience, call);
  } else {
    call->respond(Message().set("success", "yes").set_number("matches", matches).set("terminated", "0"));
  }
  m_parts.ike.settle();
}

// strongSwan's rekey: begun, not waited for.
void Control::rekey(const Message& request, const CallPtr& call) {
  const auto filter = SaFilter::parse(request);
  const auto reauth = parse_flag(request, "reauth", false);
  if (!filter || !reauth) {
    call->respond(failed_answer(!filter ? filter.error().message : reauth.error().message));
    return;
  }
  if (*reauth) {
    call->respond(failed_answer("reauth: not supported by this version: reauthentication"));
    return;
  }
  if (filter->empty()) {
    call->respond(failed_answer("which SAs: one of ike, child, ike-id and child-id is needed"));
    return;
  }
  ike::Stack& stack = m_parts.ike.stack();
  std::size_t matches = 0;
  for (const ike::IkeSaView& sa : stack.list()) {
    if (!filter->matches(sa)) {
      continue;
    }
    if (!filter->names_child()) {
      matches += stack.rekey_ike(sa.id, m_parts.ike.now()) ? 1U : 0U;
      continue;
    }
    for (const ike::ChildSaView& child : sa.children) {
      if (filter->matches(child)) {
        matches += stack.rekey_child(child.id, m_parts.ike.now()) ? 1U : 0U;
      }
    }
  }
  Message answer = matches != 0
                       ? Message().set("success", "yes")
                       : failed_answer("no SA matches that is up and not being replaced or deleted already");
  call->respond(std::move(answer.set_number("matches", matches)));
  m_parts.ike.settle();
}

void Control::reload(const Message& /*request*/, const CallPtr& call) {
  auto loaded = m_parts.configuration.load();
  if (!loaded) {
    for (const std::string& error : loaded.error()) {
      spdlog::error("configuration: {}", error);
    }
    call->respond(failed_answer("the configuration is refused and the old one stays in force:")
                      .set_list("errors", std::move(loaded.error())));
    return;
  }
  call->respond(Message()
                    .set("success", "yes")
                    .set_number("connections", loaded->connections)
                    .set_number("children", loaded->children));
}

// NOLINTNEXTLINE(readability-make-member-function-const): all commands have one type, for the table above.
void Control::policy_lookup(const Message& request, const CallPtr& call) {
  const auto question = PolicyQuestion::parse(request);
  if (!question) {
    call->respond(failed_answer(question.error().message));
    return;
  }
  const offload::Spd& spd = m_parts.carrier.carriers().engine.spd();
  call->respond(to_message(
      question->inbound ? spd.match_inbound(question->packet) : spd.match_outbound(question->packet),
      question->inbound));
}

void Control::on_event(const ike::Event& event) {
  m_waits.on_event(event);
  switch (event.kind) {
    case ike::Event::Kind::ike_up:
    case ike::Event::Kind::ike_down:
      announce("ike-updown", event);
      return;
    case ike::Event::Kind::child_up:
    case ike::Event::Kind::child_down:
      announce("child-updown", event);
      return;
    case ike::Event::Kind::ike_rekeyed:
    case ike::Event::Kind::child_rekeyed:
      announce_rekey(event);
      return;
    case ike::Event::Kind::rekey_failed:
    case ike::Event::Kind::initiate_again:
    case ike::Event::Kind::initiate_failed:
    case ike::Event::Kind::peer_rejected:
      return;
  }
}

// Live, or as much of it as the event itself says.
ike::IkeSaView Control::find_ike_sa(const std::string& connection, ike::IkeSaId id) {
  for (ike::IkeSaView& live : m_parts.ike.stack().list()) {
    if (live.id == id) {
      return std::move(live);
    }
  }
  ike::IkeSaView gone;
  gone.id = id;
  gone.connection = connection;
  gone.state = ike::IkeSaState::deleting;
  return gone;
}

ike::ChildSaView Control::find_child(const ike::IkeSaView& sa, const std::string& name, ike::ChildSaId id) {
  const auto live = std::ranges::find(sa.children, id, &ike::ChildSaView::id);
  if (live != sa.children.end()) {
    return *live;
  }
  ike::ChildSaView gone;
  gone.id = id;
  gone.name = name;
  gone.state = ike::ChildSaState::deleting;
  return gone;
}

// strongSwan's ike-updown and child-updown.
void Control::announce(const std::string& name, const ike::Event& event) {
  if (!m_server.is_wanted(name)) {
    return;
  }
  const ike::IkeSaView sa = find_ike_sa(event.connection, event.ike_sa);
  const SaContext about = context();
  Message message;
  if (event.kind == ike::Event::Kind::ike_up || event.kind == ike::Event::Kind::child_up) {
    message.set("up", "yes");
  }
  Message& section = message.section(event.connection);
  section = to_ike_message(sa, about);
  if (event.child_sa != 0) {
    Message children;
    add_child(children, sa, find_child(sa, event.child, event.child_sa), about);
    section.section("child-sas") = std::move(children);
  }
  m_server.broadcast(name, message);
}

// strongSwan's ike-rekey and child-rekey: the SA as it was and as it is.
void Control::announce_rekey(const ike::Event& event) {
  const bool whole = event.kind == ike::Event::Kind::ike_rekeyed;
  const std::string name = whole ? "ike-rekey" : "child-rekey";
  if (!m_server.is_wanted(name)) {
    return;
  }
  const SaContext about = context();
  const ike::IkeSaView sa = find_ike_sa(event.connection, event.ike_sa);
  Message message;
  Message& section = message.section(event.connection);
  if (whole) {
    section.section("old") = to_ike_message(find_ike_sa(event.connection, event.replaced), about);
    section.section("new") = to_ike_message(sa, about);
  } else {
    section = to_ike_message(sa, about);
    Message children;
    Message& child = children.section(event.child);
    add_child(child.section("old"), sa, find_child(sa, event.child, event.replaced), about);
    add_child(child.section("new"), sa, find_child(sa, event.child, event.child_sa), about);
    section.section("child-sas") = std::move(children);
  }
  m_server.broadcast(name, message);
}

}  // namespace espgate::host::daemon
