// The whole look-aside card, core included, against the software engine: the same packets get the same bytes,
// verdicts, SAs and counters through rings and memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <random>
#include <stdexcept>

#include "base/hex.h"
#include "bench_sas.h"
#include "card/sa_tables.h"
#include "lookaside_host.h"

namespace espgate::sim::test {
namespace {

using driver::Direction;

constexpr std::array sides{Side::outbound, Side::inbound};
constexpr std::uint32_t sas_per_mode = 6;

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

class Port final : public driver::card::RegisterPort {
 public:
  explicit Port(EspLookaside& card) : m_card(card) {}
  std::uint32_t read(std::uint32_t offset) override { return m_card.read(offset); }
  void write(std::uint32_t offset, std::uint32_t data) override { m_card.write(offset, data); }

 private:
  EspLookaside& m_card;
};

std::uint64_t number(const driver::MacAddress& mac) {
  std::uint64_t n = 0;
  for (const std::uint8_t octet : mac) {
    n = n << 8U | octet;
  }
  return n;
}

// One request, and what the software engine made of it.
struct Expectation {
  Descriptor descriptor;
  driver::Completion completion;
  Bytes bytes;
};

class LookasideEngine : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  LookasideEngine()
      : card(value(EspLookaside::create({}))),
        host(*card),
        port(*card),
        tables(value(driver::card::SaTables::create(port, "look-aside"))),
        software(value(driver::make_software_engine())),
        arena(host.allocate(arena_bytes)),
        seed(std::getenv("ESPGATE_SEED") != nullptr
                 ? static_cast<std::uint32_t>(std::strtoul(std::getenv("ESPGATE_SEED"), nullptr, 0))
                 : GetParam()),
        random(seed) {
    std::uint32_t n = 0;
    for (const bench::SaMode mode : bench::all_sa_modes) {
      for (std::uint32_t i = 0; i < sas_per_mode; ++i, ++n) {
        driver::OutboundSa out = bench::outbound_sa(n, mode);
        out.next_hop = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(n)};
        out.cipher = i % 3 == 2 ? driver::Cipher::null_aes_gmac : driver::Cipher::aes_gcm_16;
        driver::InboundSa in = bench::inbound_sa(n, mode);
        in.cipher = out.cipher;
        in.next_hop = {2, 0, 0, 0, 1, static_cast<std::uint8_t>(n)};
        rows.push_back(value(tables.add_outbound(out)));
        software_rows.push_back(value(software->add_outbound(out)));
        in_rows.push_back(value(tables.add_inbound(in)));
        software_in_rows.push_back(value(software->add_inbound(in)));
      }
    }
    host.start(Side::outbound, 7);
    host.start(Side::inbound, 7);
  }

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() >> 4) % n; }

  Expectation ask_software(Direction direction, const driver::PacketRequest& like) {
    Expectation expected;
    expected.bytes.resize(like.input.size() + driver::max_expansion);
    driver::PacketRequest request = like;
    request.output = expected.bytes;
    EXPECT_EQ(software->submit(direction, std::span(&request, 1)), 1U);
    EXPECT_EQ(software->poll(direction, std::span(&expected.completion, 1)), 1U);
    expected.bytes.resize(expected.completion.length);
    return expected;
  }

  // Puts a packet into memory and posts it.
  void post(Side side, std::uint32_t n, const driver::PacketRequest& request, Expectation expected) {
    const std::size_t in = (request.input.size() + 63) / 64 * 64;
    const std::size_t out = (request.input.size() + driver::max_expansion + 63) / 64 * 64;
    if (used + in + out > arena_bytes) {
      used = 0;
    }
    expected.descriptor = {.cookie = ++cookie,
                           .input = arena + used,
                           .output = arena + used + in,
                           .length = static_cast<std::uint32_t>(request.input.size()),
                           .capacity = static_cast<std::uint32_t>(out),
                           .sa = n < rows.size() ? rows[n].value : 0xffff,
                           .spd = request.spd,
                           .lookup = request.kind == driver::RequestKind::lookup,
                           .dummy = request.kind == driver::RequestKind::dummy};
    used += in + out;
    std::ranges::copy(request.input,
                      card->memory().at(expected.descriptor.input, request.input.size()).begin());
    host.post(side, expected.descriptor);
    waiting.at(static_cast<std::size_t>(side)).push_back(std::move(expected));
  }

  // Both return how many were posted.
  std::size_t post_outbound() {
    const std::uint32_t n = below(20) == 0 ? sas_per_mode * 3 : below(sas_per_mode * 3);
    const auto mode = bench::all_sa_modes.at(std::min<std::size_t>(n / sas_per_mode, 2));
    Bytes packet = bench::inner_packet(48 + below(below(30) == 0 ? 9000 : 600), mode);
    if (below(15) == 0) {
      packet[below(20)] ^= static_cast<std::uint8_t>(1U << below(8));
    }
    driver::PacketRequest request{.cookie = 0, .sa = {0xffff}, .input = packet, .output = {}};
    if (n < rows.size()) {
      request.sa = software_rows[n];
    }
    request.kind = below(12) == 0   ? driver::RequestKind::lookup
                   : below(12) == 0 ? driver::RequestKind::dummy
                                    : driver::RequestKind::protect;
    Expectation expected = ask_software(Direction::outbound, request);
    if (expected.completion.verdict == driver::Verdict::ok) {
      for_inbound.push_back(expected.bytes);
    }
    post(Side::outbound, n, request, std::move(expected));
    return 1;
  }
  std::size_t post_inbound() {
    if (for_inbound.empty()) {
      return 0;
    }
    Bytes packet = for_inbound.front();
    if (below(10) != 0) {  // else it comes again
      for_inbound.pop_front();
    }
    if (below(6) == 0) {
      packet[below(static_cast<std::uint32_t>(packet.size()))] ^= static_cast<std::uint8_t>(1U << below(8));
    }
    const driver::PacketRequest request{
        .cookie = 0, .sa = {}, .spd = static_cast<std::uint8_t>(below(2)), .input = packet, .output = {}};
    post(Side::inbound, 0, request, ask_software(Direction::inbound, request));
    return 1;
  }

  void check(Side side, const Expectation& expected, const LookasideCompletion& got) {
    const driver::Completion& want = expected.completion;
    EXPECT_EQ(got.cookie, expected.descriptor.cookie);
    EXPECT_EQ(got.error, shell::error_none);
    EXPECT_EQ(got.verdict, static_cast<std::uint8_t>(want.verdict));
    ASSERT_EQ(got.length, want.length);
    EXPECT_EQ(got.next_hop, number(want.next_hop));
    EXPECT_EQ(to_hex(card->memory().at(expected.descriptor.output, want.length)), to_hex(expected.bytes));
    if (want.verdict == driver::Verdict::ok) {
      const auto& theirs = side == Side::outbound ? software_rows : software_in_rows;
      const auto& ours = side == Side::outbound ? rows : in_rows;
      const auto at = static_cast<std::size_t>(std::ranges::find(theirs, want.sa) - theirs.begin());
      ASSERT_LT(at, ours.size());
      EXPECT_EQ(got.sa, ours[at].value);
    }
  }

  static constexpr std::size_t arena_bytes = std::size_t{16} << 20U;
  std::unique_ptr<EspLookaside> card;
  LookasideHost host;
  Port port;
  driver::card::SaTables tables;
  std::unique_ptr<driver::Engine> software;
  std::uint64_t arena;
  std::size_t used = 0;
  std::uint64_t cookie = 0;
  std::vector<driver::SaIndex> rows, software_rows, in_rows, software_in_rows;
  std::deque<Bytes> for_inbound;
  std::array<std::deque<Expectation>, 2> waiting;
  std::uint32_t seed;
  std::minstd_rand random;
};

TEST_P(LookasideEngine, MakesOfEveryPacketWhatSoftwareMakes) {
  SCOPED_TRACE("ESPGATE_SEED=" + std::to_string(seed) +
               " shell_engine_tests --gtest_filter=*LookasideEngine*/0");
  card->memory().timing = {.seed = seed,
                           .latency = 1 + below(400),
                           .jitter = below(200),
                           .outstanding = 1 + below(100),
                           .stall = static_cast<std::uint8_t>(below(120)),
                           .reorder = below(2) == 0};
  constexpr std::size_t packets = 1500;  // outbound; as many as come out of them go inbound, some twice
  std::array<std::size_t, 2> done{};
  std::array<std::size_t, 2> posted{};
  const auto finished = [&] { return posted[0] == packets && done == posted && for_inbound.empty(); };
  for (std::size_t idle = 0; !finished() && idle < 5000; ++idle) {
    for (const Side side : sides) {
      const auto s = static_cast<std::size_t>(side);
      if (below(8) == 0) {
        for (std::uint32_t batch = 1 + below(30); batch > 0 && host.room(side) > 0; --batch) {
          if (side == Side::inbound) {
            posted[1] += post_inbound();
          } else if (posted[0] < packets) {
            posted[0] += post_outbound();
          }
        }
        host.doorbell(side);
      }
      while (const auto got = host.poll(side)) {
        ASSERT_FALSE(waiting.at(s).empty());
        check(side, waiting.at(s).front(), *got);
        waiting.at(s).pop_front();
        ++done.at(s);
        idle = 0;
        ASSERT_FALSE(HasFailure()) << (s == 0 ? "outbound" : "inbound") << " packet " << done.at(s);
      }
    }
    card->clock(1 + below(60));
  }
  EXPECT_TRUE(finished()) << done[0] << " of " << posted[0] << " outbound, " << done[1] << " of " << posted[1]
                          << " inbound packets were completed";
  EXPECT_GT(done[1], packets / 2) << "too few to show anything";
  const auto ours = value(tables.counters());
  const auto theirs = value(software->counters());
  EXPECT_EQ(ours.outbound, theirs.outbound);
  EXPECT_EQ(ours.inbound, theirs.inbound);
  for (const std::string& violation : card->memory().violations) {
    ADD_FAILURE() << violation;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LookasideEngine, ::testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace espgate::sim::test
