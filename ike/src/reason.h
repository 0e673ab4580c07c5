// Why a message was dropped or refused; each reason is a counter.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "ike/stack.h"

namespace espgate::ike {

enum class Reason : std::uint8_t {
#define REASON(name, text) name,
#include "reasons.def"
#undef REASON
};

template <typename T = void>
using Result = std::expected<T, Reason>;

std::string_view name_of(Reason reason);
std::string_view text_of(Reason reason);

class Counters {
 public:
  void count(Reason reason);
  std::uint64_t value(Reason reason) const;
  std::vector<Counter> all() const;

 private:
  static constexpr std::size_t reason_count = 0
#define REASON(name, text) +1
#include "reasons.def"
#undef REASON
      ;
  std::array<std::uint64_t, reason_count> m_values{};
};

}  // namespace espgate::ike
