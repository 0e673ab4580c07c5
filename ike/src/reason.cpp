#include "reason.h"

#include <utility>

namespace espgate::ike {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
};
constexpr Entry entries[] = {
#define REASON(name, text) {#name, text},
#include "reasons.def"
#undef REASON
};

}  // namespace

std::string_view name_of(Reason reason) {
  return entries[std::to_underlying(reason)].name;
}
std::string_view text_of(Reason reason) {
  return entries[std::to_underlying(reason)].text;
}

void Counters::count(Reason reason) {
  ++m_values.at(std::to_underlying(reason));
}

std::uint64_t Counters::value(Reason reason) const {
  return m_values.at(std::to_underlying(reason));
}

std::vector<Counter> Counters::all() const {
  std::vector<Counter> counters;
  counters.reserve(m_values.size());
  for (std::size_t i = 0; i < m_values.size(); ++i) {
    counters.push_back({entries[i].name, m_values[i]});
  }
  return counters;
}

}  // namespace espgate::ike
