#include "card/card_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "card/lookaside_registers.h"

namespace espgate::driver::card {
namespace {

namespace shell = registers::lookaside_shell;

// At 1500 bytes and 100 Gb/s this is 30 microseconds of packets.
constexpr std::uint32_t ring_log2 = 8;
// One call of poll() runs a stepped card's clock no longer than this, so that an event loop stays responsive.
constexpr std::uint32_t cycles_per_poll = 2000;
// Between two looks at the completions.
constexpr std::uint32_t cycles_per_step = 16;
// Descriptors have 16 bits for the row, so that an index which they cannot carry must be one of no row.
constexpr std::uint32_t no_row = 0xffff;
constexpr std::size_t longest_capacity = UINT16_MAX;

constexpr std::size_t whole_lines(std::size_t bytes) {
  return (bytes + shell::alignment - 1) / shell::alignment * shell::alignment;
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

Expected<> check_shell(Card& card) {
  const std::uint32_t id = card.read(shell::reg_id);
  const std::uint32_t version = card.read(shell::reg_version);
  if (id != shell::id) {
    return fail(fmt::format(
        "the card's shell has id {:#010x} and should have {:#010x}: its image is not esp_lookaside", id,
        shell::id));
  }
  const std::uint32_t major = version >> shell::version_major.lsb;
  if (major != shell::major) {
    return fail(fmt::format(
        "the card's shell is of version {} and this driver of {}; load the hardware image that belongs "
        "to this release",
        major, shell::major));
  }
  return {};
}

}  // namespace

Expected<CardEngine::Lane> CardEngine::make_lane(Card& card, Direction direction,
                                                 const Capabilities& capabilities) {
  auto ring = LookasideRing::create(card, direction, ring_log2);
  if (!ring) {
    return std::unexpected(ring.error());
  }
  const std::size_t longest = capabilities.max_packet_bytes;
  auto inputs = card.allocate(ring->entries() * whole_lines(longest));
  if (!inputs) {
    return std::unexpected(inputs.error());
  }
  auto outputs = card.allocate(ring->entries() * whole_lines(longest + max_expansion));
  if (!outputs) {
    return std::unexpected(outputs.error());
  }
  const std::size_t packets = ring->entries();
  return Lane{.ring = std::move(*ring),
              .inputs = std::move(*inputs),
              .outputs = std::move(*outputs),
              .pending = Ring<Pending>(packets),
              .carried = std::vector<Carried>(direction == Direction::outbound ? capabilities.outbound_sas
                                                                               : capabilities.inbound_sas),
              .counted_here = {}};
}

Expected<std::unique_ptr<CardEngine>> CardEngine::create(std::unique_ptr<Card> card,
                                                         const CardEngineOptions& options) {
  auto tables = SaTables::create(*card, options.name);
  if (!tables) {
    return std::unexpected(tables.error());
  }
  if (tables->capabilities().outbound_sas > no_row) {
    return fail(fmt::format("an outbound SA table of {} rows is more than this driver can address",
                            tables->capabilities().outbound_sas));
  }
  if (auto known = check_shell(*card); !known) {
    return std::unexpected(known.error());
  }
  auto outbound = make_lane(*card, Direction::outbound, tables->capabilities());
  if (!outbound) {
    return std::unexpected(outbound.error());
  }
  auto inbound = make_lane(*card, Direction::inbound, tables->capabilities());
  if (!inbound) {
    return std::unexpected(inbound.error());
  }
  auto events = EventRing::create(*card);
  if (!events) {
    return std::unexpected(events.error());
  }
  return std::unique_ptr<CardEngine>(new CardEngine(std::move(card), options, std::move(*tables),
                                                    {std::move(*outbound), std::move(*inbound)},
                                                    std::move(*events)));
}

CardEngine::CardEngine(std::unique_ptr<Card> card, const CardEngineOptions& options, SaTables tables,
                       std::array<Lane, 2> lanes, EventRing events)
    : m_card(std::move(card)),
      m_options(options),
      m_tables(std::move(tables)),
      m_lanes(std::move(lanes)),
      m_event_ring(std::move(events)),
      m_watchdog(options.hang_cycles) {}

Expected<std::unique_ptr<Card>> CardEngine::reset(std::unique_ptr<CardEngine> engine) {
  auto reset = engine->m_card->reset();
  if (!reset) {
    return std::unexpected(reset.error());
  }
  // The rings go before the card, whose memory they are.
  std::unique_ptr<Card> card = std::move(engine->m_card);
  engine.reset();
  return card;
}

std::unexpected<Error> CardEngine::stop(std::string message) {
  m_failure = fmt::format("engine {}: {}", m_options.name, std::move(message));
  m_tables.abandon(m_failure);
  return fail(m_failure);
}

// ---- SAs

Expected<SaIndex> CardEngine::add_outbound(const OutboundSa& sa) {
  const auto added = m_tables.add_outbound(sa);
  if (added) {
    lane(Direction::outbound).carried.at(added->value) = {};
  }
  return added;
}

Expected<SaIndex> CardEngine::add_inbound(const InboundSa& sa) {
  const auto added = m_tables.add_inbound(sa);
  if (added) {
    lane(Direction::inbound).carried.at(added->value) = {.packets = 0, .bytes = 0, .highest = sa.replay_top};
  }
  return added;
}

Expected<> CardEngine::remove(Direction direction, SaIndex index) {
  // An engine that fails here has failed in everything, and the SA leaves the books all the same.
  const auto drained = drain(direction);
  auto removed = m_tables.remove(direction, index);
  take_events(/*all=*/true);
  if (removed || !drained) {
    m_events.forget(direction, index.value);
  }
  return drained ? removed : drained;
}

Expected<> CardEngine::renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) {
  auto renewed = m_tables.renew_lease(outbound, lease_limit, lease_low);
  if (renewed) {
    take_events(/*all=*/true);
    m_events.forget(Direction::outbound, outbound.value, kinds_of(Event::Kind::lease_low));
  }
  return renewed;
}

// ---- Packets

std::size_t CardEngine::submit(Direction direction, std::span<const PacketRequest> requests) {
  Lane& to = lane(direction);
  std::size_t taken = 0;
  while (taken < requests.size() && !to.pending.full() && !m_tables.failed()) {
    enqueue(to, requests[taken++]);
  }
  to.ring.announce();
  return taken;
}

void CardEngine::enqueue(Lane& lane, const PacketRequest& request) {
  assert(request.output.size() >= request.input.size() + max_expansion);
  Pending pending{.cookie = request.cookie,
                  .sa = request.sa,
                  .lookup = request.kind == RequestKind::lookup,
                  .input = request.input,
                  .output = request.output,
                  .in_place = {},
                  .answer = {}};
  if (request.input.empty() || request.input.size() > capabilities().max_packet_bytes) {
    pending.answer = m_self_test_failed      ? Verdict::self_test_failed
                     : request.input.empty() ? Verdict::header_malformed
                                             : Verdict::too_long;
    count(lane.counted_here, *pending.answer, request.input.size());
  } else {
    post(lane, request, pending);
  }
  lane.pending.push(pending);
}

void CardEngine::post(Lane& lane, const PacketRequest& request, Pending& pending) {
  const std::uint32_t entry = lane.ring.next_entry();
  auto input = m_packet_memory.find(request.input);
  if (!input) {
    input = {.buffer = lane.inputs.get(), .at = entry * (lane.inputs->bytes().size() / lane.ring.entries())};
    std::ranges::copy(request.input, input->buffer->bytes().subspan(input->at).begin());
  }
  input->buffer->to_card(input->at, request.input.size());
  const std::size_t room = lane.outputs->bytes().size() / lane.ring.entries();
  pending.in_place = m_packet_memory.find(request.output);
  const PacketMemory::Place output =
      pending.in_place.value_or(PacketMemory::Place{.buffer = lane.outputs.get(), .at = entry * room});
  const std::size_t capacity =
      pending.in_place ? request.output.size() : std::min(request.output.size(), room);
  lane.ring.post({.input = input->address(),
                  .output = output.address(),
                  .length = static_cast<std::uint32_t>(request.input.size()),
                  .capacity = static_cast<std::uint32_t>(std::min(capacity, longest_capacity)),
                  .sa = std::min(request.sa.value, no_row),
                  .spd = request.spd,
                  .kind = request.kind});
}

std::size_t CardEngine::poll(Direction direction, std::span<Completion> completions) {
  std::size_t count = 0;
  for (std::uint32_t spent = 0;;) {
    while (count < completions.size()) {
      const auto completion = take(direction);
      if (!completion) {
        break;
      }
      completions[count++] = *completion;
    }
    if (count == completions.size() || in_flight(direction) == 0 || !m_failure.empty()) {
      return count;
    }
    // A stepped card works only while it is waited for; another one works on its own.
    if (m_card->stepped() ? spent >= cycles_per_poll : count > 0 || spent > 0) {
      return count;
    }
    wait();
    spent += cycles_per_step;
  }
}

std::optional<Completion> CardEngine::take(Direction direction) {
  Lane& from = lane(direction);
  if (from.pending.empty() || !m_failure.empty()) {
    return std::nullopt;
  }
  const Pending& oldest = from.pending.front();
  std::optional<Completion> completion;
  if (oldest.answer) {
    completion = {
        .cookie = oldest.cookie, .verdict = *oldest.answer, .sa = oldest.sa, .length = 0, .next_hop = {}};
    if (direction == Direction::inbound || oldest.lookup) {
      completion->sa = {};
    }
  } else {
    const std::uint64_t expected = from.ring.expected_cookie();
    const std::size_t entry = from.ring.oldest_entry();
    const auto done = from.ring.take();
    if (!done) {
      return std::nullopt;
    }
    if (done->cookie != expected) {
      stop("the card completed a packet that is not the oldest; what it writes cannot be trusted");
      return std::nullopt;
    }
    completion = complete(direction, oldest, *done);
    if (completion && completion->length > 0) {
      if (oldest.in_place) {
        oldest.in_place->buffer->from_card(oldest.in_place->at, completion->length);
      } else {
        const std::size_t at = entry * (from.outputs->bytes().size() / from.ring.entries());
        from.outputs->from_card(at, completion->length);
        std::ranges::copy(from.outputs->bytes().subspan(at, completion->length), oldest.output.begin());
      }
    }
  }
  if (completion) {
    note(direction, oldest, *completion);
    m_watchdog.progress();
    ++m_finished;
    from.pending.pop();
  }
  return completion;
}

std::optional<Completion> CardEngine::complete(Direction direction, const Pending& pending,
                                               const LookasideRing::Done& done) {
  if (done.error != shell::error_none) {
    stop(fmt::format(
        "the card answered a packet with error {} (length, alignment, capacity, read, write are 1 to 5); "
        "does it reach the host's memory?",
        done.error));
    return std::nullopt;
  }
  const auto verdict = static_cast<Verdict>(done.verdict);
  const bool delivered = verdict == Verdict::ok || verdict == Verdict::bypassed;
  if (done.verdict >= verdict_count || !is_possible(verdict, direction) || delivered != (done.length != 0) ||
      done.length > pending.output.size()) {
    stop(fmt::format("the card answered with verdict {} and length {}, which no packet has", done.verdict,
                     done.length));
    return std::nullopt;
  }
  Completion completion{
      .cookie = pending.cookie, .verdict = verdict, .sa = pending.sa, .length = done.length, .next_hop = {}};
  const bool ok = verdict == Verdict::ok;
  if (direction == Direction::inbound) {
    // Only a packet whose SPI was found has an SA.
    completion.sa = {ok || verdict > Verdict::unknown_spi ? done.sa : 0};
  } else if (pending.lookup) {
    completion.sa = {ok || verdict >= Verdict::sa_invalid ? done.sa : 0};
  }
  for (std::size_t i = 0; ok && i < completion.next_hop.size(); ++i) {
    completion.next_hop.at(i) = static_cast<std::uint8_t>(done.next_hop >> (40 - 8 * i));
  }
  return completion;
}

void CardEngine::note(Direction direction, const Pending& pending, const Completion& completion) {
  if (completion.verdict != Verdict::ok) {
    return;
  }
  Lane& to = lane(direction);
  if (completion.sa.value >= to.carried.size()) {
    return;
  }
  Carried& carried = to.carried[completion.sa.value];
  ++carried.packets;
  carried.bytes += direction == Direction::outbound ? pending.input.size() : completion.length;
  const InboundSa* sa = direction == Direction::inbound ? m_tables.inbound_sa(completion.sa.value) : nullptr;
  if (sa == nullptr) {
    return;
  }
  if (const auto low = esp_sequence(pending.input)) {
    carried.highest = highest_after(carried.highest, *low, sa->esn);
  }
}

// ---- Waiting

void CardEngine::wait() {
  const Watchdog::Advice advice = m_watchdog.waited();
  if (advice != Watchdog::Advice::none && !is_there()) {
    return;
  }
  if (m_card->stepped()) {
    m_card->run(cycles_per_step);
    check_clock(std::uint64_t{m_watchdog.waits()} * cycles_per_step);
  } else if (advice == Watchdog::Advice::clock) {
    const auto counters = m_tables.counters();
    if (!counters) {
      stop(counters.error().message);
    } else {
      check_clock(counters->cycles);
    }
  }
}

bool CardEngine::is_there() {
  const std::uint32_t id = m_card->read(registers::reg_id);
  if (id == registers::engine_id) {
    return true;
  }
  stop(id == UINT32_MAX
           ? "the card does not answer (its id reads as all ones): it is gone, or lost its power"
           : fmt::format("the engine's id is {:#010x} and should be {:#010x}", id, registers::engine_id));
  return false;
}

void CardEngine::check_clock(std::uint64_t cycles) {
  if (m_watchdog.hangs_at(cycles)) {
    stop(fmt::format("the card has {} packets and finished none of them for {} clock cycles",
                     lane(Direction::outbound).ring.in_flight() + lane(Direction::inbound).ring.in_flight(),
                     m_options.hang_cycles));
  }
}

Expected<> CardEngine::drain(Direction direction) {
  while (m_failure.empty() && !lane(direction).ring.finished()) {
    wait();
  }
  return m_failure.empty() ? Expected<>{} : fail(m_failure);
}

// ---- Events

void CardEngine::take_events(bool all) {
  m_finished = 0;
  while (m_failure.empty()) {
    while (!m_events.full()) {
      const auto raised = m_event_ring.take();
      if (!raised) {
        break;
      }
      m_events.push(raised->direction, raised->row, raised->kinds);
    }
    m_event_ring.make_room();
    if (!all || m_events.full()) {
      return;
    }
    const auto more = m_event_ring.more_at_card();
    if (!more) {
      stop(more.error().message);
    } else if (!*more) {
      m_watchdog.progress();
      return;
    }
    wait();
  }
}

std::size_t CardEngine::poll_events(std::span<Event> events) {
  // A stepped card brings no event to memory while nobody runs its clock.
  take_events(m_card->stepped() && m_finished > 0);
  const std::size_t count = m_events.poll(events);
  // So that an idle engine, too, notices when its card goes.
  constexpr std::uint32_t between_looks = 64;
  if (count == 0 && m_failure.empty() && ++m_empty_event_polls % between_looks == 0) {
    is_there();
  }
  return count;
}

// ---- Counters and health

Expected<Counters> CardEngine::counters() {
  auto counters = m_tables.counters();
  if (counters) {
    add(counters->outbound, lane(Direction::outbound).counted_here);
    add(counters->inbound, lane(Direction::inbound).counted_here);
  }
  return counters;
}

Expected<> CardEngine::self_test(SelfTest how) {
  for (const Direction direction : {Direction::outbound, Direction::inbound}) {
    if (auto drained = drain(direction); !drained) {
      return drained;
    }
  }
  auto tested = m_tables.self_test(how);
  m_self_test_failed = !tested;
  return tested;
}

Expected<> CardEngine::recover() {
  if (auto reset = m_card->reset(); !reset) {
    return stop(reset.error().message);
  }
  m_failure.clear();
  m_self_test_failed = false;
  m_watchdog.progress();
  for (Lane& lane : m_lanes) {
    while (!lane.pending.empty()) {
      lane.pending.pop();
    }
    lane.counted_here = {};
  }
  Lane& outbound = lane(Direction::outbound);
  Lane& inbound = lane(Direction::inbound);
  if (auto programmed = m_tables.reprogram(outbound.carried, inbound.carried); !programmed) {
    return stop(programmed.error().message);
  }
  for (Lane* lane : {&outbound, &inbound}) {
    if (auto started = lane->ring.start(); !started) {
      return stop(started.error().message);
    }
  }
  if (auto started = m_event_ring.start(); !started) {
    return stop(started.error().message);
  }
  // No lease has a number left.
  for (std::uint32_t row = 0; row < capabilities().outbound_sas; ++row) {
    if (m_tables.outbound_sa(row) != nullptr) {
      m_events.forget(Direction::outbound, row, kinds_of(Event::Kind::lease_low));
      m_events.push(Direction::outbound, row, kinds_of(Event::Kind::lease_low));
    }
  }
  return {};
}

Expected<> CardEngine::health() {
  if (!m_failure.empty()) {
    return fail(m_failure);
  }
  return m_tables.health();
}

}  // namespace espgate::driver::card
