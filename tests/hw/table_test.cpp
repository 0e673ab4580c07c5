// The hash of the tables against its definition, how full a host can make a table by it, and the SPD cache
// module filled to that level.
#include <VSpdCache.h>
#include <VTableHash1.h>
#include <VTableHash10.h>
#include <gtest/gtest.h>
#include <verilated.h>

#include <deque>
#include <random>

#include "card/registers.h"
#include "cuckoo.h"
#include "table_hash.h"

namespace espgate::test {
namespace {

namespace regs = espgate::driver::registers;

constexpr double wanted_load = 0.9;

using FlowKey = std::array<std::uint32_t, 10>;

struct Flow {
  std::array<std::uint32_t, 4> source{}, destination{};  // network order, first word first
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 17;
  std::uint8_t spd = 0;
  bool ports_known = true;
  bool ipv6 = false;
  bool operator==(const Flow&) const = default;

  FlowKey key() const {
    FlowKey key{};
    std::copy(source.begin(), source.end(), key.begin());
    std::copy(destination.begin(), destination.end(), key.begin() + 4);
    key[8] = std::uint32_t{source_port} << 16 | destination_port;
    key[9] = std::uint32_t{protocol} << 16 | std::uint32_t{ports_known} << 9 | std::uint32_t{ipv6} << 8 | spd;
    return key;
  }
};

std::uint32_t random_word(std::mt19937& rng) {
  return static_cast<std::uint32_t>(rng());
}

Flow random_flow(std::mt19937& rng) {
  Flow flow;
  flow.ipv6 = rng() % 2 == 0;
  for (std::size_t i = flow.ipv6 ? 0 : 3; i < 4; ++i) {
    flow.source.at(i) = random_word(rng);
    flow.destination.at(i) = random_word(rng);
  }
  flow.ports_known = rng() % 4 != 0;
  if (flow.ports_known) {
    flow.source_port = static_cast<std::uint16_t>(rng());
    flow.destination_port = static_cast<std::uint16_t>(rng());
  }
  flow.protocol = static_cast<std::uint8_t>(rng());
  flow.spd = static_cast<std::uint8_t>(rng());
  return flow;
}

template <typename Model, std::size_t words>
void expect_hash() {
  VerilatedContext context;
  Model model{&context};
  model.clk_i = 0;
  model.eval();
  std::mt19937 rng(1);
  for (int round = 0; round < 2000; ++round) {
    std::array<std::uint32_t, words> key{};
    for (auto& word : key) {
      // First a single bit in one word or so.
      const bool some = random_word(rng) % words == 0;
      word = round >= 400 ? random_word(rng) : some ? 1U << random_word(rng) % 32 : 0;
    }
    if constexpr (words == 1) {
      model.key_i = key[0];
    } else {
      std::copy(key.begin(), key.end(), &model.key_i[0]);
    }
    for (int edge = 0; edge < 6; ++edge) {  // HASH_CYCLES clocks
      model.clk_i = edge % 2 == 0;
      model.eval();
    }
    ASSERT_EQ(model.hash_o, table_hash(key));
  }
}

TEST(TableHash, IsTheOneOfTheBehaviour) {
  expect_hash<VTableHash1, 1>();
  expect_hash<VTableHash10, 10>();
}

// Adds keys until one finds no place.
double load_of(std::uint32_t log2, const std::function<std::uint64_t(std::uint32_t)>& hash) {
  Cuckoo cuckoo(log2, [](Cuckoo::Place, std::size_t) {});
  for (std::uint32_t i = 0; i < (4U << log2) && cuckoo.add(hash(i)); ++i) {
  }
  return cuckoo.load();
}

TEST(TableHash, TablesOfSpisFill) {
  std::mt19937 rng(2);
  for (const std::uint32_t log2 : {7U, 10U, 14U}) {
    const auto spis = [log2](const std::function<std::uint32_t(std::uint32_t)>& spi) {
      return load_of(log2, [&](std::uint32_t i) { return table_hash(std::array{spi(i)}); });
    };
    EXPECT_GE(spis([](std::uint32_t i) { return 256 + i; }), wanted_load) << log2;
    EXPECT_GE(spis([](std::uint32_t i) { return 0xc0000000 + 8 * i; }), wanted_load) << log2;
    EXPECT_GE(spis([](std::uint32_t i) { return 0x1000 + (i << 8); }), wanted_load) << log2;
    EXPECT_GE(spis([](std::uint32_t i) { return i << 16 | 0xabc; }), wanted_load) << log2;
    EXPECT_GE(spis([](std::uint32_t i) { return (i & 0xff) << 24 | i >> 8; }), wanted_load) << log2;
    EXPECT_GE(spis([&](std::uint32_t) { return random_word(rng); }), wanted_load) << log2;
  }
}

TEST(TableHash, TablesOfFlowsFill) {
  std::mt19937 rng(3);
  for (const std::uint32_t log2 : {7U, 10U, 14U}) {
    const auto flows = [log2](const std::function<void(Flow&, std::uint32_t)>& change) {
      return load_of(log2, [&](std::uint32_t i) {
        Flow flow;
        flow.source[3] = 0x0a000001;
        flow.destination[3] = 0x0a000102;
        flow.source_port = 40000;
        flow.destination_port = 443;
        change(flow, i);
        return table_hash(flow.key());
      });
    };
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) { f.source[3] += i; }), wanted_load) << log2;
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) { f.destination[3] += i; }), wanted_load) << log2;
    // Both ends count: the same difference in two words must not cancel out.
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) {
                f.source[3] += i;
                f.destination[3] += i;
              }),
              wanted_load)
        << log2;
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) { f.source_port = static_cast<std::uint16_t>(1024 + i); }),
              wanted_load)
        << log2;
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) {
                f.source_port = static_cast<std::uint16_t>(1024 + i % 256);
                f.source[3] += i / 256;
              }),
              wanted_load)
        << log2;
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) {
                f.ipv6 = true;
                f.source = {0x20010db8, 0, 0, 1 + i};
                f.destination = {0x20010db8, 0, i % 16, 0x100 + i / 16};
              }),
              wanted_load)
        << log2;
    EXPECT_GE(flows([](Flow& f, std::uint32_t i) {
                f.ports_known = false;
                f.source_port = f.destination_port = 0;
                f.spd = static_cast<std::uint8_t>(i);
                f.source[3] += (i >> 8) << 8;
              }),
              wanted_load)
        << log2;
    EXPECT_GE(flows([&](Flow& f, std::uint32_t) { f = random_flow(rng); }), wanted_load) << log2;
  }
}

// --- the SPD cache as it is built ---

struct Entry {
  Flow flow;
  std::uint8_t policy = 0;
  std::uint16_t sa = 0;
  bool valid = true;
};

class SpdCache {
 public:
  static constexpr std::uint32_t log2 = 7;
  static constexpr int latency = 7;  // SPD_CACHE_CYCLES
  struct Answer {
    bool hit = false;
    std::uint8_t policy = 0;
    std::uint16_t sa = 0;
    bool operator==(const Answer&) const = default;
  };

  SpdCache() {
    m_model.rst_ni = 0;
    clock();
    m_model.rst_ni = 1;
    for (std::uint32_t i = 0; i < 1U << log2; ++i) {
      write({0, i}, {.flow = {}, .valid = false}, 0xf);
    }
  }
  ~SpdCache() { m_model.final(); }
  SpdCache(const SpdCache&) = delete;
  SpdCache& operator=(const SpdCache&) = delete;

  // One clock with a write; a look-up that was asked for goes with it.
  void write(Cuckoo::Place place, const Entry& entry, std::uint32_t ways = 0) {
    std::array<std::uint32_t, 11> words{};
    const auto set = [&words](regs::Field field, std::uint64_t value) {
      for (std::uint32_t bit = 0; bit < field.width && bit < 64; ++bit) {
        words.at((field.lsb + bit) / 32) |= static_cast<std::uint32_t>(value >> bit & 1)
                                            << (field.lsb + bit) % 32;
      }
    };
    namespace f = regs::spd_cache_entry;
    set(f::valid, entry.valid);
    set(f::policy, entry.policy);
    set(f::sa, entry.sa);
    set(f::ipv6, entry.flow.ipv6);
    set(f::ports_known, entry.flow.ports_known);
    set(f::spd, entry.flow.spd);
    set(f::protocol, entry.flow.protocol);
    set(f::source_port, entry.flow.source_port);
    set(f::destination_port, entry.flow.destination_port);
    for (std::uint32_t i = 0; i < 4; ++i) {
      set({f::source.lsb + 32 * (3 - i), 32}, entry.flow.source.at(i));
      set({f::destination.lsb + 32 * (3 - i), 32}, entry.flow.destination.at(i));
    }
    std::copy(words.begin(), words.end(), &m_model.write_entry_i[0]);
    m_model.write_index_i = static_cast<std::uint8_t>(place.index);
    m_model.write_i = static_cast<std::uint8_t>(ways != 0 ? ways : 1U << place.way);
    clock();
    m_model.write_i = 0;
  }

  // Asks in the next clock.
  void ask(const Flow& flow) {
    m_model.valid_i = 1;
    m_model.ipv6_i = flow.ipv6;
    m_model.ports_known_i = flow.ports_known;
    m_model.protocol_i = flow.protocol;
    m_model.source_port_i = flow.source_port;
    m_model.destination_port_i = flow.destination_port;
    m_model.spd_i = flow.spd;
    for (std::size_t i = 0; i < 4; ++i) {
      m_model.source_i[3 - i] = flow.source.at(i);
      m_model.destination_i[3 - i] = flow.destination.at(i);
    }
  }
  void clock() {
    m_model.clk_i = 1;
    m_model.eval();
    m_model.clk_i = 0;
    m_model.eval();
    m_model.valid_i = 0;
    if (m_model.valid_o != 0) {
      answers.push_back({m_model.hit_o != 0, m_model.policy_o, m_model.sa_o});
    }
  }
  Answer look_up(const Flow& flow) {
    answers.clear();
    ask(flow);
    for (int i = 0; i < latency; ++i) {
      EXPECT_TRUE(answers.empty());
      clock();
    }
    return answers.empty() ? Answer{.hit = true, .policy = 0xff, .sa = 0xffff} : answers.front();
  }

  std::vector<Answer> answers;

 private:
  VerilatedContext m_context;
  VSpdCache m_model{&m_context};
};

TEST(SpdCache, FullTableAnswersEveryFlowAndNoOther) {
  SpdCache cache;
  std::mt19937 rng(4);
  std::vector<Entry> entries;
  Cuckoo cuckoo(SpdCache::log2,
                [&](Cuckoo::Place place, std::size_t key) { cache.write(place, entries.at(key)); });
  do {
    entries.push_back({.flow = random_flow(rng),
                       .policy = static_cast<std::uint8_t>(rng() % 3),
                       .sa = static_cast<std::uint16_t>(rng()),
                       .valid = true});
  } while (cuckoo.add(table_hash(entries.back().flow.key())));
  entries.pop_back();
  EXPECT_GE(cuckoo.load(), wanted_load);

  // One a cycle: every entry, and with each one a flow that differs in one thing.
  std::vector<SpdCache::Answer> expected;
  cache.answers.clear();
  std::size_t strangers = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    cache.ask(entries[i].flow);
    cache.clock();
    expected.push_back({true, entries[i].policy, entries[i].sa});
    Flow other = entries[i].flow;
    switch (i % 8) {
      case 0:
        other.source.at(rng() % 4) ^= 1U << rng() % 32;
        break;
      case 1:
        other.destination.at(rng() % 4) ^= 1U << rng() % 32;
        break;
      case 2:
        other.source_port ^= static_cast<std::uint16_t>(1U << rng() % 16);
        break;
      case 3:
        other.destination_port ^= static_cast<std::uint16_t>(1U << rng() % 16);
        break;
      case 4:
        other.protocol ^= static_cast<std::uint8_t>(1U << rng() % 8);
        break;
      case 5:
        other.spd ^= static_cast<std::uint8_t>(1U << rng() % 8);
        break;
      case 6:
        other.ipv6 = !other.ipv6;
        break;
      default:
        other.ports_known = !other.ports_known;
        break;
    }
    // Ports that are not known make no difference.
    const bool same = !other.ports_known && (i % 8 == 2 || i % 8 == 3);
    strangers += same ? 0 : 1;
    cache.ask(other);
    cache.clock();
    expected.push_back(same ? expected.back() : SpdCache::Answer{});
  }
  for (int i = 0; i < SpdCache::latency; ++i) {
    cache.clock();
  }
  EXPECT_GT(strangers, 300U);
  ASSERT_EQ(cache.answers.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(cache.answers[i], expected[i]) << i;
  }
}

// A host moves an entry by writing its new place before the old one: no look-up on the way may miss it.
TEST(SpdCache, AnEntryThatMovesIsNeverMissed) {
  SpdCache cache;
  std::mt19937 rng(5);
  for (int round = 0; round < 50; ++round) {
    const Entry entry{
        .flow = random_flow(rng), .policy = 2, .sa = static_cast<std::uint16_t>(round), .valid = true};
    Entry none = entry;
    none.valid = false;
    const auto place = [&](std::uint32_t way) {
      return Cuckoo::Place{way, table_index(entry.flow.key(), way, SpdCache::log2)};
    };
    EXPECT_EQ(cache.look_up(entry.flow), SpdCache::Answer{});
    cache.write(place(0), entry);
    cache.answers.clear();
    for (std::uint32_t move = 0; move < 8; ++move) {
      cache.ask(entry.flow);
      cache.write(place((move + 1) % 4), entry);
      cache.ask(entry.flow);
      cache.write(place(move % 4), none);
    }
    for (int i = 0; i < SpdCache::latency; ++i) {
      cache.clock();
    }
    ASSERT_EQ(cache.answers.size(), 16U);
    for (const auto& answer : cache.answers) {
      EXPECT_EQ(answer, (SpdCache::Answer{true, 2, entry.sa}));
    }
    cache.write(place(0), none);
    EXPECT_EQ(cache.look_up(entry.flow), SpdCache::Answer{});
  }
}

}  // namespace
}  // namespace espgate::test
