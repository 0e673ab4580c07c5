// The card: register accesses per SA, packets of the simulated one, a register through XRT.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench_sas.h"
#include "card/card_engine.h"
#include "card/registers.h"
#include "card/sa_row.h"
#include "card/simulated_card.h"
#include "driver_bench.h"
#ifdef ESPGATE_XRT_ROOT
#include "xrt/xrt_card.h"
#endif

namespace espgate::bench {
namespace {

using driver::Direction;
using driver::card::SimulatedCard;

struct Accesses {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
};

class CountingCard final : public driver::card::Card {
 public:
  CountingCard(std::unique_ptr<SimulatedCard> card, Accesses& accesses)
      : m_card(std::move(card)), m_accesses(accesses) {}

  std::uint32_t read(std::uint32_t offset) override {
    ++m_accesses.reads;
    return m_card->read(offset);
  }
  void write(std::uint32_t offset, std::uint32_t value) override {
    ++m_accesses.writes;
    m_card->write(offset, value);
  }
  Expected<std::unique_ptr<driver::card::DmaBuffer>> allocate(std::size_t bytes) override {
    return m_card->allocate(bytes);
  }
  bool stepped() const override { return true; }
  void run(std::uint32_t cycles) override { m_card->run(cycles); }
  Expected<> reset() override { return m_card->reset(); }

 private:
  std::unique_ptr<SimulatedCard> m_card;
  Accesses& m_accesses;
};

void measure_accesses(json& results) {
  Accesses accesses;
  const auto engine = value(driver::card::CardEngine::create(
      std::make_unique<CountingCard>(value(SimulatedCard::create({})), accesses), {.name = "simulated"}));
  constexpr std::uint32_t count = 100;
  const auto measure = [&](const char* what, Direction direction, double least, const auto& step) {
    accesses = {};
    for (std::uint32_t n = 0; n < count; ++n) {
      step(n);
    }
    const double writes = static_cast<double>(accesses.writes) / count;
    results.push_back({{"engine", "card"},
                       {"what", what},
                       {"direction", direction == Direction::outbound ? "outbound" : "inbound"},
                       {"register_writes", writes},
                       {"register_reads", static_cast<double>(accesses.reads) / count},
                       {"limit_register_writes", least},
                       {"limit_is", "words of the row or entry, and a command each"},
                       {"ratio", rounded(least / writes)}});
  };
  std::vector<driver::SaIndex> out(count);
  std::vector<driver::SaIndex> in(count);
  namespace registers = driver::registers;
  const auto words = [](std::size_t bits) { return static_cast<double>((bits + 31) / 32); };
  measure("sa_add", Direction::outbound, words(registers::outbound_row::bits) + 1,
          [&](std::uint32_t n) { out[n] = value(engine->add_outbound(outbound_sa(n))); });
  measure("sa_add", Direction::inbound,
          words(registers::inbound_row::bits) + 1 + words(registers::spi_entry::bits) + 1,
          [&](std::uint32_t n) { in[n] = value(engine->add_inbound(inbound_sa(n))); });
  measure("sa_delete", Direction::outbound, 1,
          [&](std::uint32_t n) { value(engine->remove(Direction::outbound, out[n])); });
  measure("sa_delete", Direction::inbound, 2,
          [&](std::uint32_t n) { value(engine->remove(Direction::inbound, in[n])); });
}

void measure_packets(json& results) {
  constexpr std::uint32_t rows = 16;
  for (const std::size_t bytes : {64U, 1420U}) {
    auto card = value(SimulatedCard::create({}));
    constexpr std::uint32_t cycles = 20'000;
    const double clock = rate(cycles, [&] { card->run(cycles); });
    const auto engine = value(driver::card::CardEngine::create(std::move(card), {.name = "simulated"}));
    std::vector<driver::SaIndex> used;
    for (std::uint32_t n = 0; n < rows; ++n) {
      used.push_back(value(engine->add_outbound(outbound_sa(n))));
    }
    const Bytes input = inner_packet(bytes);
    const std::size_t room = bytes + driver::max_expansion;
    std::vector<Bytes> outputs(batch, Bytes(room));
    std::vector<driver::PacketRequest> requests;
    for (std::size_t i = 0; i < batch; ++i) {
      requests.push_back({.cookie = i, .sa = used[i % rows], .input = input, .output = outputs[i]});
    }
    std::vector<driver::Completion> done(batch);
    const double figure = rate(batch, [&] {
      require(engine->submit(Direction::outbound, requests) == batch, "submit");
      for (std::size_t count = 0; count < batch;) {
        count += engine->poll(Direction::outbound, std::span(done).subspan(count));
        value(engine->health());
      }
    });
    constexpr std::size_t tunnel_bytes = 20 + 8 + 8 + 2 + 16;
    constexpr std::size_t beat = 64;
    const double beats = static_cast<double>((bytes + tunnel_bytes + beat - 1) / beat);
    results.push_back({{"engine", "simulated"},
                       {"what", "packets"},
                       {"direction", "outbound"},
                       {"inner_bytes", bytes},
                       {"per_second", std::round(figure)},
                       {"limit_per_second", std::round(clock / beats)},
                       {"limit_is", "clock of the idle model, a beat of output per cycle"},
                       {"ratio", rounded(figure / (clock / beats))}});
  }
}

#ifdef ESPGATE_XRT_ROOT
void measure_xrt(json& results) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  require(::setenv("XILINX_XRT", ESPGATE_XRT_ROOT, 1) == 0, "setenv");
  constexpr std::size_t reads = 1000;
  const auto round = [](driver::card::Card& card) {
    return [&card] {
      for (std::size_t i = 0; i < reads; ++i) {
        require(card.read(driver::registers::reg_id) == driver::registers::engine_id, "read");
      }
    };
  };
  const auto through = value(driver::xrt_card::XrtCard::open("0", ESPGATE_XRT_ROOT "/esp_host.xclbin"));
  const double figure = rate(reads, round(*through));
  // What the shim does for an access, without XRT.
  constexpr std::uint32_t cycles_per_access = 16;
  const auto direct = value(SimulatedCard::create({}));
  const double limit = rate(reads, [&] {
    for (std::size_t i = 0; i < reads; ++i) {
      require(direct->read(driver::registers::reg_id) == driver::registers::engine_id, "read");
      direct->run(cycles_per_access);
    }
  });
  results.push_back({{"engine", "xrt"},
                     {"what", "register_round_trip"},
                     {"nanoseconds", std::round(1e9 / figure)},
                     {"limit_nanoseconds", std::round(1e9 / limit)},
                     {"limit_is", "the same read and 16 cycles of the model, in process"},
                     {"ratio", rounded(figure / limit)}});
}
#else
void measure_xrt(json&) {
  std::fputs("driver_bench: no XRT in this build, so no register round trip through it\n", stderr);
}
#endif

}  // namespace

void measure_cards(json& results) {
  measure_accesses(results);
  measure_packets(results);
  measure_xrt(results);
}

}  // namespace espgate::bench
