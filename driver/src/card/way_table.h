// The books of a hash table in hardware: where each entry stands, and how entries move to make room for one
// more (cuckoo hashing with four places for each key). The hardware looks in all four at once, so an entry is
// written to its new place before anything takes the old one: at no moment is it nowhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "card/table_hash.h"

namespace espgate::driver::card {

// Traits::words(key) gives the array of a key's hash words.
template <typename Key, typename Value, typename Traits>
class WayTable {
 public:
  struct Write {
    TablePlace place;
    Key key;
    Value value;
  };

  // 2^log2 entries a way.
  explicit WayTable(std::uint32_t log2)
      : m_log2(log2), m_slots(std::size_t{registers::engine_table_ways} << log2) {}

  const Value* find(const Key& key) const {
    const auto found = m_entries.find(key);
    return found == m_entries.end() ? nullptr : &found->second.value;
  }

  // What must be written, in this order, for the key to have this value; nullopt, and nothing changed, when
  // no room can be made.
  std::optional<std::vector<Write>> set(const Key& key, const Value& value) {
    if (const auto known = m_entries.find(key); known != m_entries.end()) {
      known->second.value = value;
      return std::vector{Write{known->second.place, key, value}};
    }
    const std::vector<Step> path = find_path(key);
    if (path.empty()) {
      return std::nullopt;
    }
    std::vector<Write> writes;
    std::size_t step = path.size() - 1;
    while (path[step].parent != no_parent) {
      Node* moved = m_slots[slot_of(path[path[step].parent].place)];
      writes.push_back(place(moved, path[step].place));
      step = path[step].parent;
    }
    Node& entry = *m_entries.emplace(key, Entry{.value = value, .place = {}}).first;
    writes.push_back(place(&entry, path[step].place));
    return writes;
  }

  // The place that must be emptied; nullopt when the key is not there.
  std::optional<TablePlace> erase(const Key& key) {
    const auto found = m_entries.find(key);
    if (found == m_entries.end()) {
      return std::nullopt;
    }
    const TablePlace place = found->second.place;
    m_slots[slot_of(place)] = nullptr;
    m_entries.erase(found);
    return place;
  }

  std::size_t size() const { return m_entries.size(); }
  // Calls visit(key, value) for each entry.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, entry] : m_entries) {
      visit(key, entry.value);
    }
  }
  // Calls visit(place, key, value) for each entry.
  template <typename Visit>
  void for_each_place(Visit visit) const {
    for (const auto& [key, entry] : m_entries) {
      visit(entry.place, key, entry.value);
    }
  }

 private:
  struct Entry {
    Value value;
    TablePlace place;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return table_hash(Traits::words(key)); }
  };
  using Node = std::pair<const Key, Entry>;  // its address stays, as long as the entry does
  struct Step {
    TablePlace place;
    std::size_t parent;  // the step whose occupant would move here
  };
  static constexpr std::size_t no_parent = SIZE_MAX;
  // Looked at before a table counts as full.
  static constexpr std::size_t search_limit = 4096;

  std::size_t slot_of(const TablePlace& place) const {
    return (std::size_t{place.way} << m_log2) + place.index;
  }
  std::array<TablePlace, registers::engine_table_ways> places_of_key(const Key& key) const {
    return places_of(table_hash(Traits::words(key)), m_log2);
  }

  Write place(Node* entry, const TablePlace& where) {
    m_slots[slot_of(where)] = entry;
    entry->second.place = where;
    return {where, entry->first, entry->second.value};
  }

  // The shortest way to a free place, breadth first; the last step is the free one. Empty when there is none.
  std::vector<Step> find_path(const Key& key) const {
    std::vector<Step> steps;
    std::unordered_set<std::size_t> seen;
    const auto add = [&](const Key& of, std::size_t parent) {
      for (const TablePlace& place : places_of_key(of)) {
        if (seen.insert(slot_of(place)).second) {
          steps.push_back({place, parent});
          if (m_slots[slot_of(place)] == nullptr) {
            return true;
          }
        }
      }
      return false;
    };
    bool found = add(key, no_parent);
    for (std::size_t i = 0; !found && i < steps.size() && steps.size() < search_limit; ++i) {
      found = add(m_slots[slot_of(steps[i].place)]->first, i);
    }
    return found ? steps : std::vector<Step>{};
  }

  std::uint32_t m_log2;
  std::unordered_map<Key, Entry, Hash> m_entries;
  std::vector<Node*> m_slots;  // null: free
};

}  // namespace espgate::driver::card
