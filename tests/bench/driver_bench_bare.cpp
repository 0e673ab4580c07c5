// The limits: what the libraries themselves do.
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "driver_bench.h"
#ifdef ESPGATE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace espgate::bench {
namespace {

using driver::Direction;

constexpr std::size_t icv_bytes = 16;
using Nonce = std::array<std::uint8_t, 12>;
constexpr std::array<std::uint8_t, 12> aad{};

// One buffer for each packet of the batch, as the engine has.
struct Packet {
  explicit Packet(std::size_t bytes) : from(bytes, 0x42), to(bytes + icv_bytes) {}
  Bytes from;
  Bytes to;
};

double openssl_rate(Direction direction, std::size_t bytes) {
  using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
  const int seal = direction == Direction::outbound ? 1 : 0;
  std::vector<Context> contexts;
  for (std::uint32_t n = 0; n < sas; ++n) {
    contexts.emplace_back(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    const Bytes key(32, static_cast<std::uint8_t>(n));
    require(
        EVP_CipherInit_ex(contexts.back().get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr, seal) == 1,
        "EVP");
  }
  std::vector<Packet> packets(batch, Packet(bytes));
  Nonce nonce{};
  std::uint64_t number = 0;
  return rate(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      EVP_CIPHER_CTX* context = contexts[i % sas].get();
      Packet& packet = packets[i];
      store_be64(nonce, 4, ++number);
      int length = 0;
      const bool good = EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
                        EVP_CipherUpdate(context, nullptr, &length, aad.data(), aad.size()) == 1 &&
                        EVP_CipherUpdate(context, packet.to.data(), &length, packet.from.data(),
                                         static_cast<int>(bytes)) == 1;
      require(good, "EVP");
      if (seal == 1) {
        require(
            EVP_CipherFinal_ex(context, packet.to.data() + length, &length) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, icv_bytes, packet.to.data() + bytes) == 1,
            "EVP");
      } else {
        // Any ICV costs as much as the right one; this one is wrong.
        require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, icv_bytes, packet.to.data() + bytes) == 1,
                "EVP");
        require(EVP_CipherFinal_ex(context, packet.to.data() + length, &length) != 1, "EVP took a wrong ICV");
      }
    }
  });
}

#ifdef ESPGATE_IPSEC_MB
std::optional<double> ipsec_mb_rate(Direction direction, std::size_t bytes) {
  const std::unique_ptr<IMB_MGR, decltype(&free_mb_mgr)> manager(alloc_mb_mgr(0), free_mb_mgr);
  require(manager != nullptr, "libipsec-mb");
  init_mb_mgr_auto(manager.get(), nullptr);
  struct alignas(64) Key {
    gcm_key_data data;
  };
  std::vector<Key> keys(sas);
  for (std::uint32_t n = 0; n < sas; ++n) {
    const Bytes key(32, static_cast<std::uint8_t>(n));
    IMB_AES256_GCM_PRE(manager.get(), key.data(), &keys[n].data);
  }
  std::vector<Packet> packets(batch, Packet(bytes));
  gcm_context_data state{};
  Nonce nonce{};
  std::uint64_t number = 0;
  return rate(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      Packet& packet = packets[i];
      store_be64(nonce, 4, ++number);
      const auto call = direction == Direction::outbound ? manager->gcm256_enc : manager->gcm256_dec;
      call(&keys[i % sas].data, &state, packet.to.data(), packet.from.data(), bytes, nonce.data(), aad.data(),
           aad.size(), packet.to.data() + bytes, icv_bytes);
    }
  });
}
#else
std::optional<double> ipsec_mb_rate(Direction, std::size_t) {
  return std::nullopt;
}
#endif

}  // namespace

std::optional<double> bare_rate(driver::CryptoLibrary library, Direction direction, std::size_t bytes) {
  return library == driver::CryptoLibrary::openssl ? openssl_rate(direction, bytes)
                                                   : ipsec_mb_rate(direction, bytes);
}

}  // namespace espgate::bench
