#include "daemon/volume_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace espgate::host::daemon {
namespace {

constexpr auto period = std::chrono::seconds(1);

bool reached(std::uint64_t limit, std::uint64_t value) {
  return limit != 0 && value >= limit;
}

bool is_limited(const ike::VolumeLimit& limit) {
  return limit.rekey != 0 || limit.hard != 0;
}

}  // namespace

void VolumeWatch::add(const ike::ChildSa& sa) {
  if (is_limited(sa.bytes) || is_limited(sa.packets)) {
    m_limits[sa.id] = {.bytes = sa.bytes, .packets = sa.packets};
    arm();
  }
}

void VolumeWatch::arm() {
  if (m_armed || m_limits.empty()) {
    return;
  }
  m_armed = true;
  m_timer.expires_after(period);
  m_timer.async_wait([this](const asio::error_code& cancelled) {
    if (!cancelled) {
      m_armed = false;
      look();
      arm();
    }
  });
}

void VolumeWatch::look() {
  const auto statistics = m_data_path.statistics();
  if (!statistics) {
    return;  // an engine that does not answer carries nothing either
  }
  std::vector<std::pair<ike::ChildSaId, bool>> expired;
  for (const offload::ChildSaStatistics& child : statistics->children) {
    const auto at = m_limits.find(child.id);
    if (at == m_limits.end()) {
      continue;
    }
    Limits& limits = at->second;
    const std::uint64_t bytes = std::max(child.inbound.bytes, child.outbound.bytes);
    const std::uint64_t packets = std::max(child.inbound.packets, child.outbound.packets);
    if (reached(limits.bytes.hard, bytes) || reached(limits.packets.hard, packets)) {
      expired.emplace_back(child.id, true);
    } else if (!limits.soft_told &&
               (reached(limits.bytes.rekey, bytes) || reached(limits.packets.rekey, packets))) {
      limits.soft_told = true;
      expired.emplace_back(child.id, false);
    }
  }
  // IKE takes Child SAs out and puts others in while it is told.
  for (const auto& [id, hard] : expired) {
    m_on_expired(id, hard);
  }
}

}  // namespace espgate::host::daemon
