// What is the simulated engine's own, beside the conformance suite.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/hex.h"
#include "card/card_engine.h"
#include "card/simulated_card.h"
#include "support/harness.h"
#include "support/packets.h"

namespace espgate::driver::test {
namespace {

std::unique_ptr<Engine> simulated(const SimulatedEngineOptions& options = {}) {
  auto engine = make_simulated_engine(options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

// The same, with the card in reach.
struct OnCard {
  OnCard() {
    auto made = card::SimulatedCard::create({});
    EXPECT_TRUE(made) << made.error().message;
    card = made->get();
    auto on_it = card::CardEngine::create(std::move(*made), {.name = "simulated"});
    EXPECT_TRUE(on_it) << on_it.error().message;
    engine = std::move(*on_it);
  }
  card::SimulatedCard* card = nullptr;
  std::unique_ptr<card::CardEngine> engine;
};

// More SPIs than one way holds: some must stand elsewhere, and entries move while packets are on their way.
TEST(SimulatedEngine, SpisAreFoundWhileOthersMove) {
  const auto engine = simulated();
  const std::uint32_t sas = engine->capabilities().inbound_sas;
  std::vector<InboundSa> added;
  std::uint32_t spi = 0x9e3779b9;
  while (added.size() < sas) {
    spi = spi * 1664525U + 1013904223U;
    added.push_back(inbound_sa(spi | 0x100));
    const auto index = engine->add_inbound(added.back());
    ASSERT_TRUE(index) << index.error().message;
    ASSERT_EQ(index->value, added.size() - 1);
    if (added.size() % 16 == 0) {
      std::vector<Packet> packets;
      for (const InboundSa& sa : added) {
        packets.push_back({.sa = 0, .bytes = esp_for(sa, added.size())});
      }
      const auto outcomes = run(*engine, Direction::inbound, packets);
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        ASSERT_EQ(outcomes[i].verdict, Verdict::ok) << i << " of " << added.size();
        ASSERT_EQ(outcomes[i].sa, i);
      }
    }
  }
}

TEST(SimulatedEngine, ResetForgetsEverything) {
  OnCard on;
  auto& engine = on.engine;
  const OutboundSa sa = outbound_sa();
  const auto from = engine->add_outbound(sa);
  const auto to = engine->add_inbound(peer_of(sa));
  ASSERT_TRUE(from && to);
  const Outcome sent = run_one(*engine, Direction::outbound, from->value, packet_of(40));
  ASSERT_TRUE(engine->cache_policy(Direction::inbound, {}, Policy::bypass, {}));
  auto reset = card::CardEngine::reset(std::move(engine));
  ASSERT_TRUE(reset) << reset.error().message;
  auto again = card::CardEngine::create(std::move(*reset), {.name = "simulated"});
  ASSERT_TRUE(again) << again.error().message;
  engine = std::move(*again);
  EXPECT_EQ(run_one(*engine, Direction::outbound, from->value, packet_of(40)).verdict, Verdict::sa_invalid);
  EXPECT_EQ(run_one(*engine, Direction::inbound, 0, sent.output).verdict, Verdict::unknown_spi);
}

TEST(SimulatedEngine, APollIsBounded) {
  const auto engine = simulated();
  const auto index = engine->add_outbound(outbound_sa());
  ASSERT_TRUE(index);
  const Bytes inner = packet_of(16000);
  std::vector<Bytes> outputs(100, Bytes(inner.size() + max_expansion));
  for (Bytes& output : outputs) {
    const PacketRequest request{.cookie = 0, .sa = *index, .input = inner, .output = output};
    ASSERT_EQ(engine->submit(Direction::outbound, std::span(&request, 1)), 1U);
  }
  // 100 packets of 250 beats take 25,000 cycles at least; one call must not run them all.
  const auto before = engine->counters();
  std::vector<Completion> completions(100);
  const std::size_t count = engine->poll(Direction::outbound, completions);
  const auto after = engine->counters();
  ASSERT_TRUE(before && after);
  EXPECT_LT(count, 20U);
  EXPECT_LT(after->cycles - before->cycles, 5000U);
}

TEST(SimulatedEngine, AnIdleEngineStandsStill) {
  const auto engine = simulated();
  const auto before = engine->counters();
  std::vector<Completion> completions(4);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(engine->poll(Direction::inbound, completions), 0U);
  }
  const auto after = engine->counters();
  ASSERT_TRUE(before && after);
  EXPECT_GT(after->cycles, before->cycles) << "reading the counters takes cycles";
  EXPECT_LT(after->cycles - before->cycles, 2000U) << "polling with nothing in flight takes none";
}

TEST(SimulatedEngine, LeaseLowOfAnOldLeaseIsNotTakenForTheNewOne) {
  const auto engine = simulated();
  OutboundSa sa = outbound_sa();
  sa.lease_limit = 100;
  sa.lease_low = 1;
  const auto index = engine->add_outbound(sa);
  ASSERT_TRUE(index);
  const Bytes inner = packet_of(40);
  std::vector<Bytes> outputs(10, Bytes(inner.size() + max_expansion));
  for (Bytes& output : outputs) {
    const PacketRequest request{.cookie = 0, .sa = *index, .input = inner, .output = output};
    ASSERT_EQ(engine->submit(Direction::outbound, std::span(&request, 1)), 1U);
  }
  // The packets are on their way and carry the old lease's mark, or will; the new lease is not low.
  ASSERT_TRUE(engine->renew_lease(*index, 1000, 15));
  std::vector<Completion> completions(10);
  std::size_t count = 0;
  for (int polls = 0; polls < 100 && count < 10; ++polls) {
    count += engine->poll(Direction::outbound, std::span(completions).subspan(count));
  }
  ASSERT_EQ(count, 10U);
  EXPECT_TRUE(events(*engine).empty());
  // 11 to 15: the last one reaches the new mark.
  run(*engine, Direction::outbound, std::vector<Packet>(4, {.sa = index->value, .bytes = inner}));
  EXPECT_TRUE(events(*engine).empty());
  run(*engine, Direction::outbound, std::vector<Packet>(4, {.sa = index->value, .bytes = inner}));
  EXPECT_EQ(events(*engine).size(), 1U);
}

// Packets in the engine's own memory stay where they are: the card reads and writes them there.
TEST(SimulatedEngine, PacketsInItsMemoryAreNotCopied) {
  OnCard on;
  Engine& engine = *on.engine;
  const OutboundSa sa = outbound_sa();
  const auto from = engine.add_outbound(sa);
  const auto to = engine.add_inbound(peer_of(sa));
  const auto memory = engine.packet_memory(8192);
  ASSERT_TRUE(from && to && memory);
  const ByteView whole_card = on.card->memory().bytes();
  EXPECT_GE(memory->data(), whole_card.data());
  EXPECT_LE(memory->data() + memory->size(), whole_card.data() + whole_card.size());
  const Bytes inner = packet_of(1000);
  std::ranges::copy(inner, memory->begin());
  const auto pass = [&](Direction direction, ByteSpan input, ByteSpan output) {
    const PacketRequest request{.cookie = 7, .sa = *from, .input = input, .output = output};
    EXPECT_EQ(engine.submit(direction, std::span(&request, 1)), 1U);
    Completion completion;
    for (int polls = 0; engine.poll(direction, std::span(&completion, 1)) == 0 && polls < 1000; ++polls) {
    }
    EXPECT_EQ(completion.verdict, Verdict::ok);
    return completion.length;
  };
  const std::uint32_t length =
      pass(Direction::outbound, memory->first(inner.size()), memory->subspan(2048, 2048));
  ASSERT_GT(length, inner.size());
  // The card's own buffers were not touched: nothing but the request's memory holds the packet.
  const std::uint32_t back =
      pass(Direction::inbound, memory->subspan(2048, length), memory->subspan(4096, 2048));
  EXPECT_EQ(to_hex(memory->subspan(4096, back)), to_hex(inner));
  std::size_t copies = 0;
  const ByteView tail = ByteView(inner).last(900);
  for (auto at = whole_card.begin();
       (at = std::search(at, whole_card.end(), tail.begin(), tail.end())) != whole_card.end(); ++at) {
    ++copies;
  }
  EXPECT_EQ(copies, 2U) << "input and output, and no third";
}

TEST(SimulatedEngine, MemoryThatIsNotThereIsSaid) {
  const auto engine = simulated();
  const auto memory = engine->packet_memory(std::size_t{1} << 40U);
  ASSERT_FALSE(memory);
  EXPECT_NE(memory.error().message.find("no room"), std::string::npos) << memory.error().message;
}

TEST(SimulatedEngine, WritesAWaveform) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "espgate_simulated_engine_test.fst";
  std::filesystem::remove(path);
  {
    const auto engine = simulated({.trace_path = path.string()});
    const auto index = engine->add_outbound(outbound_sa());
    ASSERT_TRUE(index);
    EXPECT_EQ(run_one(*engine, Direction::outbound, index->value, packet_of(40)).verdict, Verdict::ok);
  }
  EXPECT_GT(std::filesystem::file_size(path), 1000U);
  std::filesystem::remove(path);
}

TEST(SimulatedEngine, SaysWhenTheWaveformCannotBeWritten) {
  const auto engine = make_simulated_engine({.trace_path = "/nonexistent/folder/trace.fst"});
  ASSERT_FALSE(engine);
  EXPECT_NE(engine.error().message.find("/nonexistent/folder/trace.fst"), std::string::npos)
      << engine.error().message;
}

}  // namespace
}  // namespace espgate::driver::test
