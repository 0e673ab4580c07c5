#include "offload/data_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "carry.h"
#include "driver/sequence.h"
#include "engine_data_path.h"
#include "lease.h"

namespace espgate::offload {

namespace {

// Packets in flight per direction. At 1500 bytes and 10 Gb/s this is a third of a millisecond.
constexpr std::size_t pool_slots = 256;
// Bypassed packets between two polls.
constexpr std::size_t bypass_slots = 64;
// Bounds on one poll(), so that the caller's event loop keeps turning.
constexpr int completion_batches_per_poll = 4;
constexpr int event_batches_per_poll = 4;

}  // namespace

std::unique_ptr<DataPath> DataPath::create(std::unique_ptr<driver::Engine> engine, PacketSink& sink,
                                           const LeasePolicy& lease, Standby standby) {
  return std::make_unique<EngineDataPath>(std::move(engine), sink, lease, std::move(standby));
}

EngineDataPath::EngineDataPath(std::unique_ptr<driver::Engine> engine, PacketSink& sink,
                               const LeasePolicy& lease, Standby standby)
    : m_engine(std::move(engine)),
      m_standby(std::move(standby)),
      m_sink(sink),
      m_lease(lease),
      m_longest_packet(capabilities().max_packet_bytes),
      m_outbound(make_lane(driver::Direction::outbound)),
      m_inbound(make_lane(driver::Direction::inbound)),
      m_bypass_pool(bypass_slots, capabilities().max_packet_bytes, 0) {
  m_bypassed.reserve(bypass_slots);
}

// The engine goes before the buffers that it may still use.
EngineDataPath::~EngineDataPath() {
  m_engine.reset();
}

EngineDataPath::Lane EngineDataPath::make_lane(driver::Direction direction) const {
  const std::size_t longest = capabilities().max_packet_bytes;
  const bool outbound = direction == driver::Direction::outbound;
  return {
      .direction = direction,
      .too_long = outbound ? PolicyReason::outbound_too_long : PolicyReason::inbound_too_long,
      .queue_full = outbound ? PolicyReason::outbound_queue_full : PolicyReason::inbound_queue_full,
      .engine_failed = outbound ? PolicyReason::outbound_engine_failed : PolicyReason::inbound_engine_failed,
      .engine_lost = outbound ? PolicyReason::outbound_engine_lost : PolicyReason::inbound_engine_lost,
      .pool = PacketPool(pool_slots, longest, longest + driver::max_expansion)};
}

// ---- Child SAs

Expected<> EngineDataPath::can_carry(const ChildSaSpec& spec) const {
  return check_kind(m_engine->capabilities(), spec);
}

void EngineDataPath::release_spi(std::uint32_t spi) {
  const bool installed =
      std::ranges::any_of(m_sad.all(), [spi](const auto& entry) { return entry.second.inbound_spi == spi; });
  if (!installed) {
    m_spis.release(spi);
  }
}

Expected<> EngineDataPath::install(const ChildSaSpec& spec) {
  if (auto kind = check_kind(m_engine->capabilities(), spec); !kind) {
    return kind;
  }
  if (auto values = check_values(spec); !values) {
    return values;
  }
  if (m_sad.find(spec.id) != nullptr) {
    return fail(fmt::format("child '{}': Child SA {} is installed already", spec.name, spec.id));
  }

  driver::InboundSa inbound_sa = to_inbound(spec);
  const auto inbound = m_engine->add_inbound(inbound_sa);
  if (!inbound) {
    return fail(fmt::format("child '{}': the {} engine refused the inbound SA {:08x}: {}", spec.name,
                            capabilities().name, spec.inbound_spi, inbound.error().message));
  }
  const Lease lease = first_lease(m_lease, spec.esn, driver::OutboundSa{}.next_sequence);
  driver::OutboundSa outbound_sa = to_outbound(spec, lease);
  const auto outbound = m_engine->add_outbound(outbound_sa);
  if (!outbound) {
    remove_half(driver::Direction::inbound, *inbound);
    return fail(fmt::format("child '{}': the {} engine refused the outbound SA {:08x}: {}", spec.name,
                            capabilities().name, spec.outbound_spi, outbound.error().message));
  }

  m_spis.claim(spec.inbound_spi);
  m_sad.insert({.id = spec.id,
                .name = spec.name,
                .esn = spec.esn,
                .inbound_spi = spec.inbound_spi,
                .inbound = *inbound,
                .outbound = *outbound,
                .selectors = spec.selectors,
                .receive_only = spec.receive_only,
                .lease_limit = lease.limit,
                .inbound_sa = inbound_sa,
                .outbound_sa = outbound_sa,
                .highest_limit = lease.limit,
                .highest_delivered = 0});
  return {};
}

void EngineDataPath::remove(std::uint32_t id) {
  const Sa* sa = m_sad.find(id);
  if (sa == nullptr) {
    return;
  }
  if (sa->renewal_due) {
    --m_renewals_due;
  }
  remove_half(driver::Direction::outbound, sa->outbound);
  remove_half(driver::Direction::inbound, sa->inbound);
  m_spis.release(sa->inbound_spi);
  m_sad.erase(id);
}

void EngineDataPath::remove_half(driver::Direction direction, driver::SaIndex index) {
  if (!m_engine->remove(direction, index)) {
    m_counters.count(PolicyReason::sa_remove_failed);
  }
}

// ---- Packets in

void EngineDataPath::submit_outbound(ByteView packet) {
  const auto fields = PacketFields::parse(packet);
  if (!fields) {
    return m_counters.count(PolicyReason::outbound_malformed);
  }
  const SpdEntry* entry = m_spd.lookup_outbound(*fields);
  if (entry == nullptr) {
    return m_counters.count(PolicyReason::outbound_no_policy);
  }
  switch (entry->action) {
    case Action::discard:
      return m_counters.count(PolicyReason::outbound_policy_discard);
    case Action::bypass:
      return bypass(packet);
    case Action::protect:
      break;
  }
  const Sa* sa = m_sad.choose_outbound(entry->name, *fields);
  if (sa == nullptr) {
    const bool held = entry->on_demand && m_sink.hold(entry->name, packet);
    return m_counters.count(held ? PolicyReason::outbound_held : PolicyReason::outbound_no_sa);
  }
  submit(m_outbound, packet, sa->outbound);
}

void EngineDataPath::submit_inbound(ByteView packet) {
  submit(m_inbound, packet, {});
}

std::optional<PacketPool::Slot> EngineDataPath::take_buffer(PacketPool& pool, const Lane& lane,
                                                            ByteView packet) {
  if (packet.size() > m_longest_packet) {
    m_counters.count(lane.too_long);
    return std::nullopt;
  }
  const auto slot = pool.acquire();
  if (!slot) {
    m_counters.count(lane.queue_full);
    return std::nullopt;
  }
  // Not ranges::copy: from const bytes libstdc++ 12 makes a loop of it.
  std::copy_n(packet.begin(), packet.size(), pool.input(*slot).begin());
  return slot;
}

void EngineDataPath::submit(Lane& lane, ByteView packet, driver::SaIndex sa) {
  if (m_watch.failed()) {
    return m_counters.count(lane.engine_failed);
  }
  const auto slot = take_buffer(lane.pool, lane, packet);
  if (!slot) {
    return;
  }
  const driver::PacketRequest request{.cookie = *slot,
                                      .sa = sa,
                                      .input = lane.pool.input(*slot).first(packet.size()),
                                      .output = lane.pool.output(*slot)};
  if (m_engine->submit(lane.direction, std::span(&request, 1)) == 0) {
    lane.pool.release(*slot);
    m_watch.refused();
    // What has no packet within it is not full.
    m_counters.count(lane.pool.used() > 0 ? lane.queue_full : lane.engine_failed);
  }
}

// The sink is called from poll() only, so the packet waits there.
void EngineDataPath::bypass(ByteView packet) {
  if (const auto slot = take_buffer(m_bypass_pool, m_outbound, packet)) {
    m_counters.count(PolicyReason::outbound_bypass);
    m_bypassed.push_back({*slot, packet.size()});
  }
}

// ---- Packets out

bool EngineDataPath::poll() {
  deliver_bypassed();
  const auto waiting = [this] { return m_outbound.pool.used() + m_inbound.pool.used() > 0; };
  if (m_watch.failed()) {
    recover_engine();
  } else {
    const std::size_t finished = deliver(m_outbound) + deliver(m_inbound);
    take_events();
    renew_leases();
    if (m_watch.polled(finished, waiting())) {
      if (auto health = m_engine->health(); !health) {
        engine_failed(std::move(health.error().message));
      }
    }
  }
  return !m_bypassed.empty() || (m_watch.failed() ? !m_watch.given_up() : waiting());
}

void EngineDataPath::deliver_bypassed() {
  // The sink may submit, so what is added meanwhile waits for the next poll.
  const std::size_t count = m_bypassed.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto [slot, length] = m_bypassed[i];
    m_sink.to_unprotected(m_bypass_pool.input(slot).first(length));
    m_bypass_pool.release(slot);
  }
  m_bypassed.erase(m_bypassed.begin(), m_bypassed.begin() + static_cast<std::ptrdiff_t>(count));
}

std::size_t EngineDataPath::deliver(Lane& lane) {
  std::size_t finished = 0;
  for (int batch = 0; batch < completion_batches_per_poll; ++batch) {
    const std::size_t count = std::min(m_engine->poll(lane.direction, m_completions), m_completions.size());
    for (const driver::Completion& completion : std::span(m_completions).first(count)) {
      finish(lane, completion);
    }
    finished += count;
    if (count < m_completions.size()) {
      break;
    }
  }
  return finished;
}

void EngineDataPath::finish(Lane& lane, const driver::Completion& completion) {
  // A card writes completions into memory on its own: what they say is outside input.
  if (!lane.pool.in_use(completion.cookie)) {
    return m_counters.count(PolicyReason::completion_invalid);
  }
  const auto slot = static_cast<PacketPool::Slot>(completion.cookie);
  const ByteView output = lane.pool.output(slot);
  if (completion.verdict == driver::Verdict::ok) {
    if (completion.length > output.size()) {
      m_counters.count(PolicyReason::completion_invalid);
    } else if (lane.direction == driver::Direction::outbound) {
      m_sink.to_unprotected(output.first(completion.length));
    } else {
      Sa* sa = m_sad.find_by_inbound(completion.sa);
      const auto sequence = driver::esp_sequence(lane.pool.input(slot));
      if (sa != nullptr && sequence) {
        sa->highest_delivered = driver::highest_after(sa->highest_delivered, *sequence, sa->esn);
      }
      m_sink.to_protected(output.first(completion.length));
    }
  } else if (completion.verdict == driver::Verdict::lease_exhausted) {
    // The event that asks in time may be lost, and without another lease none would ever come.
    ask_for_renewal(completion.sa);
  }
  lane.pool.release(slot);
}

// ---- Leases

void EngineDataPath::take_events() {
  std::array<driver::Event, 16> events{};
  for (int batch = 0; batch < event_batches_per_poll; ++batch) {
    const std::size_t count = std::min(m_engine->poll_events(events), events.size());
    for (const driver::Event& event : std::span(events).first(count)) {
      take_event(event);
    }
    if (count < events.size()) {
      return;
    }
  }
}

void EngineDataPath::take_event(const driver::Event& event) {
  using Kind = driver::Event::Kind;
  switch (event.kind) {
    case Kind::lease_low:
      break;
    case Kind::sequence_exhausted:
      return m_counters.count(PolicyReason::sequence_exhausted);
    case Kind::icv_alarm:
      return m_counters.count(PolicyReason::icv_alarm);
    case Kind::replay_alarm:
      return m_counters.count(PolicyReason::replay_alarm);
    case Kind::soft_expired:
    case Kind::hard_expired:
      return m_counters.count(PolicyReason::lifetime_expired);
  }
  ask_for_renewal(event.sa);
}

void EngineDataPath::ask_for_renewal(driver::SaIndex outbound) {
  if (Sa* sa = m_sad.find_by_outbound(outbound)) {
    ask_for_renewal(*sa);
  }
}

void EngineDataPath::ask_for_renewal(Sa& sa) {
  if (!sa.renewal_due) {
    sa.renewal_due = true;
    ++m_renewals_due;
  }
}

void EngineDataPath::renew_leases() {
  if (m_renewals_due == 0) {
    return;
  }
  for (auto& [id, sa] : m_sad.all()) {
    if (!sa.renewal_due) {
      continue;
    }
    const auto lease = next_lease(m_lease, sa.esn, sa.lease_limit);
    sa.highest_limit = std::max(sa.highest_limit, lease ? lease->limit : sa.lease_limit);
    if (lease && !m_engine->renew_lease(sa.outbound, lease->limit, lease->low)) {
      m_counters.count(PolicyReason::lease_renewal_failed);
      continue;
    }
    // Without a further lease the engine stops at the end of the number space and counts sequence_overflow.
    if (lease) {
      sa.lease_limit = lease->limit;
    }
    sa.renewal_due = false;
    --m_renewals_due;
  }
}

// ---- Failure and recovery

// Packets within the engine are lost from here on, but their buffers may still be written until it is reset.
void EngineDataPath::engine_failed(std::string reason) {
  m_watch.fail(std::move(reason));
  m_counters.count(PolicyReason::engine_failed);
  for (const Lane* lane : {&m_outbound, &m_inbound}) {
    m_counters.count(lane->engine_lost, lane->pool.used());
  }
}

void EngineDataPath::recover_engine() {
  if (!m_watch.try_now()) {
    return;
  }
  auto recovered = m_engine->recover();
  if (recovered) {
    // Whatever follows, the engine has forgotten them.
    m_outbound.pool.release_all();
    m_inbound.pool.release_all();
    recovered = resume();
  }
  if (!recovered) {
    m_counters.count(PolicyReason::engine_recovery_failed);
    const std::string reason = fmt::format("{} (recovery {} of {} failed)", recovered.error().message,
                                           m_watch.tries(), EngineWatch::most_tries);
    m_watch.fail(reason + m_no_standby);
    if (m_standby && m_watch.tries() >= EngineWatch::tries_with_standby) {
      fail_over();
      if (!m_no_standby.empty()) {
        m_watch.fail(reason + m_no_standby);
      }
    }
    return;
  }
  m_counters.count(PolicyReason::engine_recovered);
  m_watch.recovered();
}

Expected<> EngineDataPath::resume() {
  for (auto& [id, sa] : m_sad.all()) {
    const auto counters = m_engine->outbound_sa_counters(sa.outbound);
    if (!counters) {
      return std::unexpected(counters.error());
    }
    // A lease that the engine was given counts, also when its answer was lost.
    sa.lease_limit = std::max(sa.lease_limit, counters->next_sequence);
    sa.highest_limit = std::max(sa.highest_limit, sa.lease_limit);
    ask_for_renewal(sa);
    for (auto* volume : {&sa.outbound_volume, &sa.inbound_volume}) {
      volume->before = volume->seen;
    }
  }
  renew_leases();
  return {};
}

namespace {

// An SA's volume is what its lifetime counts, and goes on where an engine that recovered began anew.
void add_before(auto& volume, auto& counters) {
  counters.packets += volume.before.packets;
  counters.bytes += volume.before.bytes;
  volume.seen = {.packets = counters.packets, .bytes = counters.bytes};
}

}  // namespace

Expected<Statistics> EngineDataPath::statistics() {
  if (m_watch.failed()) {
    return fail(m_watch.reason());
  }
  if (auto health = m_engine->health(); !health) {
    return std::unexpected(health.error());
  }
  const auto counters = m_engine->counters();
  if (!counters) {
    return std::unexpected(counters.error());
  }
  Statistics all{
      .engine = m_engine->capabilities(), .counters = *counters, .policy = m_counters.list(), .children = {}};
  for (auto& [id, sa] : m_sad.all()) {
    auto outbound = m_engine->outbound_sa_counters(sa.outbound);
    if (!outbound) {
      return std::unexpected(outbound.error());
    }
    auto inbound = m_engine->inbound_sa_counters(sa.inbound);
    if (!inbound) {
      return std::unexpected(inbound.error());
    }
    add_before(sa.outbound_volume, *outbound);
    add_before(sa.inbound_volume, *inbound);
    all.children.push_back({.id = id,
                            .name = sa.name,
                            .outbound = *outbound,
                            .inbound = *inbound,
                            .lease_limit = sa.lease_limit});
  }
  return all;
}

}  // namespace espgate::offload
