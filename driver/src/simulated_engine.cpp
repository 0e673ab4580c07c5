#include "simulated_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace espgate::driver {
namespace {

// A call of poll() runs the clock no longer than this, so that a daemon's event loop stays responsive.
constexpr std::uint32_t cycles_per_poll = 2000;
// Between two looks at the completions.
constexpr std::uint32_t cycles_per_step = 16;
// The longest packet has 257 beats; whatever the streams' hesitation, an engine that finishes nothing for so
// long hangs.
constexpr std::uint64_t hang_cycles = 2'000'000;
// The streams' length field has 16 bits.
constexpr std::size_t longest_frame = UINT16_MAX;
constexpr std::uint32_t no_row = 0xffff;
// Packets that may finish before the core's event queue is looked at: it has room for what these and those of
// one more step can raise.
constexpr std::uint32_t packets_per_event_check = 16;

constexpr sim::Side side_of(Direction direction) {
  return direction == Direction::outbound ? sim::Side::outbound : sim::Side::inbound;
}

void count(DirectionCounters& counters, Verdict verdict, std::size_t bytes) {
  ++counters.packets_in;
  counters.bytes_in += bytes;
  ++counters.verdicts.at(static_cast<std::size_t>(verdict));
}

void add(DirectionCounters& to, const DirectionCounters& from) {
  to.packets_in += from.packets_in;
  to.bytes_in += from.bytes_in;
  to.events_lost += from.events_lost;
  for (std::size_t code = 0; code < to.verdicts.size(); ++code) {
    to.verdicts.at(code) += from.verdicts.at(code);
  }
}

}  // namespace

Expected<std::unique_ptr<SimulatedEngine>> SimulatedEngine::create(const SimulatedEngineOptions& options) {
  auto core = sim::EspCore::create(options.trace_path);
  if (!core) {
    return std::unexpected(core.error());
  }
  return create(std::move(*core));
}

Expected<std::unique_ptr<SimulatedEngine>> SimulatedEngine::create(std::unique_ptr<sim::EspCore> core) {
  auto registers = std::make_unique<Registers>(*core);
  auto tables = card::SaTables::create(*registers, "simulated");
  if (!tables) {
    return std::unexpected(tables.error());
  }
  // An index that the requests' 16 bits cannot carry must be one of no row.
  if (tables->capabilities().outbound_sas > no_row) {
    return fail(fmt::format("an outbound SA table of {} rows is more than this driver can address",
                            tables->capabilities().outbound_sas));
  }
  return std::unique_ptr<SimulatedEngine>(
      new SimulatedEngine(std::move(core), std::move(registers), std::move(*tables)));
}

SimulatedEngine::SimulatedEngine(std::unique_ptr<sim::EspCore> core, std::unique_ptr<Registers> registers,
                                 card::SaTables tables)
    : m_core(std::move(core)), m_registers(std::move(registers)), m_tables(std::move(tables)) {}

std::unique_ptr<sim::EspCore> SimulatedEngine::reset() && {
  m_core->reset();
  return std::move(m_core);
}

Expected<SaIndex> SimulatedEngine::add_outbound(const OutboundSa& sa) {
  return m_tables.add_outbound(sa);
}

Expected<SaIndex> SimulatedEngine::add_inbound(const InboundSa& sa) {
  return m_tables.add_inbound(sa);
}

Expected<> SimulatedEngine::remove(Direction direction, SaIndex index) {
  if (auto drained = drain(direction); !drained) {
    return drained;
  }
  auto removed = m_tables.remove(direction, index);
  if (removed) {
    take_events();
    m_events.forget(direction, index.value);
  }
  return removed;
}

Expected<> SimulatedEngine::renew_lease(SaIndex outbound, std::uint64_t lease_limit,
                                        std::uint64_t lease_low) {
  auto renewed = m_tables.renew_lease(outbound, lease_limit, lease_low);
  if (renewed) {
    take_events();
    m_events.forget(Direction::outbound, outbound.value, kinds_of(Event::Kind::lease_low));
  }
  return renewed;
}

std::size_t SimulatedEngine::submit(Direction direction, std::span<const PacketRequest> requests) {
  std::size_t taken = 0;
  while (taken < requests.size() && in_flight(direction) < queue_packets && m_failure.empty()) {
    enqueue(direction, requests[taken++]);
  }
  return taken;
}

void SimulatedEngine::enqueue(Direction direction, const PacketRequest& request) {
  assert(request.output.size() >= request.input.size() + max_expansion);
  Pending pending{.cookie = request.cookie,
                  .sa = request.sa,
                  .lookup = request.kind == RequestKind::lookup,
                  .output = request.output,
                  .answer = {}};
  if (request.input.empty() || request.input.size() > longest_frame) {
    pending.answer = m_self_test_failed      ? Verdict::self_test_failed
                     : request.input.empty() ? Verdict::header_malformed
                                             : Verdict::too_long;
    count(half(direction).counted_here, *pending.answer, request.input.size());
  } else {
    m_core->send(side_of(direction),
                 {.sa = std::min(request.sa.value, no_row),
                  .lookup = pending.lookup,
                  .dummy = request.kind == RequestKind::dummy,
                  .spd = request.spd},
                 request.input);
  }
  half(direction).pending.push(pending);
}

std::size_t SimulatedEngine::poll(Direction direction, std::span<Completion> completions) {
  run(direction, completions.size(), cycles_per_poll);
  Ring<Completion>& ready = half(direction).ready;
  std::size_t count = 0;
  while (count < completions.size() && !ready.empty()) {
    completions[count++] = ready.pop();
  }
  return count;
}

std::size_t SimulatedEngine::in_flight(Direction direction) const {
  const Half& packets = direction == Direction::outbound ? m_outbound : m_inbound;
  return packets.pending.size() + packets.ready.size();
}

void SimulatedEngine::run(Direction direction, std::size_t wanted, std::uint32_t cycles) {
  const Half& packets = half(direction);
  collect(Direction::outbound);
  collect(Direction::inbound);
  for (std::uint32_t spent = 0;
       spent < cycles && packets.ready.size() < wanted && !packets.pending.empty() && m_failure.empty();
       spent += cycles_per_step) {
    m_core->clock(cycles_per_step);
    m_idle_cycles += cycles_per_step;
    collect(Direction::outbound);
    collect(Direction::inbound);
    if (m_finished >= packets_per_event_check) {
      take_events();
    }
    if (m_idle_cycles > hang_cycles) {
      m_failure = fmt::format("engine simulated finished no packet for {} cycles", m_idle_cycles);
    }
  }
}

Expected<> SimulatedEngine::drain(Direction direction) {
  while (!half(direction).pending.empty()) {
    if (!m_failure.empty()) {
      return fail(m_failure);
    }
    run(direction, queue_packets + 1, cycles_per_poll);
  }
  return {};
}

void SimulatedEngine::collect(Direction direction) {
  Half& packets = half(direction);
  while (!packets.pending.empty() && m_failure.empty()) {
    const Pending& oldest = packets.pending.front();
    sim::Done done;
    if (oldest.answer) {
      done.verdict = static_cast<std::uint8_t>(*oldest.answer);
    } else if (const auto finished = m_core->done(side_of(direction), oldest.output)) {
      done = *finished;
    } else {
      return;
    }
    m_idle_cycles = 0;
    ++m_finished;
    packets.ready.push(complete(direction, oldest, done));
    packets.pending.pop();
  }
}

Completion SimulatedEngine::complete(Direction direction, const Pending& pending, const sim::Done& done) {
  Completion completion{.cookie = pending.cookie,
                        .verdict = static_cast<Verdict>(done.verdict),
                        .sa = pending.sa,
                        .length = done.length,
                        .next_hop = {}};
  if (done.verdict >= verdict_count || done.length > pending.output.size()) {
    m_failure = fmt::format("engine simulated answered with verdict {} and length {}, which do not exist",
                            done.verdict, done.length);
    completion.verdict = Verdict::header_malformed;
    completion.length = 0;
  }
  const bool ok = completion.verdict == Verdict::ok;
  if (direction == Direction::inbound) {
    // Only a packet whose SPI was found has an SA.
    completion.sa = {ok || completion.verdict > Verdict::unknown_spi ? done.sa : 0};
  } else if (pending.lookup) {
    completion.sa = {ok || completion.verdict >= Verdict::sa_invalid ? done.sa : 0};
  }
  for (std::size_t i = 0; ok && i < completion.next_hop.size(); ++i) {
    completion.next_hop.at(i) = static_cast<std::uint8_t>(done.next_hop >> (40 - 8 * i));
  }
  return completion;
}

void SimulatedEngine::take_events() {
  m_finished = 0;
  while (const auto raised = m_tables.next_event()) {
    if (!m_events.push(raised->direction, raised->row, raised->kinds)) {
      ++half(raised->direction).counted_here.events_lost;
    }
  }
}

std::size_t SimulatedEngine::poll_events(std::span<Event> events) {
  if (m_finished > 0) {
    take_events();
  }
  return m_events.poll(events);
}

Expected<Counters> SimulatedEngine::counters() {
  auto counters = m_tables.counters();
  if (counters) {
    add(counters->outbound, m_outbound.counted_here);
    add(counters->inbound, m_inbound.counted_here);
  }
  return counters;
}

Expected<OutboundSaCounters> SimulatedEngine::outbound_sa_counters(SaIndex index) {
  return m_tables.outbound_sa_counters(index);
}

Expected<InboundSaCounters> SimulatedEngine::inbound_sa_counters(SaIndex index) {
  return m_tables.inbound_sa_counters(index);
}

Expected<> SimulatedEngine::self_test(SelfTest how) {
  for (const Direction direction : {Direction::outbound, Direction::inbound}) {
    if (auto drained = drain(direction); !drained) {
      return drained;
    }
  }
  auto tested = m_tables.self_test(how);
  m_self_test_failed = !tested;
  return tested;
}

Expected<> SimulatedEngine::health() {
  if (!m_failure.empty()) {
    return fail(m_failure);
  }
  return m_tables.health();
}

Expected<std::unique_ptr<Engine>> make_simulated_engine(const SimulatedEngineOptions& options) {
  return SimulatedEngine::create(options);
}

}  // namespace espgate::driver
