#include "card/sa_row.h"

#include <algorithm>

#include "base/secret.h"
#include "gf128.h"

namespace espgate::driver::card {
namespace {

namespace out = registers::outbound_row;
namespace in = registers::inbound_row;
using registers::Field;

// Namespaces cannot be template arguments; these name the key's fields of each row.
struct OutboundFields {
  static constexpr Field key_256 = out::key_256, salt = out::salt, key = out::key;
  static constexpr std::array<Field, 10> powers{out::h_1,  out::h_2,  out::h_3,  out::h_4,  out::h_8,
                                                out::h_12, out::h_16, out::h_20, out::h_m1, out::h_m2};
};
struct InboundFields {
  static constexpr Field key_256 = in::key_256, salt = in::salt, key = in::key;
  static constexpr std::array<Field, 10> powers{in::h_1,  in::h_2,  in::h_3,  in::h_4,  in::h_8,
                                                in::h_12, in::h_16, in::h_20, in::h_m1, in::h_m2};
};

static_assert(static_cast<std::uint32_t>(DfPolicy::copy) == registers::df_policy_copy);
static_assert(static_cast<std::uint32_t>(DfPolicy::set) == registers::df_policy_set);
static_assert(static_cast<std::uint32_t>(DfPolicy::clear) == registers::df_policy_clear);

}  // namespace

SaRow::~SaRow() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): wipe() takes bytes
  wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(m_words.data()), sizeof(m_words)));
}

void SaRow::set_bits(std::uint32_t lsb, std::uint32_t width, std::uint64_t value) {
  for (std::uint32_t bit = 0; bit < width; ++bit) {
    const std::uint32_t at = lsb + bit;
    const std::uint32_t mask = 1U << (at % 32);
    std::uint32_t& word = m_words.at(at / 32);
    word = (value >> bit & 1U) != 0 ? word | mask : word & ~mask;
  }
  m_used = std::max<std::size_t>(m_used, (lsb + width + 31) / 32);
}

void SaRow::set(Field field, std::uint64_t value) {
  set_bits(field.lsb, field.width, value);
}

void SaRow::set_bytes(Field field, ByteView bytes) {
  std::uint32_t top = field.lsb + field.width;
  for (const std::uint8_t byte : bytes) {
    top -= 8;
    set_bits(top, 8, byte);
  }
  m_used = std::max<std::size_t>(m_used, (field.lsb + field.width + 31) / 32);
}

template <typename Fields>
bool SaRow::set_key(const AesGcmKey& key) {
  const auto powers = HashPowers::of_key(key.key.view());
  if (!powers) {
    return false;
  }
  set(Fields::key_256, key.key.size() == 32 ? 1 : 0);
  set_bytes(Fields::salt, key.salt.view());
  set_bytes(Fields::key, key.key.view());
  const std::array<const Gf128*, 10> values{&powers->h_1,  &powers->h_2,  &powers->h_3,  &powers->h_4,
                                            &powers->h_8,  &powers->h_12, &powers->h_16, &powers->h_20,
                                            &powers->h_m1, &powers->h_m2};
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto block = values[i]->block();
    set_bytes(Fields::powers[i], block);
    wipe(block);
  }
  return true;
}

std::optional<SaRow> SaRow::of(const OutboundSa& sa) {
  SaRow row;
  if (!row.set_key<OutboundFields>(sa.key)) {
    return std::nullopt;
  }
  row.set(out::valid, 1);
  row.set(out::esn, sa.esn ? 1 : 0);
  row.set(out::encapsulation, sa.encapsulation ? 1 : 0);
  row.set(out::df_policy, static_cast<std::uint64_t>(sa.df));
  row.set(out::dscp_copy, sa.dscp ? 0 : 1);
  row.set(out::dscp, sa.dscp.value_or(0));
  row.set(out::hop_limit, sa.hop_limit);
  row.set(out::spi, sa.spi);
  row.set(out::outer_source, sa.outer_source.to_v4());
  row.set(out::outer_destination, sa.outer_destination.to_v4());
  if (sa.encapsulation) {
    row.set(out::udp_source, sa.encapsulation->source_port);
    row.set(out::udp_destination, sa.encapsulation->destination_port);
  }
  row.set(out::next_sequence, sa.next_sequence);
  row.set(out::lease_limit, sa.lease_limit);
  row.set(out::lease_low, sa.lease_low);
  return row;
}

std::optional<SaRow> SaRow::of(const InboundSa& sa) {
  SaRow row;
  if (!row.set_key<InboundFields>(sa.key)) {
    return std::nullopt;
  }
  const InboundSelectors& selectors = sa.selectors;
  row.set(in::valid, 1);
  row.set(in::esn, sa.esn ? 1 : 0);
  row.set(in::encapsulation, sa.encapsulated ? 1 : 0);
  row.set(in::replay_check, sa.replay_check ? 1 : 0);
  row.set(in::protocol_any, selectors.protocol ? 0 : 1);
  row.set(in::protocol, selectors.protocol.value_or(0));
  row.set(in::spi, sa.spi);
  row.set(in::outer_destination, sa.outer_destination.to_v4());
  row.set(in::source_first, selectors.source.first.to_v4());
  row.set(in::source_last, selectors.source.last.to_v4());
  row.set(in::destination_first, selectors.destination.first.to_v4());
  row.set(in::destination_last, selectors.destination.last.to_v4());
  row.set(in::source_port_first, selectors.source_port_first);
  row.set(in::source_port_last, selectors.source_port_last);
  row.set(in::destination_port_first, selectors.destination_port_first);
  row.set(in::destination_port_last, selectors.destination_port_last);
  row.set(in::replay_top, sa.replay_top);
  return row;
}

SaRow SaRow::of_lease(std::uint64_t lease_limit, std::uint64_t lease_low) {
  SaRow row;
  row.set(out::lease_limit, lease_limit);
  row.set(out::lease_low, lease_low);
  return row;
}

}  // namespace espgate::driver::card
