// The index and the decorrelated rows against the ordered list, read row by row as RFC 4301 has it, with
// random entries that overlap in every way. ESPGATE_SEED=n plays one seed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "base/prefixes.h"
#include "match.h"
#include "offload/spd.h"

namespace espgate::offload {
namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : m_random(seed) {}
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(m_random() % n); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  // Few addresses, so that ranges meet; some at the ends of the family.
  IpAddress address(bool v6) {
    const std::uint32_t low = below(24);
    const bool top = one_in(6);
    if (!v6) {
      return IpAddress::v4(top ? ~low : (one_in(6) ? 0 : 0x0a000000) + low);
    }
    std::array<std::uint8_t, 16> bytes{};
    bytes.fill(top ? 0xff : 0);
    bytes[one_in(3) ? 6 : 15] = static_cast<std::uint8_t>(low);
    return *IpAddress::from_bytes(bytes);
  }
  IpRange range(bool v6) {
    if (one_in(4)) {
      return IpRange::whole(v6 ? IpFamily::v6 : IpFamily::v4);
    }
    const IpAddress a = address(v6);
    if (one_in(2)) {
      const int length = static_cast<int>(below(v6 ? 129 : 33));
      return {first_of_prefix(a, length), last_of_prefix(a, length)};
    }
    const IpAddress b = address(v6);
    return {std::min(a, b), std::max(a, b)};
  }
  std::uint8_t protocol() { return std::array<std::uint8_t, 5>{6, 17, 1, 47, 58}.at(below(5)); }
  std::uint16_t port() { return one_in(8) ? 65535 : static_cast<std::uint16_t>(below(12)); }
  void ports(std::uint16_t& first, std::uint16_t& last) {
    switch (below(6)) {
      case 0:  // OPAQUE
        first = 65535;
        last = 0;
        return;
      case 1:
        first = last = port();
        return;
      case 2: {
        const std::uint16_t a = port();
        const std::uint16_t b = port();
        first = std::min(a, b);
        last = std::max(a, b);
        return;
      }
      default:  // ANY
        return;
    }
  }
  Selector selector() {
    const bool v6 = one_in(3);
    Selector s{.local = range(v6), .remote = range(v6), .protocol = std::nullopt};
    if (one_in(2)) {
      s.protocol = protocol();
    }
    ports(s.local_port_first, s.local_port_last);
    ports(s.remote_port_first, s.remote_port_last);
    return s;
  }
  PacketFields packet() {
    const bool v6 = one_in(3);
    PacketFields fields{.source = address(v6),
                        .destination = address(v6),
                        .protocol = protocol(),
                        .source_port = std::nullopt,
                        .destination_port = std::nullopt};
    if (has_ports(fields.protocol) && !one_in(4)) {
      fields.source_port = port();
      fields.destination_port = port();
    }
    return fields;
  }
  std::vector<SpdEntry> entries(std::uint32_t most) {
    std::vector<SpdEntry> all(1 + below(most));
    for (SpdEntry& entry : all) {
      entry.name = "e" + std::to_string(&entry - all.data());
      entry.action = std::array{Action::protect, Action::bypass, Action::discard}.at(below(3));
      for (std::uint32_t rows = 1 + below(3); rows > 0; --rows) {
        entry.selectors.push_back(selector());
      }
    }
    return all;
  }

 private:
  std::mt19937 m_random;
};

constexpr std::size_t none = static_cast<std::size_t>(-1);

// The ordered list, as the RFC has it; the position of the entry.
std::size_t first_match(const std::vector<SpdEntry>& entries, const PacketFields& fields) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (const Selector& selector : entries[i].selectors) {
      if (selector.matches_outbound(fields)) {
        return i;
      }
    }
  }
  return none;
}

// And what section 7 makes of a fragment: nothing goes in the clear that might have been protected.
SpdReason reason_for(const std::vector<SpdEntry>& entries, const PacketFields& fields) {
  bool unsure = false;
  for (const SpdEntry& entry : entries) {
    for (const Selector& selector : entry.selectors) {
      const Match match = match_outbound(selector, fields);
      if (match == Match::yes) {
        return unsure && entry.action == Action::bypass ? SpdReason::fragment_unsure : SpdReason::matched;
      }
      unsure = unsure || (match == Match::unknown && entry.action != Action::bypass);
    }
  }
  return SpdReason::no_entry;
}

std::string described(const std::vector<SpdEntry>& entries, const PacketFields& packet,
                      const std::vector<DecorrelatedRow>& rows) {
  std::string text = "\n" + packet.source.to_string() + " " + packet.destination.to_string() + " protocol " +
                     std::to_string(packet.protocol);
  if (packet.ports_known()) {
    text += " ports " + std::to_string(*packet.source_port) + " " + std::to_string(*packet.destination_port);
  }
  for (const SpdEntry& entry : entries) {
    for (const Selector& selector : entry.selectors) {
      text += "\n" + entry.name + ": " + to_string(selector);
    }
  }
  for (const DecorrelatedRow& row : rows) {
    if (row.matches_outbound(packet)) {
      text += "\nrow of entry " + std::to_string(row.position) + ": " + to_string(row.selector) +
              " protocols " + std::to_string(row.protocol_first) + "-" + std::to_string(row.protocol_last);
    }
  }
  return text;
}

template <typename Body>
void for_each_seed(unsigned count, const Body& body) {
  if (const char* seed = std::getenv("ESPGATE_SEED")) {
    body(static_cast<unsigned>(std::strtoul(seed, nullptr, 10)));
    return;
  }
  for (unsigned seed = 1; seed <= count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("ESPGATE_SEED=" + std::to_string(seed));
    body(seed);
  }
}

TEST(SpdProperty, TheIndexFindsWhatTheOrderedListFinds) {
  std::array<std::size_t, 3> reasons{};
  for_each_seed(400, [&reasons](unsigned seed) {
    Dice dice(seed);
    Spd spd;
    spd.replace(dice.entries(40));
    for (int i = 0; i < 200; ++i) {
      const PacketFields packet = dice.packet();
      const SpdMatch found = spd.match_outbound(packet);
      const SpdReason expected = reason_for(spd.entries(), packet);
      ASSERT_EQ(found.reason, expected) << "packet " << i;
      ++reasons.at(static_cast<std::size_t>(expected));
      if (expected == SpdReason::matched) {
        ASSERT_EQ(found.position, first_match(spd.entries(), packet)) << "packet " << i;
        ASSERT_EQ(found.entry, &spd.entries()[found.position]);
        ASSERT_TRUE(found.selector->matches_outbound(packet));
      } else {
        ASSERT_EQ(found.entry, nullptr);
      }
      const SpdMatch inbound = spd.match_inbound(packet.reversed());
      ASSERT_EQ(inbound.entry, found.entry) << "packet " << i;
    }
  });
  for (const std::size_t count : reasons) {
    EXPECT_GT(count, 50U) << "every outcome is tried";
  }
}

TEST(SpdProperty, DecorrelatedRowsSayTheSameInAnyOrder) {
  std::size_t rows_seen = 0;
  std::size_t hits = 0;
  for_each_seed(400, [&](unsigned seed) {
    Dice dice(seed);
    const auto entries = dice.entries(6);
    const auto rows = decorrelate(entries);
    ASSERT_TRUE(rows) << rows.error().message;
    rows_seen += rows->size();
    for (int i = 0; i < 200; ++i) {
      const PacketFields packet = dice.packet();
      const std::size_t expected = first_match(entries, packet);
      // Not only the right entry: no more than one row, or a cache of rows could hold a wrong one.
      std::vector<std::size_t> found;
      for (const DecorrelatedRow& row : *rows) {
        if (row.matches_outbound(packet)) {
          found.push_back(row.position);
        }
      }
      const auto wanted = expected == none ? std::vector<std::size_t>{} : std::vector{expected};
      ASSERT_EQ(found, wanted) << "packet " << i << described(entries, packet, *rows);
      if (expected != none) {
        ++hits;
      }
    }
  });
  EXPECT_GT(rows_seen, 10000U);
  EXPECT_GT(hits, 5000U);
}

TEST(SpdProperty, DecorrelationIsBounded) {
  Dice dice(1);
  EXPECT_FALSE(decorrelate(dice.entries(40), 3));
  EXPECT_TRUE(decorrelate({}, 0));
}

// Entries of one shape cost no more in their number: a hundred thousand of them, found by their one packet
// each.
TEST(SpdProperty, AHundredThousandEntries) {
  std::vector<SpdEntry> entries;
  for (std::uint32_t i = 0; i < 100000; ++i) {
    entries.push_back(
        {.name = "host",
         .action = Action::protect,
         .selectors = {{.local = IpRange::whole(IpFamily::v4),
                        .remote = {IpAddress::v4(0x0a000000 + i), IpAddress::v4(0x0a000000 + i)},
                        .protocol = std::nullopt}}});
  }
  Spd spd;
  spd.replace(std::move(entries));
  for (std::uint32_t i = 0; i < 100000; i += 7) {
    const PacketFields packet{.source = IpAddress::v4(i),
                              .destination = IpAddress::v4(0x0a000000 + i),
                              .protocol = 47,
                              .source_port = std::nullopt,
                              .destination_port = std::nullopt};
    ASSERT_EQ(spd.match_outbound(packet).position, i);
  }
}

}  // namespace
}  // namespace espgate::offload
