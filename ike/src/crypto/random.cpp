#include <openssl/rand.h>

#include <algorithm>

#include "base/secret.h"
#include "crypto/openssl.h"
#include "ike/stack.h"

namespace espgate::ike {
namespace {

// OpenSSL's generator takes as long for 8 bytes as for 1,000, and a handshake needs a dozen of a few bytes
// each: they come out of a stock, and what is given out is wiped there.
class SystemRandom final : public Random {
 public:
  void fill(ByteSpan out) override {
    if (out.size() > m_stock.size()) {
      draw(out);
      return;
    }
    if (m_left < out.size()) {
      draw(m_stock.span());
      m_left = m_stock.size();
    }
    const ByteSpan given = m_stock.span().subspan(m_stock.size() - m_left, out.size());
    std::ranges::copy(given, out.begin());
    wipe(given);
    m_left -= out.size();
  }

 private:
  static void draw(ByteSpan out) {
    require(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1, "random bytes");
  }

  static constexpr std::size_t stock_size = 1024;
  Secret m_stock{stock_size};
  std::size_t m_left = 0;
};

}  // namespace

std::unique_ptr<Random> make_system_random() {
  return std::make_unique<SystemRandom>();
}

}  // namespace espgate::ike
