#include <openssl/rand.h>

#include "crypto/openssl.h"
#include "ike/stack.h"

namespace espgate::ike {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(ByteSpan out) override {
    require(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1, "random bytes");
  }
};

}  // namespace

std::unique_ptr<Random> make_system_random() {
  return std::make_unique<SystemRandom>();
}

}  // namespace espgate::ike
