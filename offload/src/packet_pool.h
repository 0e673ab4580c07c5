// Packet buffers, all allocated at once: a packet that finds none free is dropped, so that the memory that
// packets take is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace espgate::offload {

class PacketPool {
 public:
  using Slot = std::uint32_t;

  // Sizes in bytes; each slot has one input and one output buffer.
  PacketPool(std::size_t slots, std::size_t input_bytes, std::size_t output_bytes);

  // nullopt when all slots are in use.
  std::optional<Slot> acquire();
  // `slot` must be in use.
  void release(Slot slot);
  void release_all();

  // False for a number that is no slot at all.
  bool in_use(std::uint64_t slot) const { return slot < m_in_use.size() && m_in_use[slot]; }
  std::size_t used() const { return m_in_use.size() - m_free.size(); }
  std::size_t size() const { return m_in_use.size(); }

  ByteSpan input(Slot slot) { return {m_bytes.get() + offset(slot), m_input_bytes}; }
  ByteSpan output(Slot slot) { return {m_bytes.get() + offset(slot) + m_input_bytes, m_output_bytes}; }

 private:
  std::size_t offset(Slot slot) const { return slot * (m_input_bytes + m_output_bytes); }

  std::size_t m_input_bytes;
  std::size_t m_output_bytes;
  std::unique_ptr<std::uint8_t[]> m_bytes;
  std::vector<Slot> m_free;
  std::vector<bool> m_in_use;
};

}  // namespace espgate::offload
