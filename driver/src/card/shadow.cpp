#include "card/shadow.h"

#include <algorithm>

#include "base/secret.h"

namespace espgate::driver::card {

using registers::Field;

Shadow::~Shadow() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): wipe() takes bytes
  wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(m_words.data()), sizeof(m_words)));
}

void Shadow::set_bits(std::uint32_t lsb, std::uint32_t width, std::uint64_t value) {
  for (std::uint32_t bit = 0; bit < width; ++bit) {
    const std::uint32_t at = lsb + bit;
    const std::uint32_t mask = 1U << (at % 32);
    std::uint32_t& word = m_words.at(at / 32);
    word = (value >> bit & 1U) != 0 ? word | mask : word & ~mask;
  }
  m_used = std::max<std::size_t>(m_used, (lsb + width + 31) / 32);
}

void Shadow::set(Field field, std::uint64_t value) {
  set_bits(field.lsb, field.width, value);
}

void Shadow::set_bytes(Field field, ByteView bytes) {
  std::uint32_t top = field.lsb + field.width;
  for (const std::uint8_t byte : bytes) {
    top -= 8;
    set_bits(top, 8, byte);
  }
  m_used = std::max<std::size_t>(m_used, (field.lsb + field.width + 31) / 32);
}

void Shadow::set_address(Field field, const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.end() - static_cast<std::ptrdiff_t>(address.bytes().size()));
  set_bytes(field, bytes);
}

}  // namespace espgate::driver::card
