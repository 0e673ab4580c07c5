// The simulated card with faults: it dies at a chosen access, goes deaf, or has its memory changed behind its
// back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "card/lookaside_registers.h"
#include "card/simulated_card.h"
#include "driver/verdict.h"

namespace espgate::driver::test {

class FaultyCard final : public card::Card {
 public:
  explicit FaultyCard(std::unique_ptr<card::SimulatedCard> card) : m_card(std::move(card)) {}

  // Accesses to registers, since the card was made.
  std::uint64_t accesses() const { return m_accesses; }
  // So many accesses from now on still work. After them nothing answers, and the clock stands, until reset().
  void die_after(std::uint64_t accesses) { m_last_access = m_accesses + accesses; }
  unsigned resets() const { return m_resets; }
  bool dead() const { return m_accesses >= m_last_access; }
  // So many accesses still work after the next reset.
  std::uint64_t accesses_after_reset = UINT64_MAX;
  // A reset does not bring it back.
  bool pulled_out = false;
  // Doorbells are lost.
  bool deaf = false;
  // Called whenever the clock has run.
  std::function<void()> tamper;
  // The rings that a CardEngine has made on it.
  ByteSpan completions(Direction direction) const {
    constexpr std::size_t outbound = 1;
    constexpr std::size_t inbound = 5;
    return m_buffers.at(direction == Direction::outbound ? outbound : inbound);
  }

  std::uint32_t read(std::uint32_t offset) override { return access() ? m_card->read(offset) : UINT32_MAX; }
  void write(std::uint32_t offset, std::uint32_t value) override {
    namespace shell = registers::lookaside_shell;
    const bool doorbell = offset == shell::ring_outbound + shell::reg_doorbell ||
                          offset == shell::ring_inbound + shell::reg_doorbell;
    if (access() && !(deaf && doorbell)) {
      m_card->write(offset, value);
    }
  }
  Expected<std::unique_ptr<card::DmaBuffer>> allocate(std::size_t bytes) override {
    auto buffer = m_card->allocate(bytes);
    if (buffer) {
      m_buffers.push_back((*buffer)->bytes());
    }
    return buffer;
  }
  bool stepped() const override { return true; }
  void run(std::uint32_t cycles) override {
    if (!dead()) {
      m_card->run(cycles);
      if (tamper) {
        tamper();
      }
    }
  }
  Expected<> reset() override {
    if (pulled_out) {
      return fail("the card is not there");
    }
    ++m_resets;
    m_last_access = UINT64_MAX;
    if (const auto accesses = std::exchange(accesses_after_reset, UINT64_MAX); accesses != UINT64_MAX) {
      die_after(accesses);
    }
    deaf = false;
    tamper = {};
    return m_card->reset();
  }

 private:
  bool access() { return m_accesses++ < m_last_access; }

  std::unique_ptr<card::SimulatedCard> m_card;
  std::vector<ByteSpan> m_buffers;
  std::uint64_t m_accesses = 0;
  unsigned m_resets = 0;
  std::uint64_t m_last_access = UINT64_MAX;
};

}  // namespace espgate::driver::test
