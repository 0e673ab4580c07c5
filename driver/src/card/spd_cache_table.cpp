#include "card/spd_cache_table.h"

#include <fmt/format.h>

#include <vector>

namespace espgate::driver::card {
namespace {

namespace entry = registers::spd_cache_entry;

static_assert(static_cast<std::uint32_t>(Policy::protect) == registers::policy_protect);
static_assert(static_cast<std::uint32_t>(Policy::bypass) == registers::policy_bypass);
static_assert(static_cast<std::uint32_t>(Policy::discard) == registers::policy_discard);

// Four words; those in front of an IPv4 address are zero.
void store(const IpAddress& address, std::span<std::uint32_t, 4> words) {
  const ByteView bytes = address.bytes();
  const std::size_t first = words.size() - bytes.size() / 4;
  for (std::size_t i = first; i < words.size(); ++i) {
    words[i] = load_be32(bytes, 4 * (i - first));
  }
}

Shadow entry_of(const Flow& flow, const SpdCacheTable::Decision& decision) {
  Shadow shadow;
  shadow.set(entry::valid, 1);
  shadow.set(entry::policy, static_cast<std::uint64_t>(decision.policy));
  shadow.set(entry::sa, decision.sa);
  shadow.set_flag(entry::ipv6, !flow.source.is_v4());
  shadow.set_flag(entry::ports_known, flow.ports_known);
  shadow.set(entry::spd, flow.spd);
  shadow.set(entry::protocol, flow.protocol);
  shadow.set(entry::source_port, flow.source_port);
  shadow.set(entry::destination_port, flow.destination_port);
  shadow.set_address(entry::source, flow.source);
  shadow.set_address(entry::destination, flow.destination);
  return shadow;
}

}  // namespace

std::array<std::uint32_t, 10> SpdCacheTable::Traits::words(const Flow& flow) {
  std::array<std::uint32_t, 10> words{};
  store(flow.source, std::span(words).subspan<0, 4>());
  store(flow.destination, std::span(words).subspan<4, 4>());
  words[8] = std::uint32_t{flow.source_port} << 16U | flow.destination_port;
  words[9] = std::uint32_t{flow.protocol} << 16U | (flow.ports_known ? 1U << 9U : 0U) |
             (flow.source.is_v4() ? 0U : 1U << 8U) | flow.spd;
  return words;
}

Expected<> SpdCacheTable::set(Commands& commands, const Flow& flow, const Decision& decision) {
  const auto writes = m_table.set(flow, decision);
  if (!writes) {
    return fail(fmt::format("the {} SPD cache has no room for one more flow, with {} in it; forget some",
                            m_number == registers::table_outbound_spd_cache ? "outbound" : "inbound",
                            m_table.size()));
  }
  for (const auto& write : *writes) {
    if (auto written = commands.write_table(m_number, write.place, entry_of(write.key, write.value));
        !written) {
      m_table.erase(flow);
      return written;
    }
  }
  return {};
}

Expected<> SpdCacheTable::write_all(Commands& commands) const {
  Expected<> written;
  m_table.for_each_place([&](const TablePlace& place, const Flow& flow, const Decision& decision) {
    if (written) {
      written = commands.write_table(m_number, place, entry_of(flow, decision));
    }
  });
  return written;
}

Expected<> SpdCacheTable::forget(Commands& commands, const Flow& flow) {
  const auto place = m_table.erase(flow);
  return place ? commands.clear_table(m_number, *place) : Expected<>{};
}

Expected<> SpdCacheTable::forget_sa(Commands& commands, std::uint32_t row) {
  std::vector<Flow> flows;
  m_table.for_each([&](const Flow& flow, const Decision& decision) {
    if (decision.leads_to(row)) {
      flows.push_back(flow);
    }
  });
  // All of them leave the books, whatever the engine says of one.
  Expected<> all;
  for (const Flow& flow : flows) {
    auto forgotten = forget(commands, flow);
    all = all ? std::move(forgotten) : std::move(all);
  }
  return all;
}

}  // namespace espgate::driver::card
