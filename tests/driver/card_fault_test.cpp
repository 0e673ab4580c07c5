// A card that fails: at every step of adding, rekeying and removing SAs under traffic, the engine says so,
// hands on nothing that is wrong, and when it has recovered it goes on without a sequence number, or a
// packet, twice.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "card/card_engine.h"
#include "card/ring_entries.h"
#include "support/faulty_card.h"
#include "support/harness.h"

namespace espgate::driver::test {
namespace {

namespace shell = registers::lookaside_shell;
constexpr std::uint64_t hang_cycles = 20'000;
constexpr std::uint64_t lease = 16;
constexpr std::uint8_t untouched = 0xee;

class CardFault : public ::testing::Test {
 protected:
  CardFault() {
    auto inner = card::SimulatedCard::create({});
    EXPECT_TRUE(inner);
    begin(std::make_unique<FaultyCard>(std::move(*inner)));
  }

  void begin(std::unique_ptr<card::Card> on) {
    card = static_cast<FaultyCard*>(on.get());
    auto made = card::CardEngine::create(std::move(on), {.name = "faulty", .hang_cycles = hang_cycles});
    ASSERT_TRUE(made) << made.error().message;
    engine = std::move(*made);
  }

  struct Result {
    Completion completion;
    Bytes output;
  };
  // nullopt when the engine fails first. Bounded by its watchdog.
  std::optional<Result> pass(Direction direction, SaIndex sa, const Bytes& input,
                             RequestKind kind = RequestKind::protect) {
    // The buffers outlive packets that are lost.
    Bytes& in = buffers.emplace_back(input);
    Bytes& out = buffers.emplace_back(input.size() + max_expansion, untouched);
    const PacketRequest request{.cookie = ++cookie, .sa = sa, .kind = kind, .input = in, .output = out};
    if (engine->submit(direction, std::span(&request, 1)) == 0) {
      return std::nullopt;
    }
    Completion completion;
    while (engine->poll(direction, std::span(&completion, 1)) == 0) {
      if (!engine->health()) {
        return std::nullopt;
      }
    }
    EXPECT_EQ(completion.cookie, cookie);
    return Result{completion, Bytes(out.begin(), out.begin() + completion.length)};
  }

  FaultyCard* card = nullptr;
  std::unique_ptr<card::CardEngine> engine;
  std::deque<Bytes> buffers;
  std::uint64_t cookie = 0;
};

// Two gateways in one engine: what leaves by an outbound SA comes back in by its peer.
class Gateways {
 public:
  struct Pair {
    OutboundSa sa;
    SaIndex out;
    SaIndex in;
    std::uint64_t limit = lease;  // the highest that the engine was ever told
    Bytes last;                   // ESP packet that was delivered
  };
  using Pass = std::function<std::optional<Bytes>(Direction, SaIndex, const Bytes&)>;

  Gateways(Engine& engine, Pass pass) : m_engine(engine), m_pass(std::move(pass)) {}

  // Adding, traffic, renewal, rekey, traffic, removal: false from the first step on that fails.
  bool live() {
    return add(0x1001) && traffic(0x1001) && renew(0x1001) && traffic(0x1001) && add(0x1002) &&
           traffic(0x1002) && remove(0x1001) && traffic(0x1002) && remove(0x1002);
  }

  // After a recovery: every SA is there as before, and uses no number that it may have used.
  void go_on() {
    for (auto& [spi, pair] : m_pairs) {
      const std::uint64_t dead_limit = pair.limit;
      EXPECT_EQ(m_pass(Direction::outbound, pair.out, packet_of(40)), Bytes{}) << "no lease, no packet";
      if (!pair.last.empty()) {
        EXPECT_EQ(m_pass(Direction::inbound, {}, pair.last), Bytes{}) << "delivered before, and so a replay";
      }
      ASSERT_TRUE(renew(spi));
      ASSERT_TRUE(traffic(spi));
      EXPECT_GE(last_number, dead_limit);
    }
  }
  std::size_t size() const { return m_pairs.size(); }
  std::uint64_t last_number = 0;

 private:
  bool add(std::uint32_t spi) {
    OutboundSa sa = outbound_sa(spi);
    sa.key = key_of(32, static_cast<std::uint8_t>(spi));
    sa.esn = spi % 2 == 0;
    sa.lease_limit = sa.lease_low = lease;
    const auto in = m_engine.add_inbound(peer_of(sa));
    if (!in) {
      return false;
    }
    const auto out = m_engine.add_outbound(sa);
    if (!out) {
      // The half that is there goes too; the engine that failed does not bring it back.
      m_engine.remove(Direction::inbound, *in);
      return false;
    }
    m_pairs[spi] = {.sa = sa, .out = *out, .in = *in, .limit = lease, .last = {}};
    return true;
  }
  bool renew(std::uint32_t spi) {
    Pair& pair = m_pairs.at(spi);
    pair.limit += lease;
    return m_engine.renew_lease(pair.out, pair.limit, pair.limit).has_value();
  }
  bool remove(std::uint32_t spi) {
    const Pair pair = m_pairs.at(spi);
    m_pairs.erase(spi);
    const bool out = m_engine.remove(Direction::outbound, pair.out).has_value();
    const bool in = m_engine.remove(Direction::inbound, pair.in).has_value();
    return out && in;
  }
  bool traffic(std::uint32_t spi) {
    Pair& pair = m_pairs.at(spi);
    for (const std::size_t bytes : {40U, 300U}) {
      const Bytes inner = packet_of(bytes);
      const auto esp = m_pass(Direction::outbound, pair.out, inner);
      if (!esp) {
        return false;
      }
      EXPECT_GT(esp->size(), inner.size());
      if (esp->size() <= inner.size()) {
        return false;
      }
      // The IV is the whole number.
      constexpr std::size_t iv_at = 28;
      last_number = load_be64(*esp, iv_at);
      EXPECT_TRUE(m_used.insert({spi, last_number}).second) << "number " << last_number << " twice";
      const auto back = m_pass(Direction::inbound, {}, *esp);
      if (!back) {
        return false;
      }
      EXPECT_EQ(*back, inner);
      pair.last = *esp;
    }
    return true;
  }

  Engine& m_engine;
  Pass m_pass;
  std::map<std::uint32_t, Pair> m_pairs;
  std::set<std::pair<std::uint32_t, std::uint64_t>> m_used;
};

TEST_F(CardFault, DeathAtEveryStepIsSaidAndSurvived) {
  const auto passing = [this](Direction direction, SaIndex sa, const Bytes& input) -> std::optional<Bytes> {
    const auto result = pass(direction, sa, input);
    return result ? std::optional(result->output) : std::nullopt;
  };
  std::uint64_t steps = 0;
  {
    Gateways gateways(*engine, passing);
    const std::uint64_t before = card->accesses();
    ASSERT_TRUE(gateways.live());
    steps = card->accesses() - before;
  }
  ASSERT_GT(steps, 400U) << "a walk of a few steps shows nothing";
  // Neighbouring steps are words of one row; a prime distance meets all kinds.
  constexpr std::uint64_t stride = 7;
  std::size_t survivors = 0;
  for (std::uint64_t step = 0; step < steps; step += stride) {
    SCOPED_TRACE("dead after " + std::to_string(step) + " of " + std::to_string(steps) + " accesses");
    auto reset = card::CardEngine::reset(std::move(engine));
    ASSERT_TRUE(reset);
    begin(std::move(*reset));
    Gateways gateways(*engine, passing);
    card->die_after(step);
    EXPECT_FALSE(gateways.live());
    EXPECT_FALSE(engine->health());
    EXPECT_FALSE(engine->add_outbound(outbound_sa(0x9999))) << "a dead engine takes no SA";
    const PacketRequest request{.cookie = 0, .sa = {}, .input = buffers.front(), .output = buffers.back()};
    EXPECT_EQ(engine->submit(Direction::outbound, std::span(&request, 1)), 0U);
    const auto recovered = engine->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
    EXPECT_TRUE(engine->health());
    EXPECT_EQ(engine->in_flight(Direction::outbound) + engine->in_flight(Direction::inbound), 0U);
    EXPECT_EQ(events(*engine).size(), gateways.size()) << "each asks for a lease";
    survivors += gateways.size();
    gateways.go_on();
    if (HasFailure()) {
      return;
    }
    buffers.clear();
    buffers.resize(2);
  }
  EXPECT_GT(survivors, 20U);
}

TEST_F(CardFault, ACardThatIsPulledOutStaysAnError) {
  const auto sa = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(sa);
  card->die_after(0);
  card->pulled_out = true;
  EXPECT_FALSE(pass(Direction::outbound, *sa, packet_of(40)));
  const auto recovered = engine->recover();
  ASSERT_FALSE(recovered);
  EXPECT_NE(recovered.error().message.find("not there"), std::string::npos) << recovered.error().message;
  EXPECT_FALSE(engine->health());
  EXPECT_FALSE(engine->remove(Direction::outbound, *sa));
  EXPECT_FALSE(engine->counters());
  // Back in its slot.
  card->pulled_out = false;
  ASSERT_TRUE(engine->recover());
  EXPECT_FALSE(engine->outbound_sa_counters(*sa)) << "it was removed meanwhile, and stays so";
}

TEST_F(CardFault, AnIdleEngineNoticesThatItsCardIsGone) {
  card->die_after(0);
  std::array<Event, 1> none{};
  for (int polls = 0; polls < 100; ++polls) {
    engine->poll_events(none);
  }
  const auto health = engine->health();
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().message.find("all ones"), std::string::npos) << health.error().message;
}

TEST_F(CardFault, ACardThatDoesNothingHangs) {
  const auto sa = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(sa);
  card->deaf = true;
  EXPECT_FALSE(pass(Direction::outbound, *sa, packet_of(40)));
  const auto health = engine->health();
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().message.find("finished none of them"), std::string::npos)
      << health.error().message;
  ASSERT_TRUE(engine->recover());
  ASSERT_TRUE(engine->renew_lease(*sa, 1U << 21, 1U << 21));
  EXPECT_EQ(pass(Direction::outbound, *sa, packet_of(40))->completion.verdict, Verdict::ok);
}

TEST_F(CardFault, RemovingAnSaFromACardThatHangsEnds) {
  const auto sa = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(sa);
  card->deaf = true;
  const Bytes inner = packet_of(40);
  Bytes output(inner.size() + max_expansion);
  const PacketRequest request{.cookie = 1, .sa = *sa, .input = inner, .output = output};
  ASSERT_EQ(engine->submit(Direction::outbound, std::span(&request, 1)), 1U);
  EXPECT_FALSE(engine->remove(Direction::outbound, *sa));
  ASSERT_TRUE(engine->recover());
  EXPECT_EQ(pass(Direction::outbound, *sa, inner)->completion.verdict, Verdict::sa_invalid)
      << "out of the books, although the card did not say so";
}

// What a card may write by mistake: nothing of it reaches the caller.
class CardTamper : public CardFault, public ::testing::WithParamInterface<int> {};

TEST_P(CardTamper, ACompletionThatCannotBeIsTheEnd) {
  namespace f = shell::completion;
  const auto sa = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(sa);
  const auto entry = [this](std::size_t at) {
    return card->completions(Direction::outbound)
        .subspan(at * shell::completion_bytes, shell::completion_bytes);
  };
  bool done = false;
  card->tamper = [&, tampered = false]() mutable {
    if (tampered || (entry(0)[shell::completion_bytes - 1] & 0x80U) == 0) {
      return;
    }
    const auto set = [&](registers::Field field, std::uint8_t value) { entry(0)[field.lsb / 8] = value; };
    switch (GetParam()) {
      case 0:
        set(f::cookie, 7);
        break;
      case 1:
        set(f::verdict, verdict_count);
        break;
      case 2:
        set(f::verdict, static_cast<std::uint8_t>(Verdict::icv_failed));
        break;
      case 3:
        set(f::error, shell::error_write);
        break;
      case 4:
        set(f::length, 0);
        entry(0)[f::length.lsb / 8 + 1] = 0;
        break;
      case 5:
        entry(0)[f::length.lsb / 8 + 1] = 0xff;
        break;
      default:
        entry(0)[shell::completion_bytes - 1] = 0;
        break;  // never there
    }
    tampered = done = true;
  };
  EXPECT_FALSE(pass(Direction::outbound, *sa, packet_of(40)));
  EXPECT_TRUE(done);
  EXPECT_FALSE(engine->health());
  for (const std::uint8_t byte : buffers.back()) {
    ASSERT_EQ(byte, untouched) << "the caller's buffer";
  }
  ASSERT_TRUE(engine->recover());
  ASSERT_TRUE(engine->renew_lease(*sa, 1U << 21, 1U << 21));
  EXPECT_EQ(pass(Direction::outbound, *sa, packet_of(40))->completion.verdict, Verdict::ok);
}

INSTANTIATE_TEST_SUITE_P(Fields, CardTamper, ::testing::Range(0, 7));

TEST_F(CardFault, LifetimesGoOnAfterARecovery) {
  OutboundSa sa = outbound_sa();
  sa.lifetime.soft_packets = 4;
  sa.lifetime.hard_packets = 5;
  const auto row = engine->add_outbound(sa);
  ASSERT_TRUE(row);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::ok);
  }
  ASSERT_TRUE(engine->recover());
  ASSERT_TRUE(engine->renew_lease(*row, 1U << 21, 1U << 21));
  EXPECT_TRUE(events(*engine).empty());
  EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::ok);
  EXPECT_EQ(events(*engine).at(0).kind, Event::Kind::soft_expired);
  ASSERT_TRUE(engine->recover());
  ASSERT_TRUE(engine->renew_lease(*row, 1U << 22, 1U << 22));
  EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::ok);
  EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::lifetime_expired);
}

// Each attempt dies a little later than the one before it, in the middle of a row or of a table.
TEST_F(CardFault, ARecoveryThatDiesIsTriedAgain) {
  OutboundSa sa = outbound_sa();
  sa.lifetime.hard_packets = 5;
  const auto row = engine->add_outbound(sa);
  ASSERT_TRUE(row);
  ASSERT_TRUE(engine->add_inbound(peer_of(sa)));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::ok);
  }
  card->die_after(0);
  unsigned failed = 0;
  constexpr std::uint64_t stride = 23;
  for (std::uint64_t step = 0;; step += stride, ++failed) {
    card->accesses_after_reset = step;
    if (engine->recover() && engine->health()) {
      break;
    }
    ASSERT_FALSE(engine->health());
  }
  EXPECT_GT(failed, 10U);
  ASSERT_TRUE(engine->recover()) << "of the last one's death, which was to come yet";
  ASSERT_TRUE(engine->renew_lease(*row, 1U << 21, 1U << 21));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::ok)
        << "of 5 packets, 3 were sent";
  }
  EXPECT_EQ(pass(Direction::outbound, *row, packet_of(40))->completion.verdict, Verdict::lifetime_expired);
}

TEST_F(CardFault, FlowsComeBackToo) {
  const auto sa = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(sa);
  const Bytes inner = packet_of(40);
  const Flow flow{.spd = 0,
                  .protocol = inner[9],
                  .ports_known = true,
                  .source_port = load_be16(inner, 20),
                  .destination_port = load_be16(inner, 22),
                  .source = *IpAddress::from_bytes(ByteView(inner).subspan(12, 4)),
                  .destination = *IpAddress::from_bytes(ByteView(inner).subspan(16, 4))};
  ASSERT_TRUE(engine->cache_policy(Direction::outbound, flow, Policy::protect, *sa));
  ASSERT_EQ(pass(Direction::outbound, {}, inner, RequestKind::lookup)->completion.verdict, Verdict::ok);
  ASSERT_TRUE(engine->recover());
  ASSERT_TRUE(engine->renew_lease(*sa, 1U << 21, 1U << 21));
  const auto found = pass(Direction::outbound, {}, inner, RequestKind::lookup);
  EXPECT_EQ(found->completion.verdict, Verdict::ok);
  EXPECT_EQ(found->completion.sa, *sa);
}

}  // namespace
}  // namespace espgate::driver::test
