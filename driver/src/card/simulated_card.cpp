#include "card/simulated_card.h"

#include <fmt/format.h>

namespace espgate::driver::card {
namespace {

constexpr std::size_t page_bytes = 4096;
// Memory on the same chip as the engine rather than behind PCIe: a packet that waits for its answer waits in
// simulated time. Tests take what a host's memory does.
constexpr std::uint32_t memory_latency = 32;

}  // namespace

class SimulatedCard::Buffer final : public DmaBuffer {
 public:
  Buffer(SimulatedCard& card, std::uint64_t address, std::size_t bytes)
      : DmaBuffer(card.m_model->memory().at(address, bytes), address, /*coherent=*/true), m_card(card) {}
  ~Buffer() override { m_card.m_used.erase(address()); }

 private:
  void copy_to_card(std::size_t /*at*/, std::size_t /*count*/) override {}
  void copy_from_card(std::size_t /*at*/, std::size_t /*count*/) override {}

  SimulatedCard& m_card;
};

SimulatedCard::SimulatedCard(std::unique_ptr<sim::EspLookaside> model) : m_model(std::move(model)) {
  m_model->memory().timing.latency = memory_latency;
}

Expected<std::unique_ptr<SimulatedCard>> SimulatedCard::create(const std::string& trace_path) {
  auto model = sim::EspLookaside::create({.trace_path = trace_path});
  if (!model) {
    return std::unexpected(model.error());
  }
  return std::unique_ptr<SimulatedCard>(new SimulatedCard(std::move(*model)));
}

// The first gap that is large enough.
Expected<std::unique_ptr<DmaBuffer>> SimulatedCard::allocate(std::size_t bytes) {
  const std::size_t pages = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  std::uint64_t at = sim::Memory::base;
  for (const auto& [address, size] : m_used) {
    if (address - at >= pages) {
      break;
    }
    at = address + size;
  }
  const std::size_t whole = m_model->memory().bytes().size();
  if (pages == 0 || pages > whole || at - sim::Memory::base > whole - pages) {
    return fail(
        fmt::format("the simulated card's memory ({} bytes) has no room for {} bytes more", whole, bytes));
  }
  m_used.emplace(at, pages);
  return std::make_unique<Buffer>(*this, at, bytes);
}

Expected<> SimulatedCard::reset() {
  m_model->reset();
  return {};
}

}  // namespace espgate::driver::card
