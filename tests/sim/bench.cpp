#include "bench.h"

#include <stdexcept>

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::sim::test {
namespace {

void set(std::vector<std::uint32_t>& row, regs::Field field, std::uint64_t value) {
  for (std::uint32_t bit = 0; bit < field.width && bit < 64; ++bit) {
    if ((value >> bit & 1) != 0) {
      row[(field.lsb + bit) / 32] |= 1U << (field.lsb + bit) % 32;
    }
  }
}

// First byte most significant.
void set(std::vector<std::uint32_t>& row, regs::Field field, ByteView value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto lsb = field.lsb + field.width - 8 * static_cast<std::uint32_t>(i + 1);
    set(row, regs::Field{lsb, 8}, value[i]);
  }
}

// An IPv4 address stands in the low 32 bits.
void set_address(std::vector<std::uint32_t>& row, regs::Field field, const IpAddress& address) {
  set(row, {field.lsb, address.is_v4() ? 32U : field.width}, address.bytes());
}

std::uint32_t place(regs::Field field, std::uint32_t value) {
  return value << field.lsb;
}

std::unique_ptr<EspCore> new_core(const std::string& trace_path) {
  auto core = EspCore::create(trace_path);
  if (!core) {
    throw std::runtime_error(core.error().message);
  }
  return std::move(*core);
}

}  // namespace

Bench::Bench(const std::string& trace_path) : Bench(new_core(trace_path)) {}

Bench::Bench(std::unique_ptr<EspCore> core) : m_core(std::move(core)) {
  for (int i = 0; (m_core->read(regs::reg_status) & 1) == 0; ++i) {
    if (i == 20000) {
      throw std::runtime_error("the engine does not become ready");
    }
  }
}

std::vector<std::uint32_t> Bench::row(const OutboundSa& sa) {
  namespace f = regs::outbound_row;
  std::vector<std::uint32_t> row(regs::engine_shadow_words);
  set(row, f::valid, 1);
  set(row, f::key_256, sa.key.size() == 32 ? 1 : 0);
  set(row, f::gmac, sa.gmac ? 1 : 0);
  set(row, f::esn, sa.esn ? 1 : 0);
  set(row, f::transport, sa.transport ? 1 : 0);
  set(row, f::ipv6, sa.ipv6 ? 1 : 0);
  set(row, f::encapsulation, sa.encapsulation ? 1 : 0);
  set(row, f::df_policy, sa.df_policy);
  set(row, f::dscp_copy, sa.dscp ? 0 : 1);
  set(row, f::dscp, sa.dscp.value_or(0));
  set(row, f::hop_limit, sa.hop_limit);
  set(row, f::spi, sa.spi);
  set(row, f::salt, ByteView(sa.salt));
  set(row, f::tfc_bytes, sa.tfc_bytes);
  if (sa.ipv6) {
    set(row, f::outer_source, ByteView(sa.outer_source6));
    set(row, f::outer_destination, ByteView(sa.outer_destination6));
  } else {
    set(row, f::outer_source, sa.outer_source);
    set(row, f::outer_destination, sa.outer_destination);
  }
  set(row, f::udp_source, sa.encapsulation ? sa.encapsulation->source_port : 0);
  set(row, f::udp_destination, sa.encapsulation ? sa.encapsulation->destination_port : 0);
  set(row, f::next_sequence, sa.next_sequence);
  set(row, f::lease_limit, sa.lease_limit);
  set(row, f::lease_low, sa.lease_low);
  set(row, f::soft_packets, sa.soft_packets);
  set(row, f::soft_bytes, sa.soft_bytes);
  set(row, f::hard_packets, sa.hard_packets);
  set(row, f::hard_bytes, sa.hard_bytes);
  set(row, f::next_hop, sa.next_hop);
  set(row, f::key, ByteView(sa.key));
  const auto h = hash_powers(sa.key);
  const std::array fields{f::h_1,  f::h_2,  f::h_3,  f::h_4,  f::h_8,
                          f::h_12, f::h_16, f::h_20, f::h_m1, f::h_m2};
  for (std::size_t i = 0; i < h.size(); ++i) {
    set(row, fields[i], ByteView(h[i]));
  }
  return row;
}

std::vector<std::uint32_t> Bench::row(const InboundSa& sa) {
  namespace f = regs::inbound_row;
  std::vector<std::uint32_t> row(regs::engine_shadow_words);
  set(row, f::valid, 1);
  set(row, f::key_256, sa.key.size() == 32 ? 1 : 0);
  set(row, f::gmac, sa.gmac ? 1 : 0);
  set(row, f::esn, sa.esn ? 1 : 0);
  set(row, f::transport, sa.transport ? 1 : 0);
  set(row, f::ipv6, sa.ipv6 ? 1 : 0);
  set(row, f::selector_ipv6, sa.selector_ipv6 ? 1 : 0);
  set(row, f::encapsulation, sa.encapsulated ? 1 : 0);
  set(row, f::replay_check, sa.replay_check ? 1 : 0);
  set(row, f::protocol_any, sa.protocol ? 0 : 1);
  set(row, f::protocol, sa.protocol.value_or(0));
  set(row, f::spi, sa.spi);
  set(row, f::salt, ByteView(sa.salt));
  if (sa.ipv6) {
    set(row, f::outer_destination, ByteView(sa.outer_destination6));
  } else {
    set(row, f::outer_destination, sa.outer_destination);
  }
  if (sa.selector_ipv6) {
    set(row, f::source_first, ByteView(sa.source_first6));
    set(row, f::source_last, ByteView(sa.source_last6));
    set(row, f::destination_first, ByteView(sa.destination_first6));
    set(row, f::destination_last, ByteView(sa.destination_last6));
  } else {
    set(row, f::source_first, sa.source_first);
    set(row, f::source_last, sa.source_last);
    set(row, f::destination_first, sa.destination_first);
    set(row, f::destination_last, sa.destination_last);
  }
  set(row, f::source_port_first, sa.source_port_first);
  set(row, f::source_port_last, sa.source_port_last);
  set(row, f::destination_port_first, sa.destination_port_first);
  set(row, f::destination_port_last, sa.destination_port_last);
  set(row, f::replay_top, sa.replay_top);
  set(row, f::replay_window, sa.replay_window);
  set(row, f::soft_packets, sa.soft_packets);
  set(row, f::soft_bytes, sa.soft_bytes);
  set(row, f::hard_packets, sa.hard_packets);
  set(row, f::hard_bytes, sa.hard_bytes);
  set(row, f::next_hop, sa.next_hop);
  set(row, f::key, ByteView(sa.key));
  const auto h = hash_powers(sa.key);
  const std::array fields{f::h_1,  f::h_2,  f::h_3,  f::h_4,  f::h_8,
                          f::h_12, f::h_16, f::h_20, f::h_m1, f::h_m2};
  for (std::size_t i = 0; i < h.size(); ++i) {
    set(row, fields[i], ByteView(h[i]));
  }
  return row;
}

void Bench::write_shadow(const std::vector<std::uint32_t>& words) {
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    m_core->write(regs::reg_sa_data + 4 * i, words[i]);
  }
}

bool Bench::command(std::uint32_t offset, std::uint32_t value) {
  m_core->write(offset, value);
  std::uint32_t status = 0;
  for (int i = 0; i < 5000; ++i) {
    status = m_core->read(regs::reg_status);
    if ((status >> regs::status_busy.lsb & 1) == 0) {
      return (status >> regs::status_rejected.lsb & 1) == 0;
    }
  }
  throw std::runtime_error("the command does not end");
}

void Bench::add(std::uint32_t index, const OutboundSa& sa) {
  write_shadow(row(sa));
  if (!command(regs::reg_sa_command, place(regs::sa_command_index, index) |
                                         place(regs::sa_command_operation, regs::sa_operation_add))) {
    throw std::runtime_error("outbound add was rejected");
  }
}

void Bench::add(std::uint32_t index, const InboundSa& sa, std::optional<std::uint32_t> way) {
  write_shadow(row(sa));
  if (!command(regs::reg_sa_command, place(regs::sa_command_index, index) |
                                         place(regs::sa_command_inbound, 1) |
                                         place(regs::sa_command_operation, regs::sa_operation_add))) {
    throw std::runtime_error("inbound add was rejected");
  }
  spi_entry(sa.spi, way ? *way : free_way(sa.spi), index, true);
}

Bench::SpiPlace Bench::spi_place(std::uint32_t spi, std::uint32_t way) {
  const std::uint32_t log2 = m_core->read(regs::reg_table_sizes) >> regs::table_sizes_spi_log2.lsb & 0xff;
  return {way, table_index(std::array{spi}, way, log2)};
}

std::uint32_t Bench::free_way(std::uint32_t spi) {
  for (std::uint32_t way = 0; way < regs::engine_table_ways; ++way) {
    const auto taken = m_spis.find(spi_place(spi, way));
    if (taken == m_spis.end() || taken->second == spi) {
      return way;
    }
  }
  throw std::runtime_error("all four places of the SPI are taken");
}

void Bench::spi_entry(std::uint32_t spi, std::uint32_t way, std::uint32_t index, bool valid) {
  const SpiPlace to = spi_place(spi, way);
  if (valid) {
    m_spis[to] = spi;
  } else {
    m_spis.erase(to);
  }
  std::vector<std::uint32_t> words((regs::spi_entry::bits + 31) / 32);
  set(words, regs::spi_entry::valid, valid ? 1 : 0);
  set(words, regs::spi_entry::sa, index);
  set(words, regs::spi_entry::spi, spi);
  write_shadow(words);
  if (!command(regs::reg_table_command, place(regs::table_command_index, to.second) |
                                            place(regs::table_command_way, way) |
                                            place(regs::table_command_table, regs::table_spi))) {
    throw std::runtime_error("SPI entry was rejected");
  }
}

void Bench::cache_entry(Side side, const Flow& flow, std::uint32_t policy, std::uint32_t sa,
                        std::uint32_t way, bool valid) {
  namespace f = regs::spd_cache_entry;
  const bool v6 = !flow.source.is_v4();
  std::vector<std::uint32_t> words((f::bits + 31) / 32);
  set(words, f::valid, valid ? 1 : 0);
  set(words, f::policy, policy);
  set(words, f::sa, sa);
  set(words, f::ipv6, v6 ? 1 : 0);
  set(words, f::ports_known, flow.ports_known ? 1 : 0);
  set(words, f::spd, flow.spd);
  set(words, f::protocol, flow.protocol);
  set(words, f::source_port, flow.source_port);
  set(words, f::destination_port, flow.destination_port);
  set_address(words, f::source, flow.source);
  set_address(words, f::destination, flow.destination);
  write_shadow(words);

  std::array<std::uint32_t, 10> key{};
  const std::size_t first = v6 ? 0 : 3;
  for (std::size_t i = 0; first + i < 4; ++i) {
    key[first + i] = load_be32(flow.source.bytes(), 4 * i);
    key[4 + first + i] = load_be32(flow.destination.bytes(), 4 * i);
  }
  key[8] = std::uint32_t{flow.source_port} << 16 | flow.destination_port;
  key[9] =
      std::uint32_t{flow.protocol} << 16 | (flow.ports_known ? 1U << 9 : 0) | (v6 ? 1U << 8 : 0) | flow.spd;
  const std::uint32_t sizes = m_core->read(regs::reg_table_sizes);
  const std::uint32_t log2 = sizes >> regs::table_sizes_spd_cache_log2.lsb & 0xff;
  const std::uint32_t table =
      side == Side::outbound ? regs::table_outbound_spd_cache : regs::table_inbound_spd_cache;
  if (!command(regs::reg_table_command, place(regs::table_command_index, table_index(key, way, log2)) |
                                            place(regs::table_command_way, way) |
                                            place(regs::table_command_table, table))) {
    throw std::runtime_error("SPD cache entry was rejected");
  }
}

void Bench::remove(Side side, std::uint32_t index) {
  if (!command(regs::reg_sa_command, place(regs::sa_command_index, index) |
                                         place(regs::sa_command_inbound, side == Side::inbound ? 1 : 0) |
                                         place(regs::sa_command_operation, regs::sa_operation_remove))) {
    throw std::runtime_error("remove was rejected");
  }
}

void Bench::renew_lease(std::uint32_t index, std::uint64_t limit, std::uint64_t low) {
  std::vector<std::uint32_t> words(regs::engine_shadow_words);
  set(words, regs::outbound_row::lease_limit, limit);
  set(words, regs::outbound_row::lease_low, low);
  write_shadow(words);
  if (!command(regs::reg_sa_command, place(regs::sa_command_index, index) |
                                         place(regs::sa_command_operation, regs::sa_operation_renew_lease))) {
    throw std::runtime_error("renew was rejected");
  }
}

void Bench::send(Side side, const SendOptions& options, Bytes packet) {
  m_packets.push_back(std::make_unique<Bytes>(std::move(packet)));
  m_core->send(side, options, *m_packets.back());
}

std::vector<Result> Bench::collect(Side side, std::size_t count) {
  constexpr int patience = 20000;  // cycles without a packet, more than a jumbo takes with every stall
  std::vector<Result> results;
  Bytes buffer(70000);
  for (int idle = 0; results.size() < count && idle < patience; ++idle) {
    while (const auto done = m_core->done(side, buffer)) {
      results.push_back({*done, Bytes(buffer.begin(), buffer.begin() + done->length)});
      idle = 0;
    }
    if (results.size() < count) {
      m_core->clock(1);
    }
  }
  return results;
}

Result Bench::one(Side side, const SendOptions& options, Bytes packet) {
  send(side, options, std::move(packet));
  auto results = collect(side, 1);
  if (results.size() != 1) {
    throw std::runtime_error("the packet did not finish");
  }
  return std::move(results.front());
}

std::vector<std::uint64_t> Bench::snapshot(std::uint32_t set, std::uint32_t index, std::size_t counters) {
  if (!command(regs::reg_snapshot_command,
               place(regs::snapshot_command_index, index) | place(regs::snapshot_command_set, set))) {
    throw std::runtime_error("snapshot was rejected");
  }
  std::vector<std::uint64_t> values;
  for (std::uint32_t i = 0; i < counters; ++i) {
    const std::uint64_t low = m_core->read(regs::reg_snapshot_data + 8 * i);
    const std::uint64_t high = m_core->read(regs::reg_snapshot_data + 8 * i + 4);
    values.push_back(high << 32 | low);
  }
  return values;
}

Event event_of(std::uint32_t data) {
  const auto part = [data](regs::Field field) { return data >> field.lsb & ((1U << field.width) - 1); };
  return {.sa = part(regs::event_data_index),
          .side = part(regs::event_data_inbound) != 0 ? Side::inbound : Side::outbound,
          .kinds = part(regs::event_data_kinds)};
}

std::vector<Event> Bench::events() {
  std::vector<Event> events;
  for (;;) {
    const std::uint32_t data = m_core->read(regs::reg_event_data);
    if ((data >> regs::event_data_valid.lsb & 1) == 0) {
      return events;
    }
    events.push_back(event_of(data));
  }
}

}  // namespace espgate::sim::test
