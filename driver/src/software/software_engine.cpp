// The software engine: the reference of what every engine answers. A packet is transformed at submit; its
// completion waits in a queue of fixed size, so that the caller sees the same flow as with hardware.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "driver/engine.h"
#include "event_queue.h"
#include "ring.h"
#include "sa_check.h"
#include "software/inbound.h"
#include "software/outbound.h"
#include "software/outer_packet.h"
#include "software/sa_table.h"
#include "software/self_test.h"
#include "software/spd_cache.h"

namespace espgate::driver {
namespace {

using software::InboundRow;
using software::InnerPacket;
using software::OutboundRow;
using software::OuterPacket;
using software::SpdCache;

constexpr std::size_t queue_packets = 1024;
constexpr std::uint32_t max_packet_bytes = 16384;

class SoftwareEngine final : public Engine {
 public:
  explicit SoftwareEngine(const SoftwareEngineOptions& options)
      : m_capabilities{.name = "software",
                       .version = "0.2",
                       .aes_gcm_128 = true,
                       .aes_gcm_256 = true,
                       .gmac_128 = true,
                       .gmac_256 = true,
                       .esn = true,
                       .tunnel = true,
                       .ipv6 = true,
                       .transport = true,
                       .udp_encapsulation = true,
                       .tfc = true,
                       .lifetimes = true,
                       .spd_cache = options.spd_cache_entries > 0,
                       .replay_window = software::ReplayWindow::largest,
                       .max_packet_bytes = max_packet_bytes,
                       .outbound_sas = options.outbound_sas,
                       .inbound_sas = options.inbound_sas,
                       .spd_cache_entries = options.spd_cache_entries},
        m_outbound_rows(options.outbound_sas),
        m_inbound_rows(options.inbound_sas),
        m_outbound(options.spd_cache_entries),
        m_inbound(options.spd_cache_entries) {
    m_spis.reserve(options.inbound_sas);
  }

  const Capabilities& capabilities() const override { return m_capabilities; }

  Expected<SaIndex> add_outbound(const OutboundSa& sa) override;
  Expected<SaIndex> add_inbound(const InboundSa& sa) override;
  Expected<> remove(Direction direction, SaIndex index) override;
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) override;
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) override;
  Expected<> forget_policy(Direction direction, const Flow& flow) override;

  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override;
  std::size_t poll(Direction direction, std::span<Completion> completions) override;
  std::size_t poll_events(std::span<Event> events) override { return m_events.poll(events); }
  std::size_t in_flight(Direction direction) const override { return half(direction).completions.size(); }

  Expected<Counters> counters() override {
    return Counters{.outbound = m_outbound.counters, .inbound = m_inbound.counters, .cycles = 0};
  }
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override;
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override;
  Expected<> self_test(SelfTest how) override;
  Expected<> health() override;

 private:
  struct Half {
    explicit Half(std::uint32_t spd_cache_entries) : cache(spd_cache_entries) {}

    Ring<Completion> completions{queue_packets};
    DirectionCounters counters;
    SpdCache cache;
  };
  Half& half(Direction direction) { return direction == Direction::outbound ? m_outbound : m_inbound; }
  const Half& half(Direction direction) const {
    return direction == Direction::outbound ? m_outbound : m_inbound;
  }
  void protect(const PacketRequest& request, Completion& completion);
  void unprotect(const PacketRequest& request, Completion& completion);
  Verdict prepare(const PacketRequest& request, InnerPacket& packet) const;
  // The verdict of a look-up; protect leaves the SA in the completion.
  Verdict look_up(const PacketRequest& request, const InnerPacket& packet, Completion& completion) const;
  void decide_cleartext(const PacketRequest& request, const OuterPacket& packet,
                        Completion& completion) const;
  void raise(Direction direction, std::uint32_t row, EventKinds kinds);

  Capabilities m_capabilities;
  software::SaTable<OutboundRow> m_outbound_rows;
  software::SaTable<InboundRow> m_inbound_rows;
  std::unordered_map<std::uint32_t, std::uint32_t> m_spis;  // SPI to inbound row
  EventQueue m_events;
  Half m_outbound;
  Half m_inbound;
  bool m_self_test_failed = false;
  const char* m_failure = nullptr;
};

std::unexpected<Error> no_such_sa(std::string_view direction, SaIndex index) {
  return fail(fmt::format("there is no {} SA {} in engine software", direction, index.value));
}

std::unexpected<Error> table_full(std::string_view direction, std::uint32_t rows) {
  return fail(fmt::format("the {} SA table of engine software is full ({} SAs)", direction, rows));
}

// What leaves the engine as it came.
void pass(ByteView packet, const PacketRequest& request, Completion& completion) {
  std::ranges::copy(packet, request.output.begin());
  completion.verdict = Verdict::bypassed;
  completion.length = static_cast<std::uint32_t>(packet.size());
}

Expected<SaIndex> SoftwareEngine::add_outbound(const OutboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  auto row = OutboundRow::create(sa);
  if (!row) {
    return fail("OpenSSL refuses the AES-GCM key; does its configuration leave AES-GCM available?");
  }
  const auto index = m_outbound_rows.insert(std::move(*row));
  if (!index) {
    return table_full("outbound", m_outbound_rows.rows());
  }
  return SaIndex{*index};
}

Expected<SaIndex> SoftwareEngine::add_inbound(const InboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  if (m_spis.contains(sa.spi)) {
    return fail(fmt::format("an inbound SA with SPI {:#010x} is there already", sa.spi));
  }
  auto row = InboundRow::create(sa);
  if (!row) {
    return fail("OpenSSL refuses the AES-GCM key; does its configuration leave AES-GCM available?");
  }
  const auto index = m_inbound_rows.insert(std::move(*row));
  if (!index) {
    return table_full("inbound", m_inbound_rows.rows());
  }
  m_spis.emplace(sa.spi, *index);
  return SaIndex{*index};
}

Expected<> SoftwareEngine::remove(Direction direction, SaIndex index) {
  if (direction == Direction::outbound) {
    if (m_outbound_rows.find(index.value) == nullptr) {
      return no_such_sa("outbound", index);
    }
    m_outbound_rows.erase(index.value);
    m_outbound.cache.forget_sa(index.value);
    m_events.forget(direction, index.value);
    return {};
  }
  const InboundRow* row = m_inbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("inbound", index);
  }
  m_spis.erase(row->spi());
  m_inbound_rows.erase(index.value);
  m_events.forget(direction, index.value);
  return {};
}

Expected<> SoftwareEngine::renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) {
  OutboundRow* row = m_outbound_rows.find(outbound.value);
  if (row == nullptr) {
    return no_such_sa("outbound", outbound);
  }
  if (auto checked = check_renewal(row->lease(), lease_limit); !checked) {
    return checked;
  }
  row->renew(lease_limit, lease_low);
  m_events.forget(Direction::outbound, outbound.value, kinds_of(Event::Kind::lease_low));
  return {};
}

Expected<> SoftwareEngine::cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) {
  if (auto checked = check(flow, policy, m_capabilities); !checked) {
    return checked;
  }
  const bool leads_to_sa = direction == Direction::outbound && policy == Policy::protect;
  if (leads_to_sa && m_outbound_rows.find(sa.value) == nullptr) {
    return no_such_sa("outbound", sa);
  }
  SpdCache& cache = half(direction).cache;
  if (!cache.set(flow, {.policy = policy, .sa = leads_to_sa ? sa.value : 0})) {
    return fail(fmt::format("the {} SPD cache of engine software is full ({} flows); forget some first",
                            direction == Direction::outbound ? "outbound" : "inbound", cache.limit()));
  }
  return {};
}

Expected<> SoftwareEngine::forget_policy(Direction direction, const Flow& flow) {
  half(direction).cache.forget(flow);
  return {};
}

std::size_t SoftwareEngine::submit(Direction direction, std::span<const PacketRequest> requests) {
  Half& packets = half(direction);
  std::size_t taken = 0;
  while (taken < requests.size() && !packets.completions.full() && m_failure == nullptr) {
    const PacketRequest& request = requests[taken++];
    assert(request.output.size() >= request.input.size() + max_expansion);
    Completion completion;
    completion.cookie = request.cookie;
    if (direction == Direction::outbound) {
      protect(request, completion);
    } else {
      unprotect(request, completion);
    }
    DirectionCounters& counters = packets.counters;
    ++counters.packets_in;
    counters.bytes_in += request.input.size();
    ++counters.verdicts.at(static_cast<std::size_t>(completion.verdict));
    if (completion.verdict == Verdict::ok || completion.verdict == Verdict::bypassed) {
      ++counters.packets_out;
      counters.bytes_out += completion.length;
    }
    packets.completions.push(completion);
  }
  return taken;
}

void SoftwareEngine::raise(Direction direction, std::uint32_t row, EventKinds kinds) {
  if (kinds != 0 && !m_events.push(direction, row, kinds)) {
    ++half(direction).counters.events_lost;
  }
}

// What comes before an SA is known, the look-up left out.
Verdict SoftwareEngine::prepare(const PacketRequest& request, InnerPacket& packet) const {
  if (m_self_test_failed) {
    return Verdict::self_test_failed;
  }
  if (request.input.size() > max_packet_bytes) {
    return Verdict::too_long;
  }
  packet.dummy = request.kind == RequestKind::dummy;
  if (packet.dummy) {
    packet.bytes = request.input;
    return packet.bytes.empty() ? Verdict::header_malformed : Verdict::ok;
  }
  packet.ip = software::parse_ip(request.input);
  if (packet.ip.malformed) {
    return Verdict::header_malformed;
  }
  packet.bytes = request.input.first(packet.ip.total);
  return Verdict::ok;
}

Verdict SoftwareEngine::look_up(const PacketRequest& request, const InnerPacket& packet,
                                Completion& completion) const {
  if (packet.ip.fragment) {
    return Verdict::inner_fragment;
  }
  if (packet.ip.window_exceeded) {
    return Verdict::header_window;
  }
  const SpdCache::Decision* decision = m_outbound.cache.find(packet.ip, request.spd);
  if (decision == nullptr) {
    return Verdict::policy_miss;
  }
  switch (decision->policy) {
    case Policy::protect:
      completion.sa = {decision->sa};
      return Verdict::ok;
    case Policy::bypass:
      return Verdict::bypassed;
    case Policy::discard:
      break;
  }
  return Verdict::policy_discard;
}

void SoftwareEngine::protect(const PacketRequest& request, Completion& completion) {
  const bool lookup = request.kind == RequestKind::lookup;
  completion.sa = lookup ? SaIndex{} : request.sa;
  InnerPacket packet;
  completion.verdict = prepare(request, packet);
  if (completion.verdict == Verdict::ok && lookup) {
    completion.verdict = look_up(request, packet, completion);
  }
  if (completion.verdict == Verdict::bypassed) {
    return pass(packet.bytes, request, completion);
  }
  if (completion.verdict != Verdict::ok) {
    return;
  }
  OutboundRow* row = m_outbound_rows.find(completion.sa.value);
  if (row == nullptr) {
    completion.verdict = Verdict::sa_invalid;
    return;
  }
  const OutboundRow::Result result = row->protect(packet, request.output);
  completion.verdict = result.verdict;
  completion.length = result.length;
  if (result.verdict == Verdict::ok) {
    completion.next_hop = row->next_hop();
  } else if (lookup && result.verdict < Verdict::sa_invalid) {
    completion.sa = {};
  }
  raise(Direction::outbound, completion.sa.value, result.events);
  m_failure = result.failure != nullptr ? result.failure : m_failure;
}

void SoftwareEngine::decide_cleartext(const PacketRequest& request, const OuterPacket& packet,
                                      Completion& completion) const {
  const SpdCache::Decision* decision = m_inbound.cache.find(packet.ip, request.spd);
  if (decision == nullptr) {
    completion.verdict = Verdict::not_esp;
  } else if (decision->policy == Policy::bypass) {
    pass(packet.bytes, request, completion);
  } else {
    // Cleartext that ought to be protected is dropped like any other discard (RFC 4301 section 5.2).
    completion.verdict = Verdict::policy_discard;
  }
}

void SoftwareEngine::unprotect(const PacketRequest& request, Completion& completion) {
  if (m_self_test_failed) {
    completion.verdict = Verdict::self_test_failed;
    return;
  }
  if (request.input.size() > max_packet_bytes) {
    completion.verdict = Verdict::too_long;
    return;
  }
  const OuterPacket packet = software::parse_outer(request.input);
  completion.verdict = packet.verdict;
  if (packet.verdict != Verdict::ok) {
    return;
  }
  if (packet.cleartext) {
    return decide_cleartext(request, packet, completion);
  }
  const auto entry = m_spis.find(packet.spi);
  if (entry == m_spis.end()) {
    completion.verdict = Verdict::unknown_spi;
    return;
  }
  InboundRow& row = *m_inbound_rows.find(entry->second);
  const InboundRow::Result result = row.unprotect(packet, request.output);
  completion.verdict = result.verdict;
  completion.sa = {entry->second};
  completion.length = result.length;
  if (result.verdict == Verdict::ok) {
    completion.next_hop = row.next_hop();
  }
  raise(Direction::inbound, entry->second, result.events);
}

std::size_t SoftwareEngine::poll(Direction direction, std::span<Completion> completions) {
  Ring<Completion>& ready = half(direction).completions;
  std::size_t count = 0;
  while (count < completions.size() && !ready.empty()) {
    completions[count++] = ready.pop();
  }
  return count;
}

Expected<OutboundSaCounters> SoftwareEngine::outbound_sa_counters(SaIndex index) {
  const OutboundRow* row = m_outbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("outbound", index);
  }
  return row->counters();
}

Expected<InboundSaCounters> SoftwareEngine::inbound_sa_counters(SaIndex index) {
  const InboundRow* row = m_inbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("inbound", index);
  }
  return row->counters();
}

Expected<> SoftwareEngine::self_test(SelfTest how) {
  m_self_test_failed = !software::self_test(how == SelfTest::fail);
  return health();
}

Expected<> SoftwareEngine::health() {
  if (m_failure != nullptr) {
    return fail(fmt::format("engine software stopped: {}", m_failure));
  }
  if (m_self_test_failed) {
    return fail("engine software failed its self-test: its AES-GCM gives wrong answers");
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<Engine>> make_software_engine(const SoftwareEngineOptions& options) {
  if (options.outbound_sas == 0 || options.inbound_sas == 0) {
    return fail("the software engine needs room for at least one SA in each direction");
  }
  auto engine = std::make_unique<SoftwareEngine>(options);
  if (auto tested = engine->self_test(SelfTest::run); !tested) {
    return std::unexpected(tested.error());
  }
  return engine;
}

}  // namespace espgate::driver
