// Counters of one class: an enum of reasons and their names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/named_counter.h"

namespace espgate::host::dataplane {

// `Reason` is an enum whose values are the indices of `names`.
template <typename Reason, std::size_t N>
class CounterSet {
 public:
  explicit CounterSet(const std::array<std::string_view, N>& names) : m_names(names) {}

  void count(Reason reason, std::uint64_t by = 1) { m_values.at(static_cast<std::size_t>(reason)) += by; }
  std::vector<NamedCounter> list() const {
    std::vector<NamedCounter> all;
    all.reserve(N);
    for (std::size_t i = 0; i < N; ++i) {
      all.push_back({m_names.at(i), m_values.at(i)});
    }
    return all;
  }

 private:
  std::array<std::string_view, N> m_names;
  std::array<std::uint64_t, N> m_values{};
};

}  // namespace espgate::host::dataplane
