#include "ike/stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "auth/authenticator.h"
#include "crypto/openssl.h"
#include "crypto/prf.h"
#include "exchanges/create_child_sa.h"
#include "exchanges/ike_auth.h"
#include "exchanges/ike_sa_init.h"
#include "exchanges/ike_sa_init_responder.h"
#include "rate_limit.h"
#include "sa/lifetimes.h"
#include "sa/sa_table.h"
#include "wire/message.h"

namespace espgate::ike {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

bool is_known(ExchangeType type) {
  switch (type) {
    case ExchangeType::ike_sa_init:
    case ExchangeType::ike_auth:
    case ExchangeType::create_child_sa:
    case ExchangeType::informational:
      return true;
  }
  return false;
}

// The one address that a list stands for, if it does.
std::optional<IpAddress> single_address(const std::vector<IpRange>& ranges) {
  if (ranges.empty() || ranges.front().first != ranges.front().last ||
      ranges.front().first.is_unspecified()) {
    return std::nullopt;
  }
  return ranges.front().first;
}

class StackImpl final : public Stack {
 public:
  StackImpl(Random& random, ChildSaHandler& handler, const Limits& limits)
      : m_environment{.random = random, .handler = handler, .neighbours = m_table, .limits = limits},
        m_init_responder(m_environment, m_table),
        m_notifies(limits.max_unprotected_notifies) {}
  StackImpl(const StackImpl&) = delete;
  StackImpl& operator=(const StackImpl&) = delete;
  ~StackImpl() override = default;

  Expected<> load_connection(ConnectionConfig config) override {
    return m_environment.config.load(std::move(config));
  }
  void unload_connection(const std::string& name) override { m_environment.config.unload(name); }
  std::vector<ConnectionConfig> connections() const override {
    std::vector<ConnectionConfig> all;
    for (const ConnectionPtr& connection : m_environment.config.all()) {
      all.push_back(*connection);
    }
    return all;
  }
  void load_shared_secrets(std::vector<SharedSecret> secrets) override {
    m_environment.config.load_secrets(std::move(secrets));
  }

  void load_credentials(Credentials credentials) override {
    m_environment.config.load_credentials(std::move(credentials));
    m_environment.verified.clear();
  }
  void set_time_of_day(std::chrono::sys_seconds time_of_day, Instant now) override {
    m_environment.day_of_instant_zero =
        time_of_day - std::chrono::duration_cast<std::chrono::seconds>(std::max(now, m_environment.now));
  }

  void receive(const Datagram& datagram, Instant now) override {
    guarded(now, [&] { take(datagram); });
  }

  void tick(Instant now) override {
    guarded(now, [&] {
      run_restarts();
      m_environment.draining.remove_due(m_environment.now);
      // Each round moves a timer into the future or ends an IKE SA.
      while (IkeSa* sa = m_table.due(now)) {
        m_table.touched(*sa);
        sa->tick();
        m_table.settle(m_environment);
      }
    });
  }

  std::optional<Instant> next_timer() const override {
    std::optional<Instant> first = earlier(m_table.next_timer(), m_environment.draining.deadline());
    for (const Restart& restart : m_restarts) {
      first = earlier(first, restart.at);
    }
    return first;
  }

  Expected<IkeSaId> initiate(const std::string& connection, const std::string& child, Instant now) override {
    Expected<IkeSaId> started = fail("initiate: the cryptographic library failed");
    guarded(now, [&] { started = start(connection, child); });
    return started;
  }

  Expected<IkeSaId> initiate(const std::string& connection, Instant now) override {
    Expected<IkeSaId> started = fail("initiate: the cryptographic library failed");
    guarded(now, [&] { started = start(connection, {}); });
    return started;
  }

  bool terminate_ike(IkeSaId id, Instant now) override {
    IkeSa* sa = m_table.find(id);
    if (sa == nullptr) {
      return false;
    }
    guarded(now, [&] { end(*sa, "terminated by request"); });
    return true;
  }

  bool terminate_child(ChildSaId id, Instant now) override {
    IkeSa* sa = m_table.find_by_child(id);
    if (sa == nullptr) {
      return false;
    }
    guarded(now, [&] {
      m_table.touched(*sa);
      sa->terminate_child(id);
      sa->start_exchanges();
    });
    return true;
  }

  bool child_expired(ChildSaId id, bool hard, Instant now) override {
    IkeSa* sa = m_table.find_by_child(id);
    if (sa == nullptr) {
      return false;
    }
    guarded(now, [&] {
      m_table.touched(*sa);
      if (hard) {
        sa->expire_child(id);
      } else {
        sa->rekey_child(id);
      }
      sa->start_exchanges();
    });
    return true;
  }

  bool rekey_ike(IkeSaId id, Instant now) override {
    IkeSa* sa = m_table.find(id);
    bool begun = false;
    if (sa != nullptr) {
      guarded(now, [&] {
        m_table.touched(*sa);
        begun = sa->rekey();
        sa->start_exchanges();
      });
    }
    return begun;
  }

  bool rekey_child(ChildSaId id, Instant now) override {
    IkeSa* sa = m_table.find_by_child(id);
    bool begun = false;
    if (sa != nullptr) {
      guarded(now, [&] {
        m_table.touched(*sa);
        begun = sa->rekey_child(id);
        sa->start_exchanges();
      });
    }
    return begun;
  }

  void shut_down(Instant now) override {
    m_shutting_down = true;
    m_restarts.clear();
    guarded(now, [&] {
      for (const auto& [id, entry] : m_table.all()) {
        end(*entry.sa, "shutting down");
      }
    });
  }

  std::vector<Datagram> take_datagrams() override { return std::exchange(m_environment.datagrams, {}); }
  std::vector<Keepalive> take_keepalives() override { return std::exchange(m_environment.keepalives, {}); }
  std::vector<Event> take_events() override { return std::exchange(m_environment.events, {}); }

  std::vector<IkeSaView> list() const override {
    std::vector<IkeSaView> views;
    for (const auto& [id, entry] : m_table.all()) {
      views.push_back(entry.sa->view());
    }
    return views;
  }
  std::vector<Counter> counters() const override { return m_environment.counters.all(); }

 private:
  // Every input goes through here: the time is set, a failure of the cryptographic library ends the handling
  // of this input only, and the table is put in order.
  template <typename Work>
  void guarded(Instant now, Work work) {
    m_environment.now = std::max(now, m_environment.now);
    try {
      work();
    } catch (const CryptoFailure&) {
      m_environment.counters.count(Reason::crypto_failed);
    }
    m_table.settle(m_environment);
    std::ranges::move(std::exchange(m_environment.restarts, {}), std::back_inserter(m_restarts));
    if (m_shutting_down) {
      m_restarts.clear();
    }
  }

  void end(IkeSa& sa, std::string reason) {
    m_table.touched(sa);
    sa.terminate(std::move(reason));
    sa.start_exchanges();
  }

  void run_restarts();
  void take(const Datagram& datagram);
  struct Beginning {
    unsigned failures = 0;
    IkeSa* supersedes = nullptr;
  };
  Expected<IkeSaId> start_new(const ConnectionPtr& connection, const std::string& child,
                              const Beginning& beginning);
  Expected<IkeSaId> start_again(const Restart& restart, const std::string& child);
  void run_superseding(const Restart& restart);
  void report(const Restart& restart, const std::string& child, const Expected<IkeSaId>& started);
  IkeSa* find_live(const std::string& connection_name, const std::string& child_name);
  Expected<IkeSaId> start(const std::string& connection_name, const std::string& child_name);
  void answer_unknown_spi(const Datagram& datagram, const wire::Header& header, std::uint64_t own_spi);
  void answer_unprotected(const Datagram& datagram, const wire::Header& header, NotifyType type);

  // The IKE SAs of the table use the environment to their end, so it is destroyed after them.
  Environment m_environment;
  SaTable m_table;
  IkeSaInitResponder m_init_responder;
  RateLimit m_notifies;
  std::vector<Restart> m_restarts;
  bool m_shutting_down = false;
};

void StackImpl::run_restarts() {
  std::vector<Restart> due;
  for (Restart& restart : std::exchange(m_restarts, {})) {
    (restart.at <= m_environment.now ? due : m_restarts).push_back(std::move(restart));
  }
  for (const Restart& restart : due) {
    if (restart.supersedes != 0) {
      run_superseding(restart);
      continue;
    }
    for (const std::string& child : restart.children) {
      const bool again = restart.instead_of != 0 && &child == &restart.children.front();
      report(restart, child, again ? start_again(restart, child) : start(restart.connection, child));
    }
  }
}

void StackImpl::report(const Restart& restart, const std::string& child, const Expected<IkeSaId>& started) {
  if (!started) {
    m_environment.events.push_back({Event::Kind::initiate_failed, restart.instead_of, 0, 0,
                                    restart.connection, child, started.error().message});
  } else if (restart.instead_of != 0 && &child == &restart.children.front()) {
    m_environment.events.push_back({Event::Kind::initiate_again, *started, 0, restart.instead_of,
                                    restart.connection, child, "the peer did not answer"});
  }
}

Expected<IkeSaId> StackImpl::start_again(const Restart& restart, const std::string& child) {
  const ConnectionPtr connection = m_environment.config.find(restart.connection);
  return connection != nullptr ? start_new(connection, child, {.failures = restart.failures})
                               : start(restart.connection, child);
}

// Another IKE SA beside the one that it supersedes, wherever that one's ends are now.
void StackImpl::run_superseding(const Restart& restart) {
  IkeSa* old = m_table.find(restart.supersedes);
  if (old == nullptr || old->state() != SaState::established || old->is_superseded()) {
    return;
  }
  const ConnectionPtr connection = m_environment.config.find(restart.connection);
  const std::string& first = restart.children.front();
  const auto started =
      connection != nullptr
          ? start_new(connection, first, {.failures = restart.failures, .supersedes = old})
          : fail(fmt::format("no connection '{}' any more, to begin an IKE SA in place of the one that the "
                             "peer refuses to rekey",
                             restart.connection));
  report(restart, first, started);
  IkeSa* made = started ? m_table.find(*started) : nullptr;
  if (made == nullptr) {
    return;
  }
  old->set_superseded_by(made->id());
  for (const std::string& child : restart.children) {
    if (child != first && find_child(made->connection(), child) != nullptr) {
      made->enqueue(std::make_unique<CreateChildSa>(child));
    }
  }
}

void StackImpl::take(const Datagram& datagram) {
  Counters& counters = m_environment.counters;
  if (const auto valid = wire::Header::validate(datagram.message, m_environment.limits); !valid) {
    counters.count(valid.error());
    return;
  }
  const wire::Header header = wire::Header::parse(datagram.message);
  if (header.major_version != 2) {
    counters.count(header.major_version > 2 ? Reason::version_unsupported : Reason::version_old);
    // RFC 7296 section 2.5.
    if (header.major_version > 2 && !header.response) {
      answer_unprotected(datagram, header, NotifyType::invalid_major_version);
    }
    return;
  }
  if (!is_known(header.exchange)) {
    counters.count(Reason::exchange_unknown);
    return;
  }
  if (header.exchange == ExchangeType::ike_sa_init && !header.response) {
    if (m_shutting_down) {
      counters.count(Reason::shutting_down);
    } else {
      m_init_responder.receive(datagram, header);
    }
    return;
  }
  const std::uint64_t own_spi = header.from_initiator ? header.responder_spi : header.initiator_spi;
  IkeSa* sa = m_table.find_by_own_spi(own_spi);
  if (sa == nullptr) {
    answer_unknown_spi(datagram, header, own_spi);
    return;
  }
  m_table.touched(*sa);
  sa->receive(datagram, header);
}

void StackImpl::answer_unknown_spi(const Datagram& datagram, const wire::Header& header,
                                   std::uint64_t own_spi) {
  Counters& counters = m_environment.counters;
  if (!header.response) {
    const auto* response = m_table.final_response(own_spi, sha256(datagram.message), m_environment.now);
    if (response != nullptr) {
      counters.count(Reason::request_repeated);
      for (const Bytes& message : *response) {
        m_environment.datagrams.push_back({datagram.local, datagram.remote, message});
      }
      return;
    }
  }
  counters.count(Reason::spi_unknown);
  // RFC 7296 section 2.21.4: to requests only, and not too often.
  if (!header.response) {
    answer_unprotected(datagram, header, NotifyType::invalid_ike_spi);
  }
}

void StackImpl::answer_unprotected(const Datagram& datagram, const wire::Header& header, NotifyType type) {
  if (!m_notifies.allow(m_environment.now)) {
    m_environment.counters.count(Reason::notify_rate_limited);
    return;
  }
  const wire::Header answer{.initiator_spi = header.initiator_spi,
                            .responder_spi = header.responder_spi,
                            .exchange = header.exchange,
                            .from_initiator = !header.from_initiator,
                            .response = true,
                            .message_id = header.message_id};
  m_environment.datagrams.push_back(
      {datagram.local, datagram.remote, wire::encode_message(answer, {wire::NotifyPayload{.notify = type}})});
}

// One that has the child, or else any that could take it. A half-open one is not ours to use: its initiator
// may be anybody.
IkeSa* StackImpl::find_live(const std::string& connection_name, const std::string& child_name) {
  IkeSa* candidate = nullptr;
  for (IkeSa* sa : m_table.find_by_connection(connection_name)) {
    const bool usable = sa->state() == SaState::init_sent || sa->state() == SaState::auth_sent ||
                        sa->state() == SaState::established;
    if (!usable || sa->is_unsettled()) {
      continue;
    }
    if (child_name.empty() || sa->has_child(child_name)) {
      return sa;
    }
    // What was made from an older configuration may not know the child.
    if (find_child(sa->connection(), child_name) != nullptr) {
      candidate = sa;
    }
  }
  return candidate;
}

Expected<IkeSaId> StackImpl::start(const std::string& connection_name, const std::string& child_name) {
  if (m_shutting_down) {
    return fail("initiate: shutting down, nothing new is started");
  }
  const ConnectionPtr connection = m_environment.config.find(connection_name);
  if (connection == nullptr) {
    return fail(fmt::format("initiate: no connection '{}'", connection_name));
  }
  if (!child_name.empty() && find_child(*connection, child_name) == nullptr) {
    return fail(fmt::format("initiate: connection '{}' has no child '{}'", connection_name, child_name));
  }
  if (IkeSa* sa = find_live(connection_name, child_name)) {
    if (!child_name.empty() && !sa->has_child(child_name)) {
      m_table.touched(*sa);
      sa->enqueue(std::make_unique<CreateChildSa>(child_name));
      sa->start_exchanges();
    }
    return sa->id();
  }
  return start_new(connection, child_name, {});
}

Expected<IkeSaId> StackImpl::start_new(const ConnectionPtr& connection, const std::string& child_name,
                                       const Beginning& beginning) {
  const std::string& connection_name = connection->name;
  const IkeSa* old = beginning.supersedes;
  const auto local =
      old != nullptr ? std::optional(old->local().address) : single_address(connection->local_addresses);
  const auto remote =
      old != nullptr ? std::optional(old->remote().address) : single_address(connection->remote_addresses);
  if (!local || !remote || local->family() != remote->family()) {
    return fail(
        fmt::format("initiate: connection '{}' needs a single local and a single remote address of one "
                    "family to initiate",
                    connection_name));
  }
  const Identity own = effective_local_id(*connection, *local);
  const Identity peer = expected_peer(*connection, *remote);
  if (const auto ready = can_prove(m_environment.config, *connection, own, peer); !ready) {
    return fail(fmt::format("initiate: connection '{}': {}", connection_name, ready.error().text));
  }
  IkeSa& sa = m_table.add(m_environment, {.id = m_table.fresh_id(),
                                          .initiator = true,
                                          .own_spi = m_table.fresh_spi(m_environment.random),
                                          .local = {*local, connection->local_port},
                                          .remote = {*remote, connection->remote_port},
                                          .connection = connection,
                                          .failures = beginning.failures,
                                          .supersedes = old != nullptr ? old->id() : 0});
  sa.set_state(SaState::init_sent, {});
  sa.enqueue(std::make_unique<IkeSaInit>(child_name));
  sa.start_exchanges();
  return sa.id();
}

}  // namespace

std::unique_ptr<Stack> Stack::create(Random& random, ChildSaHandler& handler, const Limits& limits) {
  return std::make_unique<StackImpl>(random, handler, limits);
}

std::string_view to_string(IkeSaState state) {
  switch (state) {
    case IkeSaState::connecting:
      return "connecting";
    case IkeSaState::established:
      return "established";
    case IkeSaState::rekeyed:
      return "rekeyed";
    case IkeSaState::deleting:
      return "deleting";
  }
  return "unknown";
}

std::string_view to_string(ChildSaState state) {
  switch (state) {
    case ChildSaState::installed:
      return "installed";
    case ChildSaState::rekeying:
      return "rekeying";
    case ChildSaState::rekeyed:
      return "rekeyed";
    case ChildSaState::deleting:
      return "deleting";
  }
  return "unknown";
}

}  // namespace espgate::ike
