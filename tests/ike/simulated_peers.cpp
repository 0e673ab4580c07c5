#include "simulated_peers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/hex.h"

namespace espgate::ike::test {
namespace {

ChildSa copy_of(const ChildSa& sa) {
  ChildSa copy;
  copy.id = sa.id;
  copy.ike_sa = sa.ike_sa;
  copy.connection = sa.connection;
  copy.child = sa.child;
  copy.proposal = sa.proposal;
  copy.esn = sa.esn;
  copy.transport_mode = sa.transport_mode;
  copy.inbound_spi = sa.inbound_spi;
  copy.outbound_spi = sa.outbound_spi;
  copy.inbound_key = sa.inbound_key.clone();
  copy.outbound_key = sa.outbound_key.clone();
  copy.inbound_integrity_key = sa.inbound_integrity_key.clone();
  copy.outbound_integrity_key = sa.outbound_integrity_key.clone();
  copy.bytes = sa.bytes;
  copy.packets = sa.packets;
  copy.replaces = sa.replaces;
  copy.receive_only = sa.receive_only;
  copy.local_address = sa.local_address;
  copy.remote_address = sa.remote_address;
  copy.udp_encapsulation = sa.udp_encapsulation;
  copy.local_port = sa.local_port;
  copy.remote_port = sa.remote_port;
  copy.local_ts = sa.local_ts;
  copy.remote_ts = sa.remote_ts;
  return copy;
}

}  // namespace

Expected<std::uint32_t> BookkeepingHandler::allocate_spi() {
  if (refuse_allocation) {
    return fail("the test has no SPI to give");
  }
  const std::uint32_t spi = first_spi + ++m_next;
  reserved.insert(spi);
  return spi;
}

void BookkeepingHandler::release_spi(std::uint32_t spi) {
  faults += reserved.erase(spi) == 1 ? 0U : 1U;
}

Expected<> BookkeepingHandler::install(const ChildSa& sa) {
  if (refuse_installation) {
    return fail("the test refuses to install");
  }
  faults += reserved.erase(sa.inbound_spi) == 1 ? 0U : 1U;
  faults += installed.emplace(sa.id, copy_of(sa)).second ? 0U : 1U;
  ++installations;
  if (!sa.receive_only) {
    senders.push_back(sa.id);
  }
  return {};
}

void BookkeepingHandler::use_outbound(ChildSaId id) {
  const auto at = installed.find(id);
  faults += at != installed.end() && at->second.receive_only ? 0U : 1U;
  if (at != installed.end()) {
    at->second.receive_only = false;
    senders.push_back(id);
  }
}

bool BookkeepingHandler::move(ChildSaId id, const Endpoint& local, const Endpoint& remote) {
  const auto at = installed.find(id);
  faults += at != installed.end() ? 0U : 1U;
  if (!can_move || at == installed.end()) {
    return false;
  }
  at->second.local_address = local.address;
  at->second.local_port = local.port;
  at->second.remote_address = remote.address;
  at->second.remote_port = remote.port;
  return true;
}

void BookkeepingHandler::remove(ChildSaId id) {
  faults += installed.erase(id) == 1 ? 0U : 1U;
  std::erase(senders, id);
}

Peer::Peer(std::uint64_t seed, const IpAddress& own_address, const Limits& limits)
    : address(own_address), random(seed), stack(Stack::create(random, handler, limits)) {}

std::uint64_t Peer::counter(std::string_view name) const {
  const auto all = stack->counters();
  const auto at = std::ranges::find(all, name, &Counter::name);
  return at == all.end() ? ~std::uint64_t{0} : at->value;
}

std::vector<Event> Peer::of(Event::Kind kind) const {
  std::vector<Event> found;
  std::ranges::copy_if(events, std::back_inserter(found), [kind](const Event& e) { return e.kind == kind; });
  return found;
}

bool Peer::is_empty() const {
  return stack->list().empty() && handler.installed.empty() && handler.reserved.empty() &&
         handler.faults == 0 && counter("state_move_illegal") == 0;
}

Network::Network(std::uint64_t seed, const Limits& limits)
    : a(2 * seed, *IpAddress::parse("192.0.2.1"), limits),
      b((2 * seed) + 1, *IpAddress::parse("192.0.2.2"), limits),
      m_engine(seed ^ 0x5eed) {
  b.handler.first_spi = 0xd0000000;
}

Peer* Network::owner(const IpAddress& address) {
  if (address == a.address) {
    return &a;
  }
  return address == b.address ? &b : nullptr;
}

void Network::collect() {
  for (Peer* peer : {&a, &b}) {
    for (Datagram& datagram : peer->stack->take_datagrams()) {
      send(*peer, std::move(datagram));
    }
    std::ranges::move(peer->stack->take_keepalives(), std::back_inserter(peer->keepalives));
    for (Event& event : peer->stack->take_events()) {
      peer->events.push_back(std::move(event));
    }
  }
}

void Network::send(Peer& /*from*/, Datagram datagram) {
  sent.push_back(datagram);
  // From here on as the receiver sees it.
  std::swap(datagram.local, datagram.remote);
  if (on_the_way && !on_the_way(datagram)) {
    return;
  }
  std::uniform_real_distribution<double> chance(0, 1);
  std::uniform_int_distribution<std::int64_t> delay(weather.min_delay.count(), weather.max_delay.count());
  const int copies = 1 + (chance(m_engine) < weather.duplication ? 1 : 0);
  for (int i = 0; i < copies; ++i) {
    const std::chrono::milliseconds after(delay(m_engine));
    if (chance(m_engine) >= weather.loss) {
      m_in_flight.push_back({now + after, ++m_order, datagram});
    }
  }
}

void Network::inject(Peer& to, Datagram datagram) {
  datagram.local.address = to.address;
  to.stack->receive(datagram, now);
  collect();
}

void Network::hold() {
  on_the_way = [this](Datagram& datagram) {
    held.push_back(datagram);
    return false;
  };
  collect();
}

bool Network::deliver_held(Peer& to) {
  const auto at =
      std::ranges::find(held, to.address, [](const Datagram& datagram) { return datagram.local.address; });
  if (at == held.end()) {
    return false;
  }
  const Datagram datagram = std::move(*at);
  held.erase(at);
  to.stack->receive(datagram, now);
  collect();
  return true;
}

void Network::release() {
  on_the_way = {};
  for (const Datagram& datagram : std::exchange(held, {})) {
    if (Peer* to = owner(datagram.local.address)) {
      to->stack->receive(datagram, now);
      collect();
    }
  }
}

void Network::deliver_next() {
  const auto next =
      std::ranges::min_element(m_in_flight, {}, [](const InFlight& f) { return std::pair(f.at, f.order); });
  const InFlight flight = std::move(*next);
  m_in_flight.erase(next);
  now = std::max(now, flight.at);
  if (Peer* to = owner(flight.datagram.local.address)) {
    to->stack->receive(flight.datagram, now);
  }
  collect();
}

void Network::deliver() {
  collect();
  while (!m_in_flight.empty()) {
    deliver_next();
  }
}

void Network::run(std::chrono::seconds at_most) {
  const Instant deadline = now + at_most;
  collect();
  for (;;) {
    std::optional<Instant> arrival;
    for (const InFlight& flight : m_in_flight) {
      arrival = arrival ? std::min(*arrival, flight.at) : flight.at;
    }
    std::optional<Instant> timer;
    for (Peer* peer : {&a, &b}) {
      if (const auto at = peer->stack->next_timer()) {
        timer = timer ? std::min(*timer, *at) : *at;
      }
    }
    if (!arrival && !timer) {
      return;
    }
    if (std::min(arrival.value_or(Instant::max()), timer.value_or(Instant::max())) > deadline) {
      now = deadline;
      return;
    }
    if (arrival && (!timer || *arrival <= *timer)) {
      deliver_next();
      continue;
    }
    now = std::max(now, *timer);
    for (Peer* peer : {&a, &b}) {
      peer->stack->tick(now);
    }
    collect();
  }
}

ConnectionConfig make_connection(const Peer& own, const Peer& other, bool first) {
  ChildConfig child;
  child.name = "net";
  child.proposals = {*parse_esp_proposal("aes256gcm16-esn")};
  child.local_ts = {*TrafficSelector::parse(first ? "10.1.0.0/24" : "10.2.0.0/24")};
  child.remote_ts = {*TrafficSelector::parse(first ? "10.2.0.0/24" : "10.1.0.0/24")};
  child.lifetime = {};
  ConnectionConfig connection;
  connection.name = "site";
  connection.lifetime = {};
  connection.local_addresses = {{own.address, own.address}};
  connection.remote_addresses = {{other.address, other.address}};
  connection.proposals = {*parse_ike_proposal("aes256gcm16-prfsha256-x25519")};
  connection.local_id = *Identity::parse(first ? "a.example.org" : "b.example.org");
  connection.remote_id = *Identity::parse(first ? "b.example.org" : "a.example.org");
  connection.children = {child};
  return connection;
}

std::vector<SharedSecret> make_secrets(std::string_view psk) {
  std::vector<SharedSecret> secrets;
  SharedSecret& secret = secrets.emplace_back();
  secret.owners = {*Identity::parse("a.example.org"), *Identity::parse("b.example.org")};
  secret.value = Secret(Bytes(psk.begin(), psk.end()));
  return secrets;
}

void configure(Network& network,
               const std::function<void(ConnectionConfig& a, ConnectionConfig& b)>& change) {
  ConnectionConfig a = make_connection(network.a, network.b, true);
  ConnectionConfig b = make_connection(network.b, network.a, false);
  if (change) {
    change(a, b);
  }
  static_cast<void>(network.a.stack->load_connection(std::move(a)));
  static_cast<void>(network.b.stack->load_connection(std::move(b)));
  network.a.stack->load_shared_secrets(make_secrets());
  network.b.stack->load_shared_secrets(make_secrets());
}

void expect_crosswise(const Network& network) {
  ASSERT_EQ(network.a.handler.installed.size(), 1U);
  ASSERT_EQ(network.b.handler.installed.size(), 1U);
  const ChildSa& a = network.a.handler.installed.begin()->second;
  const ChildSa& b = network.b.handler.installed.begin()->second;
  EXPECT_EQ(a.inbound_spi, b.outbound_spi);
  EXPECT_EQ(a.outbound_spi, b.inbound_spi);
  EXPECT_FALSE(a.inbound_key.empty() && a.inbound_integrity_key.empty());
  EXPECT_EQ(to_hex(a.inbound_key.view()), to_hex(b.outbound_key.view()));
  EXPECT_EQ(to_hex(a.outbound_key.view()), to_hex(b.inbound_key.view()));
  EXPECT_NE(to_hex(a.outbound_key.view()) + to_hex(a.outbound_integrity_key.view()),
            to_hex(a.inbound_key.view()) + to_hex(a.inbound_integrity_key.view()));
  EXPECT_EQ(to_hex(a.inbound_integrity_key.view()), to_hex(b.outbound_integrity_key.view()));
  EXPECT_EQ(to_hex(a.outbound_integrity_key.view()), to_hex(b.inbound_integrity_key.view()));
  EXPECT_EQ(a.esn, b.esn);
  EXPECT_EQ(a.proposal, b.proposal);
  EXPECT_EQ(a.local_ts, b.remote_ts);
  EXPECT_EQ(a.remote_ts, b.local_ts);
  EXPECT_EQ(a.udp_encapsulation, b.udp_encapsulation);
}

void expect_agreed(const Network& network) {
  const auto with_inbound = [](const BookkeepingHandler& handler, std::uint32_t spi) -> const ChildSa* {
    const auto at = std::ranges::find_if(
        handler.installed, [spi](const auto& entry) { return entry.second.inbound_spi == spi; });
    return at == handler.installed.end() ? nullptr : &at->second;
  };
  EXPECT_EQ(network.a.handler.installed.size(), network.b.handler.installed.size());
  for (const auto& [own, other] : {std::pair(&network.a.handler, &network.b.handler),
                                   std::pair(&network.b.handler, &network.a.handler)}) {
    EXPECT_EQ(own->faults, 0U);
    for (const auto& [id, sa] : own->installed) {
      const ChildSa* there = with_inbound(*other, sa.outbound_spi);
      ASSERT_NE(there, nullptr);
      EXPECT_EQ(there->outbound_spi, sa.inbound_spi);
      EXPECT_EQ(to_hex(sa.outbound_key.view()), to_hex(there->inbound_key.view()));
      EXPECT_EQ(to_hex(sa.inbound_key.view()), to_hex(there->outbound_key.view()));
      EXPECT_EQ(sa.local_ts, there->remote_ts);
      EXPECT_EQ(sa.proposal, there->proposal);
      EXPECT_FALSE(sa.receive_only);
    }
  }
}

void expect_empty(const Network& network) {
  for (const Peer* peer : {&network.a, &network.b}) {
    SCOPED_TRACE(peer == &network.a ? "A" : "B");
    EXPECT_TRUE(peer->stack->list().empty());
    EXPECT_FALSE(peer->stack->next_timer());
    EXPECT_TRUE(peer->handler.installed.empty());
    EXPECT_TRUE(peer->handler.senders.empty());
    EXPECT_TRUE(peer->handler.reserved.empty());
    EXPECT_EQ(peer->handler.faults, 0U);
    EXPECT_EQ(peer->counter("state_move_illegal"), 0U);
    EXPECT_EQ(peer->counter("crypto_failed"), 0U);
  }
}

IkeSaId come_up(Network& network) {
  const auto id = network.a.stack->initiate("site", "net", network.now);
  EXPECT_TRUE(id) << id.error().message;
  network.run();
  return id.value_or(0);
}

}  // namespace espgate::ike::test
