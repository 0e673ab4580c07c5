// Memory of the card's that callers hold packets in: what is in it is transformed where it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "card/card.h"
#include "card/lookaside_registers.h"

namespace espgate::driver::card {

class PacketMemory {
 public:
  struct Place {
    DmaBuffer* buffer = nullptr;
    std::size_t at = 0;

    std::uint64_t address() const { return buffer->address() + at; }
  };

  Expected<ByteSpan> add(Card& card, std::size_t bytes) {
    auto buffer = card.allocate(bytes);
    if (!buffer) {
      return std::unexpected(buffer.error());
    }
    m_buffers.push_back(std::move(*buffer));
    return m_buffers.back()->bytes();
  }

  // nullopt when the bytes are somewhere else, or do not begin where the card can begin.
  std::optional<Place> find(ByteView bytes) const {
    for (const auto& buffer : m_buffers) {
      const ByteView all = buffer->bytes();
      const auto at =
          reinterpret_cast<std::uintptr_t>(bytes.data()) - reinterpret_cast<std::uintptr_t>(all.data());
      if (at < all.size() && bytes.size() <= all.size() - at) {
        return at % registers::lookaside_shell::alignment == 0 ? std::optional(Place{buffer.get(), at})
                                                               : std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  std::vector<std::unique_ptr<DmaBuffer>> m_buffers;  // few
};

}  // namespace espgate::driver::card
