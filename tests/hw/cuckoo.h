// Fills a table of four ways as a host may: a key goes to the nearest free place, by moving as few other keys
// as possible to one of their other places (breadth first). The caller is told each write, in the order in
// which no key is ever missing: into the free place first.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "table_hash.h"

namespace espgate::test {

class Cuckoo {
 public:
  struct Place {
    std::uint32_t way = 0;
    std::uint32_t index = 0;
    auto operator<=>(const Place&) const = default;
  };
  // Key number `key` is written to this place.
  using Write = std::function<void(Place place, std::size_t key)>;

  Cuckoo(std::uint32_t log2, Write write) : m_log2(log2), m_write(std::move(write)) {
    for (auto& way : m_ways) {
      way.resize(std::size_t{1} << log2);
    }
  }

  // Adds key number count(); false, and nothing changed, when no free place is found in `search` places.
  bool add(std::uint64_t hash, std::size_t search = 2000) {
    struct Node {
      Place place;
      std::optional<std::size_t> parent;  // whose key would move here; none: the new key
    };
    const std::size_t added = m_hashes.size();
    m_hashes.push_back(hash);
    std::vector<Node> nodes;
    std::set<Place> seen;
    const auto offer = [&](std::size_t key, std::optional<std::size_t> parent) {
      for (std::uint32_t way = 0; way < table_ways; ++way) {
        const auto index = static_cast<std::uint32_t>(m_hashes[key] >> 16 * way) & ((1U << m_log2) - 1);
        if (seen.insert({way, index}).second) {
          nodes.push_back({{way, index}, parent});
        }
      }
    };
    offer(added, std::nullopt);
    for (std::size_t n = 0; n < std::min(nodes.size(), search); ++n) {
      if (const auto occupant = at(nodes[n].place)) {
        offer(*occupant, n);
        continue;
      }
      for (std::optional<std::size_t> to = n; to; to = nodes[*to].parent) {
        const auto from = nodes[*to].parent;
        const std::size_t key = from ? *at(nodes[*from].place) : added;
        at(nodes[*to].place) = key;
        m_write(nodes[*to].place, key);
      }
      return true;
    }
    m_hashes.pop_back();
    return false;
  }

  std::size_t count() const { return m_hashes.size(); }
  // Of all places.
  double load() const { return static_cast<double>(count()) / static_cast<double>(4 * m_ways[0].size()); }

 private:
  std::optional<std::size_t>& at(Place place) { return m_ways.at(place.way).at(place.index); }

  std::uint32_t m_log2;
  Write m_write;
  std::array<std::vector<std::optional<std::size_t>>, table_ways> m_ways;
  std::vector<std::uint64_t> m_hashes;
};

}  // namespace espgate::test
