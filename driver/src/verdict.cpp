#include "driver/verdict.h"

#include <array>

namespace espgate::driver {
namespace {

enum class Kind : std::uint8_t { ok, out, in, both, host };

struct Entry {
  std::string_view name;
  std::string_view text;
  Kind kind;
};

constexpr std::array<Entry, verdict_count> entries = {{
#define ESPGATE_VERDICT(name, code, kind, text) {#name, text, Kind::kind},
#include "driver/verdicts.def"
#undef ESPGATE_VERDICT
}};

// The table is indexed by code, so the codes must count up from 0 in the order of the list.
constexpr std::array<std::size_t, verdict_count> codes = {{
#define ESPGATE_VERDICT(name, code, kind, text) code,
#include "driver/verdicts.def"
#undef ESPGATE_VERDICT
}};
static_assert([] {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] != i) {
      return false;
    }
  }
  return true;
}());

const Entry* find(Verdict verdict) {
  const auto code = static_cast<std::size_t>(verdict);
  return code < entries.size() ? &entries[code] : nullptr;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  const Entry* entry = find(verdict);
  return entry != nullptr ? entry->name : "unknown";
}

std::string_view describe(Verdict verdict) {
  const Entry* entry = find(verdict);
  return entry != nullptr ? entry->text : "a verdict that this version does not know";
}

bool is_possible(Verdict verdict, Direction direction) {
  const Entry* entry = find(verdict);
  if (entry == nullptr) {
    return false;
  }
  const bool outbound = direction == Direction::outbound;
  switch (entry->kind) {
    case Kind::ok:
    case Kind::both:
      break;
    case Kind::out:
      return outbound;
    case Kind::in:
      return !outbound;
    case Kind::host:
      // The list does not say from which side the host gets them.
      return verdict == Verdict::header_window ||
             (verdict == Verdict::inner_fragment || verdict == Verdict::policy_miss) == outbound;
  }
  return true;
}

bool is_host_exception(Verdict verdict) {
  const Entry* entry = find(verdict);
  return entry != nullptr && entry->kind == Kind::host;
}

}  // namespace espgate::driver
