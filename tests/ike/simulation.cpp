#include "simulation.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "wire/header.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using namespace std::chrono_literals;

// More than any scenario needs: one that comes to it goes on for ever.
constexpr unsigned max_steps = 60000;
constexpr std::size_t max_ike_sas = 40;
constexpr std::size_t max_child_sas = 60;
constexpr std::chrono::seconds dpd_delay = 30s;

std::string text_of(const Endpoint& endpoint) {
  return endpoint.address.to_string() + ":" + std::to_string(endpoint.port);
}

std::string describe(ByteView message) {
  const wire::Header header = wire::Header::parse(message);
  const std::string which = wire::to_string(header.exchange);
  const auto short_spi = [](std::uint64_t spi) { return std::to_string(spi % 10000); };
  return which + " #" + std::to_string(header.message_id) + (header.response ? " response" : " request") +
         " on " + short_spi(header.initiator_spi) + "/" + short_spi(header.responder_spi) +
         (header.first_payload == wire::PayloadType::encrypted_fragment ? " (fragment)" : "");
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::ike_up:
      return "ike_up";
    case Kind::ike_rekeyed:
      return "ike_rekeyed";
    case Kind::ike_down:
      return "ike_down";
    case Kind::child_up:
      return "child_up";
    case Kind::child_rekeyed:
      return "child_rekeyed";
    case Kind::child_down:
      return "child_down";
    case Kind::rekey_failed:
      return "rekey_failed";
    case Kind::initiate_again:
      return "initiate_again";
    case Kind::initiate_failed:
      return "initiate_failed";
    case Kind::peer_rejected:
      return "peer_rejected";
  }
  return "?";
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, bool with_ladder)
    : m_seed(seed), m_engine(seed * 0x9e3779b97f4a7c15U + 1), m_with_ladder(with_ladder) {}

void Simulation::note(std::string line) {
  if (m_with_ladder) {
    m_ladder.push_back(std::to_string(static_cast<double>(m_now.count()) / 1e6) + "  " + std::move(line));
  }
}

void Simulation::fail(const std::string& what) {
  if (m_failure.empty()) {
    m_failure = what;
    note("BROKEN: " + what);
  }
}

void Simulation::build() {
  m_limits.cookie_threshold = roll(4) == 0 ? 0 : m_limits.cookie_threshold;
  m_limits.fragment_size = roll(4) == 0 ? 200 : m_limits.fragment_size;
  // One that refuses to have more Child SAs than these, and so to replace any.
  m_limits.max_children = roll(6) == 0 ? 1 + roll(3) : m_limits.max_children;
  const std::size_t count = roll(5) == 0 ? 3 + roll(2) : 2;
  m_nodes.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Node& node = m_nodes[i];
    node.name = std::string(1, static_cast<char>('A' + i));
    node.address = IpAddress::v4(0xc0000201U + static_cast<std::uint32_t>(i));
    node.random = std::make_unique<SeededRandom>(m_seed * 16 + i);
    if (i != 0 && roll(4) == 0) {
      node.nat = Nat{IpAddress::v4(0xcb007101U + static_cast<std::uint32_t>(i))};
    }
  }
  // A star: the first one has a connection with each of the others.
  const std::chrono::seconds child_rekey = roll(3) == 0 ? 60s + std::chrono::seconds(roll(300)) : 0s;
  const std::chrono::seconds ike_rekey = roll(3) == 0 ? 90s + std::chrono::seconds(roll(600)) : 0s;
  const bool pfs = roll(4) == 0;
  const bool restarts = roll(4) == 0;
  const auto unique = static_cast<Unique>(roll(4));
  const auto childless = static_cast<Childless>(roll(4) == 0 ? roll(4) : 1);
  for (std::size_t i = 1; i < count; ++i) {
    for (auto [own, other] : {std::pair(&m_nodes[0], &m_nodes[i]), std::pair(&m_nodes[i], &m_nodes[0])}) {
      ConnectionConfig connection = connect(*own, *other);
      connection.lifetime = lifetime_of(ike_rekey);
      connection.unique = unique;
      connection.childless = childless;
      for (ChildConfig& child : connection.children) {
        child.lifetime = lifetime_of(child_rekey);
        child.dpd_action = child.close_action = restarts ? EndAction::start : EndAction::none;
        if (pfs) {
          child.proposals = {*parse_esp_proposal("aes256gcm16-x25519-esn")};
        }
      }
      own->connections.push_back(std::move(connection));
    }
  }
  for (Node& node : m_nodes) {
    boot(node);
  }
}

ConnectionConfig Simulation::connect(const Node& own, const Node& other) const {
  const bool hub = own.name == "A";
  const std::string& spoke = hub ? other.name : own.name;
  const auto number = static_cast<unsigned>(spoke.front() - 'A');
  ConnectionConfig connection;
  connection.name = spoke;
  connection.local_addresses = {{own.address, own.address}};
  if (!other.nat) {
    connection.remote_addresses = {{other.address, other.address}};
  }
  connection.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-x25519")};
  connection.local_id = *Identity::parse(own.name + ".example.org");
  connection.remote_id = *Identity::parse(other.name + ".example.org");
  connection.dpd_delay = dpd_delay;
  for (unsigned i = 0; i < 2; ++i) {
    ChildConfig child;
    child.name = i == 0 ? "net" : "other";
    child.proposals = {*parse_esp_proposal("aes256gcm16-esn")};
    const auto side = [&](bool of_hub) {
      return *TrafficSelector::parse("10." + std::to_string((of_hub ? 100 : 0) + number) + "." +
                                     std::to_string(i) + ".0/24");
    };
    child.local_ts = {side(hub)};
    child.remote_ts = {side(!hub)};
    connection.children.push_back(std::move(child));
  }
  return connection;
}

// A stack that knows nothing of what was before.
void Simulation::boot(Node& node) {
  const auto number = static_cast<std::uint32_t>(node.name.front() - 'A');
  const std::uint32_t first_spi =
      node.handler == nullptr ? 0x10000000U * (number + 1) : node.handler->first_spi + 0x10000U;
  node.stack.reset();
  if (node.handler != nullptr && (!node.handler->installed.empty() || !node.handler->reserved.empty())) {
    fail(node.name + ": a stack that ends leaves Child SAs or SPIs behind");
  }
  node.handler = std::make_unique<BookkeepingHandler>();
  node.handler->first_spi = first_spi;
  node.handler->can_move = roll(2) == 0;
  node.stack = Stack::create(*node.random, *node.handler, m_limits);
  node.changes_seen = 0;
  for (const ConnectionConfig& connection : node.connections) {
    static_cast<void>(node.stack->load_connection(connection));
  }
  std::vector<SharedSecret> secrets(1);
  secrets.front().value = Secret(Bytes(16, 0x42));
  node.stack->load_shared_secrets(std::move(secrets));
}

void Simulation::run() {
  build();
  m_weather.max_delay = std::chrono::milliseconds(1 + roll(4) * roll(1500));
  m_weather.loss = roll(3) == 0 ? 0.02 * static_cast<double>(roll(15)) : 0;
  m_weather.duplication = roll(3) == 0 ? 0.3 : 0;
  const std::uint64_t actions = 4 + roll(14);
  for (std::uint64_t i = 0; i < actions && m_failure.empty(); ++i) {
    act();
    advance(m_now +
            (roll(2) == 0 ? std::chrono::milliseconds(roll(200)) : std::chrono::milliseconds(roll(60000))));
  }
  if (m_failure.empty()) {
    converge();
  }
}

void Simulation::act() {
  Node& node = m_nodes[roll(m_nodes.size())];
  const std::vector<IkeSaView> views = node.stack->list();
  const Instant now = clock_of(node);
  const auto any_child = [&](const auto& what) {
    std::vector<ChildSaId> ids;
    for (const IkeSaView& view : views) {
      for (const ChildSaView& child : view.children) {
        ids.push_back(child.id);
      }
    }
    if (!ids.empty()) {
      what(ids[roll(ids.size())]);
    }
  };
  const std::uint64_t action = views.empty() ? 0 : roll(16);
  switch (action) {
    case 0:
    case 1:
    case 2: {
      const ConnectionConfig& connection = node.connections[roll(node.connections.size())];
      const std::string child = connection.children[roll(2)].name;
      note(node.name + ": initiate " + connection.name + "." + child);
      // A peer behind a NAT has no address to begin with: that is an error, and it changes nothing.
      static_cast<void>(node.stack->initiate(connection.name, child, now));
      break;
    }
    case 3:
    case 4:
      any_child([&](ChildSaId id) {
        note(node.name + ": rekey child " + std::to_string(id));
        node.stack->rekey_child(id, now);
      });
      break;
    case 5:
    case 6: {
      const IkeSaId id = views[roll(views.size())].id;
      note(node.name + ": rekey ike " + std::to_string(id));
      node.stack->rekey_ike(id, now);
      break;
    }
    case 7:
    case 8: {
      // A storm: everybody replaces everything at once.
      note("storm");
      ++m_collisions;
      for (Node& each : m_nodes) {
        for (const IkeSaView& view : each.stack->list()) {
          for (const ChildSaView& child : view.children) {
            if (action == 7 || roll(2) == 0) {
              each.stack->rekey_child(child.id, clock_of(each));
            }
          }
          if (action == 8) {
            each.stack->rekey_ike(view.id, clock_of(each));
          }
        }
      }
      break;
    }
    case 9:
      any_child([&](ChildSaId id) {
        note(node.name + ": terminate child " + std::to_string(id));
        node.stack->terminate_child(id, now);
      });
      break;
    case 10:
      note(node.name + ": terminate ike " + std::to_string(views.front().id));
      node.stack->terminate_ike(views.front().id, now);
      break;
    case 11:
      any_child([&](ChildSaId id) {
        const bool hard = roll(2) == 0;
        note(node.name + (hard ? ": hard" : ": soft") + " expiry of child " + std::to_string(id));
        node.stack->child_expired(id, hard, now);
      });
      break;
    case 12:
      crash(node);
      break;
    case 13:
      node.clock_ahead += std::chrono::milliseconds(roll(400000));
      note(node.name + ": its clock jumps");
      break;
    case 14:
      if (node.nat) {
        node.nat->base = static_cast<std::uint16_t>(10000 + roll(40) * 1000);
        note(node.name + ": its NAT rebinds");
      } else {
        node.handler->refuse_installation = !node.handler->refuse_installation;
        note(node.name + ": its data path changes its mind");
      }
      break;
    default:
      m_weather.loss = roll(2) == 0 ? 0.9 : 0;
      note("the weather changes");
  }
  collect();
}

void Simulation::crash(Node& node) {
  note(node.name + ": crashes, and starts again");
  ++m_crashes;
  boot(node);
}

void Simulation::advance(Instant until) {
  collect();
  while (m_failure.empty()) {
    std::optional<Instant> next;
    if (!m_in_flight.empty()) {
      next = m_in_flight.top().at;
    }
    Node* due = nullptr;
    for (Node& node : m_nodes) {
      const auto timer = node.stack->next_timer();
      if (timer && (!next || *timer - node.clock_ahead < *next)) {
        next = std::max(*timer - node.clock_ahead, m_now);
        due = &node;
      }
    }
    if (!next || *next > until) {
      m_now = std::max(m_now, until);
      return;
    }
    if (++m_steps > max_steps) {
      fail("it does not come to rest");
      return;
    }
    m_now = std::max(m_now, *next);
    if (due != nullptr) {
      due->stack->tick(clock_of(*due));
      collect(*due);
    } else {
      const InFlight flight = m_in_flight.top();
      m_in_flight.pop();
      arrive(flight.datagram);
    }
  }
}

void Simulation::collect() {
  for (Node& node : m_nodes) {
    collect(node);
  }
}

void Simulation::collect(Node& node) {
  for (const Event& event : node.stack->take_events()) {
    m_established += event.kind == Kind::ike_up ? 1U : 0U;
    m_rekeyed += event.kind == Kind::ike_rekeyed || event.kind == Kind::child_rekeyed ? 1U : 0U;
    if (m_with_ladder) {
      note(node.name + ": " + std::string(name_of(event.kind)) + " ike " + std::to_string(event.ike_sa) +
           " child " + std::to_string(event.child_sa) +
           (event.replaced != 0 ? " for " + std::to_string(event.replaced) : "") +
           (event.reason.empty() ? "" : ": " + event.reason));
    }
  }
  static_cast<void>(node.stack->take_keepalives());
  for (Datagram& datagram : node.stack->take_datagrams()) {
    launch(node, std::move(datagram));
  }
  check(node);
}

void Simulation::launch(Node& from, Datagram datagram) {
  check_message(datagram);
  Datagram on_the_way{
      .local = datagram.remote, .remote = datagram.local, .message = std::move(datagram.message)};
  if (from.nat) {
    on_the_way.remote = from.nat->out(on_the_way.remote);
  }
  const int copies = chance(m_weather.duplication) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto delay = 1 + roll(static_cast<std::uint64_t>(m_weather.max_delay.count()) + 1);
    const bool lost = chance(m_weather.loss);
    if (m_with_ladder) {
      note(from.name + " -> " + text_of(on_the_way.local) + "  " + describe(on_the_way.message) +
           (lost ? "  LOST" : ""));
    }
    if (!lost) {
      m_in_flight.push({m_now + std::chrono::milliseconds(delay), ++m_order, on_the_way});
    }
  }
}

void Simulation::arrive(const Datagram& datagram) {
  for (Node& node : m_nodes) {
    Datagram seen = datagram;
    if (node.nat) {
      // Through the NAT to one of the peer's two ports, when that is where the mapping leads now.
      bool mapped = false;
      for (const std::uint16_t port : {std::uint16_t{500}, std::uint16_t{4500}}) {
        if (node.nat->out({node.address, port}) == datagram.local) {
          seen.local = {node.address, port};
          mapped = true;
        }
      }
      if (!mapped) {
        continue;
      }
    } else if (node.address != datagram.local.address) {
      continue;
    }
    note("   at " + node.name + "  " + (m_with_ladder ? describe(seen.message) : std::string()));
    node.stack->receive(seen, clock_of(node));
    collect(node);
    return;
  }
}

// Under one key and direction an IV is used for one message only; a repeated message is the same bytes.
void Simulation::check_message(const Datagram& datagram) {
  const wire::Header header = wire::Header::parse(datagram.message);
  std::size_t at = wire::header_size + 4;
  if (header.first_payload == wire::PayloadType::encrypted_fragment) {
    at += 4;
  } else if (header.first_payload != wire::PayloadType::encrypted) {
    return;
  }
  constexpr std::size_t iv_size = 8;
  Bytes key(datagram.message.begin(), datagram.message.begin() + 16);
  key.push_back(header.from_initiator ? 1 : 0);
  const auto iv = datagram.message.begin() + static_cast<std::ptrdiff_t>(at);
  key.insert(key.end(), iv, iv + iv_size);
  const std::size_t digest = std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(datagram.message.data()), datagram.message.size()});
  const auto [known, fresh] = m_ivs.emplace(std::move(key), digest);
  if (!fresh && known->second != digest) {
    fail("an IV is used twice under one key: " + describe(datagram.message));
  }
}

void Simulation::check(Node& node) {
  const BookkeepingHandler& handler = *node.handler;
  if (handler.faults != 0) {
    fail(node.name + ": a call to the data path that must not be");
  }
  const unsigned changes = handler.installations + static_cast<unsigned>(handler.installed.size());
  if (changes == node.changes_seen) {
    return;
  }
  node.changes_seen = changes;
  std::set<ChildSaId> known;
  const std::vector<IkeSaView> views = node.stack->list();
  for (const IkeSaView& view : views) {
    for (const ChildSaView& child : view.children) {
      known.insert(child.id);
      if (view.state == IkeSaState::connecting) {
        fail(node.name + ": a Child SA without an authenticated IKE SA");
      }
    }
  }
  for (const auto& [id, sa] : handler.installed) {
    if (!known.contains(id)) {
      fail(node.name + ": a Child SA in the data path that no IKE SA has");
    }
    // SPIs are never given out twice here, so that they stand for the installation.
    const ByteView out = sa.outbound_key.view();
    const auto [sender, fresh] = m_senders.emplace(Bytes(out.begin(), out.end()), sa.inbound_spi);
    if (!fresh && sender->second != sa.inbound_spi) {
      fail(node.name + ": a key to send with was in use before");
    }
  }
  if (known.size() != handler.installed.size()) {
    fail(node.name + ": a Child SA that is not in the data path");
  }
  if (views.size() > max_ike_sas || known.size() > max_child_sas ||
      handler.draining.size() > Limits{}.max_draining) {
    fail(node.name + ": more and more SAs");
  }
}

std::string Simulation::disagreement() const {
  // What each side believes: IKE SAs by their SPIs, Child SAs by SPIs and keys.
  std::map<std::pair<std::uint64_t, std::uint64_t>, unsigned> ike_sas;
  std::map<std::pair<std::uint32_t, std::uint32_t>, unsigned> children;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Bytes> keys;
  for (const Node& node : m_nodes) {
    for (const IkeSaView& view : node.stack->list()) {
      if (view.state != IkeSaState::established) {
        return node.name + " has an IKE SA that is " + std::string(to_string(view.state));
      }
      ++ike_sas[{view.initiator_spi, view.responder_spi}];
    }
    for (const auto& [id, sa] : node.handler->installed) {
      const auto spis = std::minmax(sa.inbound_spi, sa.outbound_spi);
      const bool lower = sa.inbound_spi == spis.first;
      const ByteView key = (lower ? sa.inbound_key : sa.outbound_key).view();
      Bytes to_lower(key.begin(), key.end());
      const auto [known, fresh] = keys.emplace(spis, to_lower);
      if (!fresh && known->second != to_lower) {
        return node.name + " has other keys than its peer";
      }
      if (sa.receive_only) {
        return node.name + " has a Child SA that does not send";
      }
      ++children[spis];
    }
  }
  for (const auto& [spis, sides] : ike_sas) {
    if (sides != 2) {
      return "an IKE SA that only one side has";
    }
  }
  for (const auto& [spis, sides] : children) {
    if (sides != 2) {
      return "a Child SA that only one side has";
    }
  }
  return {};
}

// Liveness checks, retransmissions and the timer of replaced SAs bring both sides to one view, whatever
// happened before.
void Simulation::converge() {
  note("calm");
  m_weather = {};
  for (Node& node : m_nodes) {
    node.handler->refuse_installation = false;
  }
  // The longest way: a timer of three minutes, a liveness check, and all retransmissions after each.
  const Instant at_most = m_now + 15min;
  do {
    advance(m_now + 20s);
  } while (m_now < at_most && m_failure.empty() && !disagreement().empty());
  if (m_failure.empty() && !disagreement().empty()) {
    fail("no agreement: " + disagreement());
  }
  for (Node& node : m_nodes) {
    node.stack->shut_down(clock_of(node));
  }
  advance(m_now + 20min);
  for (Node& node : m_nodes) {
    const auto counters = node.stack->counters();
    for (const std::string_view never : {"state_move_illegal", "crypto_failed", "syntax_refused"}) {
      if (std::ranges::find(counters, never, &Counter::name)->value != 0) {
        fail(node.name + ": " + std::string(never));
      }
    }
    if (!node.stack->list().empty() || !node.handler->installed.empty() || !node.handler->reserved.empty() ||
        !node.handler->draining.empty() || node.stack->next_timer()) {
      fail(node.name + ": something is left after the end");
    }
  }
}

}  // namespace espgate::ike::test
