#include "replay/sa_set.h"

#include <fmt/format.h>

#include "base/reader.h"

namespace espgate::host::replay {
namespace {

constexpr std::uint8_t udp = 17;
constexpr std::uint8_t esp = 50;
constexpr std::uint16_t nat_traversal_port = 4500;

}  // namespace

std::optional<EspLabel> esp_label(ByteView packet) {
  constexpr std::size_t ipv6_address = 16;
  Reader reader(packet);
  EspLabel label;
  std::uint8_t protocol = 0;
  const std::uint8_t first = reader.u8();
  if (first >> 4U == 4) {
    constexpr std::size_t fixed_bytes = 20;
    const std::size_t header_bytes = std::size_t{4} * (first & 0xfU);
    reader.skip(8);
    protocol = reader.u8();
    reader.skip(6);
    label.destination = IpAddress::v4(reader.u32());
    if (header_bytes < fixed_bytes) {
      return std::nullopt;
    }
    reader.skip(header_bytes - fixed_bytes);
  } else if (first >> 4U == 6) {
    reader.skip(5);
    protocol = reader.u8();
    reader.skip(1 + ipv6_address);
    const auto destination = IpAddress::from_bytes(reader.take(ipv6_address));
    if (!destination) {
      return std::nullopt;
    }
    label.destination = *destination;
  }
  if (protocol == udp) {
    reader.skip(2);
    const std::uint16_t port = reader.u16();
    reader.skip(4);
    label.encapsulated = port == nat_traversal_port;
  }
  if (protocol != esp && !label.encapsulated) {
    return std::nullopt;
  }
  label.spi = reader.u32();
  return reader.ok() && label.spi != 0 ? std::optional(label) : std::nullopt;
}

SaSet::SaSet(driver::Engine& engine, driver::Direction direction, std::vector<SaDescription> sas)
    : m_engine(engine), m_direction(direction) {
  for (SaDescription& sa : sas) {
    if (sa.direction.value_or(direction) != direction) {
      continue;
    }
    m_waiting.emplace(sa.spi, m_entries.size());
    m_entries.push_back({.sa = std::move(sa), .row = std::nullopt});
  }
}

Expected<driver::SaIndex> SaSet::program(const SaDescription& sa) {
  Expected<driver::SaIndex> row;
  if (m_direction == driver::Direction::outbound) {
    const auto outbound = to_outbound(sa);
    row = outbound ? m_engine.add_outbound(*outbound) : std::unexpected(outbound.error());
  } else {
    const auto inbound = to_inbound(sa);
    row = inbound ? m_engine.add_inbound(*inbound) : std::unexpected(inbound.error());
  }
  if (!row) {
    return fail(fmt::format("engine {} does not take SA {:#010x}: {}", m_engine.capabilities().name, sa.spi,
                            row.error().message));
  }
  m_programmed.push_back({.spi = sa.spi, .row = *row});
  return row;
}

Expected<std::optional<driver::SaIndex>> SaSet::for_outbound(ByteView packet) {
  for (Entry& entry : m_entries) {
    if (!carries(entry.sa, packet)) {
      continue;
    }
    if (!entry.row) {
      const auto row = program(entry.sa);
      if (!row) {
        return std::unexpected(row.error());
      }
      entry.row = *row;
    }
    return entry.row;
  }
  return std::nullopt;
}

Expected<> SaSet::for_inbound(ByteView packet) {
  const auto label = esp_label(packet);
  if (!label) {
    return {};
  }
  const auto [first, last] = m_waiting.equal_range(label->spi);
  if (first == last) {
    return {};
  }
  // Several SAs of one SPI: the one with this destination. An engine has no two of one SPI, so the others are
  // out.
  auto chosen = first;
  for (auto candidate = first; candidate != last; ++candidate) {
    if (m_entries[candidate->second].sa.destination.value_or(label->destination) == label->destination) {
      chosen = candidate;
      break;
    }
  }
  SaDescription sa = m_entries[chosen->second].sa;
  m_waiting.erase(first, last);
  if (!sa.destination) {
    sa.destination = label->destination;
  }
  if (!sa.encapsulation_known && label->encapsulated) {
    sa.encapsulation = driver::UdpEncapsulation{};
  }
  const auto row = program(sa);
  return row ? Expected<>{} : std::unexpected(row.error());
}

}  // namespace espgate::host::replay
