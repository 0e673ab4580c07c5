#include "software/spd_cache.h"

namespace espgate::driver::software {
namespace {

std::uint64_t pack(bool ipv6, std::uint8_t spd, std::uint8_t protocol, const Ports& ports) {
  return std::uint64_t{ports.source} << 48 | std::uint64_t{ports.destination} << 32 |
         std::uint64_t{protocol} << 16 | std::uint64_t{spd} << 8 | (ports.known ? 2U : 0U) | (ipv6 ? 1U : 0U);
}

}  // namespace

SpdCache::Key SpdCache::Key::of(const Flow& flow) {
  const Ports ports{.known = flow.ports_known,
                    .beyond_window = false,
                    .source = flow.source_port,
                    .destination = flow.destination_port};
  return {.source = to_address(flow.source),
          .destination = to_address(flow.destination),
          .rest = pack(!flow.source.is_v4(), flow.spd, flow.protocol, ports)};
}

SpdCache::Key SpdCache::Key::of(const IpPacket& packet, std::uint8_t spd) {
  return {.source = packet.source,
          .destination = packet.destination,
          .rest = pack(packet.ipv6, spd, packet.protocol, packet.ports)};
}

std::size_t SpdCache::Hash::operator()(const Key& key) const {
  std::uint64_t hash = 0;
  for (const std::uint64_t word :
       {key.source.high, key.source.low, key.destination.high, key.destination.low, key.rest}) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return hash;
}

bool SpdCache::set(const Flow& flow, const Decision& decision) {
  const Key key = Key::of(flow);
  if (m_decisions.size() >= m_limit && !m_decisions.contains(key)) {
    return false;
  }
  m_decisions.insert_or_assign(key, decision);
  return true;
}

void SpdCache::forget_sa(std::uint32_t sa) {
  std::erase_if(m_decisions, [sa](const auto& entry) {
    return entry.second.policy == Policy::protect && entry.second.sa == sa;
  });
}

const SpdCache::Decision* SpdCache::find(const IpPacket& packet, std::uint8_t spd) const {
  const auto found = m_decisions.find(Key::of(packet, spd));
  return found == m_decisions.end() ? nullptr : &found->second;
}

}  // namespace espgate::driver::software
