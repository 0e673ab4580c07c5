#include "packet_pool.h"

namespace espgate::offload {

PacketPool::PacketPool(std::size_t slots, std::size_t input_bytes, std::size_t output_bytes)
    : m_input_bytes(input_bytes),
      m_output_bytes(output_bytes),
      // Left as it is: pages that no packet ever needs are never touched.
      m_bytes(std::make_unique_for_overwrite<std::uint8_t[]>(slots * (input_bytes + output_bytes))),
      m_in_use(slots, false) {
  m_free.reserve(slots);
  // The last released is the first taken, so that the same few slots stay in the cache.
  for (std::size_t slot = slots; slot > 0; --slot) {
    m_free.push_back(static_cast<Slot>(slot - 1));
  }
}

std::optional<PacketPool::Slot> PacketPool::acquire() {
  if (m_free.empty()) {
    return std::nullopt;
  }
  const Slot slot = m_free.back();
  m_free.pop_back();
  m_in_use[slot] = true;
  return slot;
}

void PacketPool::release(Slot slot) {
  m_in_use[slot] = false;
  m_free.push_back(slot);
}

void PacketPool::release_all() {
  for (Slot slot = 0; slot < m_in_use.size(); ++slot) {
    if (m_in_use[slot]) {
      release(slot);
    }
  }
}

}  // namespace espgate::offload
