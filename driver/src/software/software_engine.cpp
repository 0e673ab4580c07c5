// The software engine: the reference of what every engine answers. A packet is transformed at submit; its
// completion waits in a queue of fixed size, so that the caller sees the same flow as with hardware.
#include <fmt/format.h>

#include <cassert>
#include <unordered_map>

#include "driver/engine.h"
#include "lease_events.h"
#include "ring.h"
#include "sa_check.h"
#include "software/inbound.h"
#include "software/outbound.h"
#include "software/sa_table.h"

namespace espgate::driver {
namespace {

using software::InboundRow;
using software::InnerPacket;
using software::OutboundRow;
using software::OuterPacket;

constexpr std::size_t queue_packets = 1024;
constexpr std::uint32_t max_packet_bytes = 16384;

class SoftwareEngine final : public Engine {
 public:
  explicit SoftwareEngine(const SoftwareEngineOptions& options)
      : m_capabilities{.name = "software",
                       .version = "0.1",
                       .aes_gcm_128 = true,
                       .aes_gcm_256 = true,
                       .esn = true,
                       .tunnel_v4_in_v4 = true,
                       .udp_encapsulation = true,
                       .replay_window = software::ReplayWindow::window,
                       .max_packet_bytes = max_packet_bytes,
                       .outbound_sas = options.outbound_sas,
                       .inbound_sas = options.inbound_sas},
        m_outbound_rows(options.outbound_sas),
        m_inbound_rows(options.inbound_sas),
        m_events(options.outbound_sas) {
    m_spis.reserve(options.inbound_sas);
  }

  const Capabilities& capabilities() const override { return m_capabilities; }

  Expected<SaIndex> add_outbound(const OutboundSa& sa) override;
  Expected<SaIndex> add_inbound(const InboundSa& sa) override;
  Expected<> remove(Direction direction, SaIndex index) override;
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) override;

  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override;
  std::size_t poll(Direction direction, std::span<Completion> completions) override;
  std::size_t poll_events(std::span<Event> events) override { return m_events.poll(events); }
  std::size_t in_flight(Direction direction) const override { return flow(direction).completions.size(); }

  Expected<Counters> counters() override {
    return Counters{.outbound = m_outbound.counters, .inbound = m_inbound.counters, .cycles = 0};
  }
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override;
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override;
  Expected<> health() override;

 private:
  struct Flow {
    Ring<Completion> completions{queue_packets};
    DirectionCounters counters;
  };
  Flow& flow(Direction direction) { return direction == Direction::outbound ? m_outbound : m_inbound; }
  const Flow& flow(Direction direction) const {
    return direction == Direction::outbound ? m_outbound : m_inbound;
  }
  Completion protect(const PacketRequest& request);
  Completion unprotect(const PacketRequest& request);

  Capabilities m_capabilities;
  software::SaTable<OutboundRow> m_outbound_rows;
  software::SaTable<InboundRow> m_inbound_rows;
  std::unordered_map<std::uint32_t, std::uint32_t> m_spis;  // SPI to inbound row
  LeaseEvents m_events;
  Flow m_outbound;
  Flow m_inbound;
  bool m_failed = false;
};

std::unexpected<Error> no_such_sa(std::string_view direction, SaIndex index) {
  return fail(fmt::format("there is no {} SA {} in engine software", direction, index.value));
}

std::unexpected<Error> table_full(std::string_view direction, std::uint32_t rows) {
  return fail(fmt::format("the {} SA table of engine software is full ({} SAs)", direction, rows));
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
  m_events.begin_lease(*index);
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
    m_events.end(index.value);
    return {};
  }
  const InboundRow* row = m_inbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("inbound", index);
  }
  m_spis.erase(row->spi());
  m_inbound_rows.erase(index.value);
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
  m_events.begin_lease(outbound.value);
  return {};
}

std::size_t SoftwareEngine::submit(Direction direction, std::span<const PacketRequest> requests) {
  Flow& packets = flow(direction);
  std::size_t taken = 0;
  while (taken < requests.size() && !packets.completions.full() && !m_failed) {
    const PacketRequest& request = requests[taken++];
    assert(request.output.size() >= request.input.size() + max_expansion);
    const Completion completion = direction == Direction::outbound ? protect(request) : unprotect(request);
    DirectionCounters& counters = packets.counters;
    ++counters.packets_in;
    counters.bytes_in += request.input.size();
    ++counters.verdicts.at(static_cast<std::size_t>(completion.verdict));
    if (completion.verdict == Verdict::ok) {
      ++counters.packets_out;
      counters.bytes_out += completion.length;
    }
    packets.completions.push(completion);
  }
  return taken;
}

Completion SoftwareEngine::protect(const PacketRequest& request) {
  Completion completion{.cookie = request.cookie, .verdict = Verdict::ok, .sa = request.sa, .length = 0};
  const InnerPacket packet = software::parse_inner(request.input, max_packet_bytes);
  if (packet.verdict != Verdict::ok) {
    completion.verdict = packet.verdict;
    return completion;
  }
  OutboundRow* row = m_outbound_rows.find(request.sa.value);
  if (row == nullptr) {
    completion.verdict = Verdict::sa_invalid;
    return completion;
  }
  const OutboundRow::Result result = row->protect(packet, request.output);
  completion.verdict = result.verdict;
  completion.length = result.length;
  if (result.lease_low) {
    m_events.lease_low(request.sa.value);
  }
  m_failed = m_failed || result.failed;
  return completion;
}

Completion SoftwareEngine::unprotect(const PacketRequest& request) {
  Completion completion{.cookie = request.cookie, .verdict = Verdict::ok, .sa = {}, .length = 0};
  const OuterPacket packet = software::parse_outer(request.input, max_packet_bytes);
  if (packet.verdict != Verdict::ok) {
    completion.verdict = packet.verdict;
    return completion;
  }
  const auto entry = m_spis.find(packet.spi);
  if (entry == m_spis.end()) {
    completion.verdict = Verdict::unknown_spi;
    return completion;
  }
  const InboundRow::Result result = m_inbound_rows.find(entry->second)->unprotect(packet, request.output);
  completion.verdict = result.verdict;
  completion.sa = {entry->second};
  completion.length = result.length;
  return completion;
}

std::size_t SoftwareEngine::poll(Direction direction, std::span<Completion> completions) {
  Ring<Completion>& ready = flow(direction).completions;
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

Expected<> SoftwareEngine::health() {
  if (m_failed) {
    return fail("engine software stopped: OpenSSL failed to encrypt a packet");
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<Engine>> make_software_engine(const SoftwareEngineOptions& options) {
  if (options.outbound_sas == 0 || options.inbound_sas == 0) {
    return fail("the software engine needs room for at least one SA in each direction");
  }
  return std::make_unique<SoftwareEngine>(options);
}

}  // namespace espgate::driver
