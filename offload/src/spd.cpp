#include "offload/spd.h"

#include <algorithm>
#include <utility>

#include "spd_index.h"

namespace espgate::offload {

// The entries, and the index that points into them: made together, replaced together.
struct Spd::Compiled {
  explicit Compiled(std::vector<SpdEntry> all) : entries(std::move(all)) {
    for (std::size_t position = 0; position < entries.size(); ++position) {
      const SpdEntry& entry = entries[position];
      for (const Selector& selector : entry.selectors) {
        index.add(selector, static_cast<SpdIndex::Order>(rows.size()), entry.action != Action::bypass);
        rows.push_back({position, &selector});
      }
    }
    index.finish();
  }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() = default;

  struct Row {
    std::size_t position;
    const Selector* selector;
  };

  std::vector<SpdEntry> entries;
  std::vector<Row> rows;  // by order
  SpdIndex index;
};

Spd::Spd() : m_compiled(std::make_unique<const Compiled>(std::vector<SpdEntry>{})) {}
Spd::Spd(Spd&&) noexcept = default;
Spd& Spd::operator=(Spd&&) noexcept = default;
Spd::~Spd() = default;

void Spd::replace(std::vector<SpdEntry> entries) {
  m_compiled = std::make_unique<const Compiled>(std::move(entries));
}

const std::vector<SpdEntry>& Spd::entries() const {
  return m_compiled->entries;
}

const SpdEntry* Spd::find(const std::string& name) const {
  const auto found = std::ranges::find(m_compiled->entries, name, &SpdEntry::name);
  return found == m_compiled->entries.end() ? nullptr : &*found;
}

SpdMatch Spd::match_outbound(const PacketFields& fields) const {
  const auto order = m_compiled->index.find(fields);
  if (!order) {
    return {};
  }
  const Compiled::Row& row = m_compiled->rows[*order];
  const SpdEntry& entry = m_compiled->entries[row.position];
  if (entry.action == Action::bypass && has_ports(fields.protocol) && !fields.ports_known()) {
    const auto unsure = m_compiled->index.find_unsure(fields);
    if (unsure && *unsure < *order) {
      return {.reason = SpdReason::fragment_unsure,
              .entry = nullptr,
              .position = row.position,
              .selector = row.selector,
              .doubt = &m_compiled->entries[m_compiled->rows[*unsure].position]};
    }
  }
  return {.reason = SpdReason::matched,
          .entry = &entry,
          .position = row.position,
          .selector = row.selector,
          .doubt = nullptr};
}

}  // namespace espgate::offload
