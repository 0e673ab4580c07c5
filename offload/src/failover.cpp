// Another engine takes over from one that failed for good.
#include <algorithm>
#include <utility>
#include <vector>

#include "engine_data_path.h"
#include "lease.h"

namespace espgate::offload {

void EngineDataPath::fail_over() {
  // There is one.
  auto engine = std::exchange(m_standby, {})();
  if (!engine) {
    // The recoveries go on, and their failures tell this too.
    m_no_standby = "; and there is no other engine: " + engine.error().message;
    return;
  }
  // The old engine goes before the buffers are used again that it might still write.
  m_engine = *std::move(engine);
  m_outbound.pool.release_all();
  m_inbound.pool.release_all();
  m_longest_packet = std::min<std::size_t>(m_longest_packet, capabilities().max_packet_bytes);
  m_renewals_due = 0;
  std::vector<std::uint32_t> lost;
  for (auto& [id, sa] : m_sad.all()) {
    if (!carry_on(sa)) {
      lost.push_back(id);
    }
  }
  for (const std::uint32_t id : lost) {
    m_counters.count(PolicyReason::failover_sa_lost);
    if (const Sa* sa = m_sad.find(id)) {
      m_spis.release(sa->inbound_spi);
    }
    m_sad.erase(id);
  }
  m_sad.rows_changed();
  m_counters.count(PolicyReason::engine_failover);
  const std::string reason = m_watch.reason();
  m_watch = {};
  m_sink.engine_replaced(reason, lost);
}

bool EngineDataPath::carry_on(Sa& sa) {
  driver::InboundSa inbound = sa.inbound_sa;
  inbound.replay_top = sa.highest_delivered;
  driver::OutboundSa outbound = sa.outbound_sa;
  outbound.next_sequence = sa.highest_limit;
  const Lease lease = first_lease(m_lease, sa.esn, outbound.next_sequence);
  outbound.lease_limit = lease.limit;
  outbound.lease_low = lease.low;
  const auto inbound_row = m_engine->add_inbound(inbound);
  if (!inbound_row) {
    return false;
  }
  const auto outbound_row = m_engine->add_outbound(outbound);
  if (!outbound_row) {
    remove_half(driver::Direction::inbound, *inbound_row);
    return false;
  }
  sa.inbound = *inbound_row;
  sa.outbound = *outbound_row;
  sa.lease_limit = lease.limit;
  sa.highest_limit = lease.limit;
  sa.renewal_due = false;
  for (auto* volume : {&sa.outbound_volume, &sa.inbound_volume}) {
    volume->before = volume->seen;
  }
  return true;
}

}  // namespace espgate::offload
