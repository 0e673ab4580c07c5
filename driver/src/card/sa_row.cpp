#include "card/sa_row.h"

#include <array>

#include "base/secret.h"
#include "gf128.h"

namespace espgate::driver::card {
namespace {

namespace out = registers::outbound_row;
namespace in = registers::inbound_row;
using registers::Field;

// Namespaces cannot be template arguments; these name the fields that both rows have.
struct OutboundFields {
  static constexpr Field valid = out::valid, key_256 = out::key_256, gmac = out::gmac, esn = out::esn,
                         transport = out::transport, ipv6 = out::ipv6, encapsulation = out::encapsulation,
                         next_hop = out::next_hop, spi = out::spi, salt = out::salt,
                         soft_packets = out::soft_packets, soft_bytes = out::soft_bytes,
                         hard_packets = out::hard_packets, hard_bytes = out::hard_bytes, key = out::key;
  static constexpr std::array<Field, 10> powers{out::h_1,  out::h_2,  out::h_3,  out::h_4,  out::h_8,
                                                out::h_12, out::h_16, out::h_20, out::h_m1, out::h_m2};
};
struct InboundFields {
  static constexpr Field valid = in::valid, key_256 = in::key_256, gmac = in::gmac, esn = in::esn,
                         transport = in::transport, ipv6 = in::ipv6, encapsulation = in::encapsulation,
                         next_hop = in::next_hop, spi = in::spi, salt = in::salt,
                         soft_packets = in::soft_packets, soft_bytes = in::soft_bytes,
                         hard_packets = in::hard_packets, hard_bytes = in::hard_bytes, key = in::key;
  static constexpr std::array<Field, 10> powers{in::h_1,  in::h_2,  in::h_3,  in::h_4,  in::h_8,
                                                in::h_12, in::h_16, in::h_20, in::h_m1, in::h_m2};
};

static_assert(static_cast<std::uint32_t>(DfPolicy::copy) == registers::df_policy_copy);
static_assert(static_cast<std::uint32_t>(DfPolicy::set) == registers::df_policy_set);
static_assert(static_cast<std::uint32_t>(DfPolicy::clear) == registers::df_policy_clear);
static_assert(smallest_replay_window == registers::engine_replay_window_min);

// False when OpenSSL fails.
template <typename Fields>
bool set_key(Shadow& row, const AesGcmKey& key) {
  const auto powers = HashPowers::of_key(key.key.view());
  if (!powers) {
    return false;
  }
  row.set_flag(Fields::key_256, key.key.size() == 32);
  row.set_bytes(Fields::salt, key.salt.view());
  row.set_bytes(Fields::key, key.key.view());
  const std::array<const Gf128*, 10> values{&powers->h_1,  &powers->h_2,  &powers->h_3,  &powers->h_4,
                                            &powers->h_8,  &powers->h_12, &powers->h_16, &powers->h_20,
                                            &powers->h_m1, &powers->h_m2};
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto block = values[i]->block();
    row.set_bytes(Fields::powers[i], block);
    wipe(block);
  }
  return true;
}

// The fields that both rows have under the same names.
template <typename Fields, typename Sa>
std::optional<Shadow> common_row(const Sa& sa) {
  Shadow row;
  if (!set_key<Fields>(row, sa.key)) {
    return std::nullopt;
  }
  row.set(Fields::valid, 1);
  row.set_flag(Fields::gmac, sa.cipher == Cipher::null_aes_gmac);
  row.set_flag(Fields::esn, sa.esn);
  row.set_flag(Fields::transport, sa.mode == Mode::transport);
  row.set_flag(Fields::ipv6, !sa.outer_destination.is_v4());
  row.set_bytes(Fields::next_hop, sa.next_hop);
  row.set(Fields::spi, sa.spi);
  row.set(Fields::soft_packets, sa.lifetime.soft_packets);
  row.set(Fields::soft_bytes, sa.lifetime.soft_bytes);
  row.set(Fields::hard_packets, sa.lifetime.hard_packets);
  row.set(Fields::hard_bytes, sa.lifetime.hard_bytes);
  return row;
}

}  // namespace

std::optional<Shadow> row_of(const OutboundSa& sa) {
  auto row = common_row<OutboundFields>(sa);
  if (!row) {
    return std::nullopt;
  }
  row->set_flag(out::encapsulation, sa.encapsulation.has_value());
  row->set(out::df_policy, static_cast<std::uint64_t>(sa.df));
  row->set_flag(out::dscp_copy, !sa.dscp);
  row->set(out::dscp, sa.dscp.value_or(0));
  row->set(out::hop_limit, sa.hop_limit);
  row->set(out::tfc_bytes, sa.tfc_bytes);
  row->set_address(out::outer_source, sa.outer_source);
  row->set_address(out::outer_destination, sa.outer_destination);
  if (sa.encapsulation) {
    row->set(out::udp_source, sa.encapsulation->source_port);
    row->set(out::udp_destination, sa.encapsulation->destination_port);
  }
  row->set(out::next_sequence, sa.next_sequence);
  row->set(out::lease_limit, sa.lease_limit);
  row->set(out::lease_low, sa.lease_low);
  return row;
}

std::optional<Shadow> row_of(const InboundSa& sa) {
  auto row = common_row<InboundFields>(sa);
  if (!row) {
    return std::nullopt;
  }
  const InboundSelectors& selectors = sa.selectors;
  row->set_flag(in::encapsulation, sa.encapsulated);
  row->set_flag(in::replay_check, sa.replay_check);
  row->set(in::replay_window, sa.replay_window);
  row->set(in::replay_top, sa.replay_top);
  row->set_address(in::outer_destination, sa.outer_destination);
  row->set_flag(in::selector_ipv6, !selectors.source.first.is_v4());
  row->set_flag(in::protocol_any, !selectors.protocol);
  row->set(in::protocol, selectors.protocol.value_or(0));
  row->set_address(in::source_first, selectors.source.first);
  row->set_address(in::source_last, selectors.source.last);
  row->set_address(in::destination_first, selectors.destination.first);
  row->set_address(in::destination_last, selectors.destination.last);
  row->set(in::source_port_first, selectors.source_port_first);
  row->set(in::source_port_last, selectors.source_port_last);
  row->set(in::destination_port_first, selectors.destination_port_first);
  row->set(in::destination_port_last, selectors.destination_port_last);
  return row;
}

Shadow row_of_lease(std::uint64_t lease_limit, std::uint64_t lease_low) {
  Shadow row;
  row.set(out::lease_limit, lease_limit);
  row.set(out::lease_low, lease_low);
  return row;
}

}  // namespace espgate::driver::card
