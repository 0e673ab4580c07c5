#include "card/card_engine.h"
#include "driver/engine.h"
#include "xrt/xrt_card.h"

namespace espgate::driver {

Expected<std::unique_ptr<Engine>> make_xrt_engine(const XrtEngineOptions& options) {
  auto card = xrt_card::XrtCard::open(options.device, options.xclbin);
  if (!card) {
    return std::unexpected(card.error());
  }
  return card::CardEngine::create(std::move(*card), {.name = "xrt"});
}

}  // namespace espgate::driver
