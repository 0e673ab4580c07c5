// SA table rows as the hardware takes them: the packing of registers.h, hash powers included.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "card/registers.h"
#include "driver/sa.h"

namespace espgate::driver::card {

// Bit b of the row is bit b mod 32 of word b / 32. Holds a key, and wipes itself.
class SaRow {
 public:
  SaRow() = default;
  SaRow(const SaRow&) = default;
  SaRow& operator=(const SaRow&) = default;
  ~SaRow();

  // nullopt when OpenSSL fails to compute the hash powers. The SA has passed check().
  static std::optional<SaRow> of(const OutboundSa& sa);
  static std::optional<SaRow> of(const InboundSa& sa);
  // An outbound row of which only the lease means anything.
  static SaRow of_lease(std::uint64_t lease_limit, std::uint64_t lease_low);

  // Up to the last word that a field was written to.
  std::span<const std::uint32_t> words() const { return std::span(m_words).first(m_used); }

 private:
  void set(registers::Field field, std::uint64_t value);
  // Big-endian; fewer bytes than the field has stand in its upper part.
  void set_bytes(registers::Field field, ByteView bytes);
  void set_bits(std::uint32_t lsb, std::uint32_t width, std::uint64_t value);
  // The fields that both rows have under the same names; false when OpenSSL fails.
  template <typename Fields>
  bool set_key(const AesGcmKey& key);

  std::array<std::uint32_t, registers::engine_shadow_words> m_words{};
  std::size_t m_used = 0;
};

}  // namespace espgate::driver::card
