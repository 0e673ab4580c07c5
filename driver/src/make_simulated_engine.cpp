#include "card/card_engine.h"
#include "card/simulated_card.h"
#include "driver/engine.h"

namespace espgate::driver {

Expected<std::unique_ptr<Engine>> make_simulated_engine(const SimulatedEngineOptions& options) {
  auto card = card::SimulatedCard::create(options.trace_path);
  if (!card) {
    return std::unexpected(card.error());
  }
  return card::CardEngine::create(std::move(*card), {.name = "simulated"});
}

}  // namespace espgate::driver
