// The books of the hardware's hash tables: what they have written, a model of the hardware must find.
#include "card/way_table.h"

#include <gtest/gtest.h>

#include <map>

#include "support/random.h"

namespace espgate::driver::test {
namespace {

using card::TablePlace;

TEST(TableHash, IsThatOfThePage) {
  // Computed from the text of docs/developer/engine-behaviour.md by another program.
  using Key = std::vector<std::uint32_t>;
  const auto hash = [](const Key& key) { return card::table_hash(key); };
  EXPECT_EQ(hash({0x12345678}), 0xf3df19e6359dfcd0U);
  EXPECT_EQ(hash({0xffffffff}), 0x0000000000000000U);
  EXPECT_EQ(hash({1}), 0x1818e81b02223905U);
  // 10.1.0.5:1000 to 10.2.0.7:2000, UDP, in SPD 0; and an IPv6 flow without ports in SPD 255.
  EXPECT_EQ(hash({0, 0, 0, 0x0a010005, 0, 0, 0, 0x0a020007, 1000U << 16 | 2000, 17U << 16 | 1U << 9}),
            0xdd1ae02213e209fbU);
  EXPECT_EQ(hash({0x20010db8, 1, 2, 3, 0x20010db8, 4, 5, 0xffffffff, 0, 58U << 16 | 1U << 8 | 255}),
            0xcc550083a61fba7bU);
}

TEST(TableHash, EachWayTakesItsOwnBits) {
  const auto places = card::places_of(0x1234'5678'9abc'def0, 8);
  const std::array<TablePlace, 4> expected{TablePlace{0, 0xf0}, TablePlace{1, 0xbc}, TablePlace{2, 0x78},
                                           TablePlace{3, 0x34}};
  EXPECT_EQ(places, expected);
  EXPECT_EQ(card::places_of(0x1234'5678'9abc'def0, 16)[2].index, 0x5678U);
  EXPECT_EQ(card::places_of(0x1234'5678'9abc'def0, 0)[3].index, 0U);
}

struct Traits {
  static std::array<std::uint32_t, 1> words(std::uint32_t key) { return {key}; }
};
using Table = card::WayTable<std::uint32_t, std::uint32_t, Traits>;

// Four RAMs that are looked at in the same cycle.
class Hardware {
 public:
  explicit Hardware(std::uint32_t log2) : m_log2(log2) {}

  void write(const Table::Write& write) { m_entries[slot(write.place)] = {write.key, write.value}; }
  void clear(const TablePlace& place) { m_entries.erase(slot(place)); }
  std::optional<std::uint32_t> find(std::uint32_t key) const {
    for (const TablePlace& place : card::places_of(card::table_hash(Traits::words(key)), m_log2)) {
      const auto found = m_entries.find(slot(place));
      if (found != m_entries.end() && found->second.first == key) {
        return found->second.second;
      }
    }
    return std::nullopt;
  }
  std::size_t size() const { return m_entries.size(); }

 private:
  static std::pair<std::uint32_t, std::uint32_t> slot(const TablePlace& place) {
    return {place.way, place.index};
  }

  std::uint32_t m_log2;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::uint32_t, std::uint32_t>> m_entries;
};

class Pair {
 public:
  explicit Pair(std::uint32_t log2) : table(log2), hardware(log2) {}

  // False when there is no room. After every single write, all that was there before must be found.
  bool set(std::uint32_t key, std::uint32_t value) {
    const auto writes = table.set(key, value);
    if (!writes) {
      return false;
    }
    moves += writes->size() - 1;
    for (const Table::Write& write : *writes) {
      hardware.write(write);
      expect_all();
    }
    live[key] = value;
    expect_all();
    return true;
  }
  void erase(std::uint32_t key) {
    const auto place = table.erase(key);
    ASSERT_TRUE(place);
    hardware.clear(*place);
    live.erase(key);
    EXPECT_EQ(hardware.find(key), std::nullopt);
    expect_all();
  }
  void expect_all() const {
    for (const auto& [key, value] : live) {
      ASSERT_EQ(hardware.find(key), value) << key;
    }
  }

  Table table;
  Hardware hardware;
  std::map<std::uint32_t, std::uint32_t> live;
  std::size_t moves = 0;
};

TEST(WayTable, ALiveEntryIsFoundAtEveryMoment) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    Pair pair(5);
    // Up to 86 % of 128 places, then entries come and go.
    while (pair.live.size() < 110) {
      ASSERT_TRUE(pair.set(random.u32(), random.u32())) << pair.live.size();
    }
    EXPECT_EQ(pair.hardware.size(), 110U) << "no copy is left behind";
    for (int i = 0; i < 200; ++i) {
      pair.erase(std::next(pair.live.begin(), static_cast<std::ptrdiff_t>(random.below(110)))->first);
      ASSERT_TRUE(pair.set(random.u32(), random.u32())) << i;
    }
    EXPECT_EQ(pair.hardware.size(), 110U);
    EXPECT_GT(pair.moves, 50U) << "the test must have made entries move";
  }
}

TEST(WayTable, ReplacesTheValueInPlace) {
  Pair pair(3);
  ASSERT_TRUE(pair.set(7, 1));
  const auto first = pair.table.set(7, 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(*pair.table.find(7), 2U);
  EXPECT_EQ(pair.table.size(), 1U);
  EXPECT_EQ(pair.table.find(8), nullptr);
  EXPECT_EQ(pair.table.erase(8), std::nullopt);
}

TEST(WayTable, AFullTableRefusesAndKeepsWhatItHas) {
  Random random(9);
  Pair pair(2);
  bool refused = false;
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t key = random.u32();
    const bool taken = pair.set(key, 1);
    refused = refused || !taken;
    if (!taken) {
      EXPECT_EQ(pair.table.find(key), nullptr);
    }
    pair.expect_all();
  }
  EXPECT_TRUE(refused);
  EXPECT_GE(pair.live.size(), 14U) << "of 16 places";
}

TEST(WayTable, ALargeTableFills) {
  Random random(11);
  Table table(12);
  std::size_t longest = 0;
  for (int i = 0; i < 15'400; ++i) {  // 94 % of 16384
    const auto writes = table.set(random.u32(), 0);
    ASSERT_TRUE(writes) << i;
    longest = std::max(longest, writes->size());
  }
  EXPECT_LE(longest, 12U) << "breadth first, so the path is a short one";
}

}  // namespace
}  // namespace espgate::driver::test
