// The Verilated esp_lookaside with its memory, in this process.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "card/card.h"
#include "sim/esp_lookaside.h"

namespace espgate::driver::card {

class SimulatedCard final : public Card {
 public:
  // trace_path: FST waveform, empty for none.
  static Expected<std::unique_ptr<SimulatedCard>> create(const std::string& trace_path);

  std::uint32_t read(std::uint32_t offset) override { return m_model->read(offset); }
  void write(std::uint32_t offset, std::uint32_t value) override { m_model->write(offset, value); }
  Expected<std::unique_ptr<DmaBuffer>> allocate(std::size_t bytes) override;
  bool stepped() const override { return true; }
  void run(std::uint32_t cycles) override { m_model->clock(cycles); }
  Expected<> reset() override;

  // For tests: how the memory behaves, and what the card did wrong with it.
  sim::Memory& memory() { return m_model->memory(); }

 private:
  class Buffer;

  explicit SimulatedCard(std::unique_ptr<sim::EspLookaside> model);

  std::unique_ptr<sim::EspLookaside> m_model;
  std::map<std::uint64_t, std::size_t> m_used;  // address and bytes of each buffer
};

}  // namespace espgate::driver::card
