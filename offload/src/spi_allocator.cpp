#include "spi_allocator.h"

#include <openssl/rand.h>

#include <array>

#include "base/bytes.h"

namespace espgate::offload {

Expected<std::uint32_t> SpiAllocator::allocate() {
  // With a million SPIs taken, one try in 4096 hits a taken one: this many in a row do not happen.
  constexpr int attempts = 32;
  for (int i = 0; i < attempts; ++i) {
    std::array<std::uint8_t, 4> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
      return fail(
          "cannot allocate an SPI: OpenSSL's random generator failed; check that the system provides "
          "entropy");
    }
    const std::uint32_t spi = load_be32(random);
    if (spi >= lowest_spi && claim(spi)) {
      return spi;
    }
  }
  return fail("cannot allocate an SPI: every random number tried is in use; remove SAs that are not needed");
}

}  // namespace espgate::offload
