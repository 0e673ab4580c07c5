#include "software/ipsec_mb_gcm.h"

#include <intel-ipsec-mb.h>

#include <optional>

#include "base/secret.h"

namespace espgate::driver::software {
namespace {

constexpr std::size_t icv_bytes = 16;

// The library's functions for one key size, chosen for this processor.
struct Functions {
  aes_gcm_pre_t expand = nullptr;
  aes_gcm_enc_dec_t seal = nullptr;
  aes_gcm_enc_dec_t open = nullptr;
  aes_gmac_init_t gmac_begin = nullptr;
  aes_gmac_update_t gmac_add = nullptr;
  aes_gmac_finalize_t gmac_end = nullptr;
};
struct Library {
  Functions aes_128;
  Functions aes_256;
};

struct FreeManager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};

std::optional<Library> choose_functions() {
  const std::unique_ptr<IMB_MGR, FreeManager> manager(alloc_mb_mgr(0));
  if (!manager) {
    return std::nullopt;
  }
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.get(), &arch);
  constexpr std::uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  // Without the instructions the library imitates them, slower than OpenSSL and not in constant time.
  if (imb_get_errno(manager.get()) != 0 || arch == IMB_ARCH_NONE || arch == IMB_ARCH_NOAESNI ||
      (manager->features & needed) != needed) {
    return std::nullopt;
  }
  return Library{.aes_128 = {.expand = manager->gcm128_pre,
                             .seal = manager->gcm128_enc,
                             .open = manager->gcm128_dec,
                             .gmac_begin = manager->gmac128_init,
                             .gmac_add = manager->gmac128_update,
                             .gmac_end = manager->gmac128_finalize},
                 .aes_256 = {.expand = manager->gcm256_pre,
                             .seal = manager->gcm256_enc,
                             .open = manager->gcm256_dec,
                             .gmac_begin = manager->gmac256_init,
                             .gmac_add = manager->gmac256_update,
                             .gmac_end = manager->gmac256_finalize}};
}

// What never changes while the program runs, and takes the library some milliseconds to say.
const std::optional<Library>& library() {
  static const std::optional<Library> chosen = choose_functions();
  return chosen;
}

// The expanded key and the last packet's state are key material, and wiped.
class Gcm final : public IpsecMbGcm {
 public:
  Gcm(const Functions& functions, ByteView key) : m_functions(functions) {
    m_functions.expand(key.data(), &m_key);
  }
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;
  ~Gcm() override {
    wipe({reinterpret_cast<std::uint8_t*>(&m_key), sizeof(m_key)});
    wipe({reinterpret_cast<std::uint8_t*>(&m_state), sizeof(m_state)});
  }

  void seal(const Nonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv) override {
    m_functions.seal(&m_key, &m_state, place(text), place(text), text.size(), nonce.data(), place(aad),
                     aad.size(), icv.data(), icv_bytes);
  }
  void open(const Nonce& nonce, ByteView aad, ByteView from, ByteSpan to, ByteSpan icv) override {
    m_functions.open(&m_key, &m_state, place(to), place(from), from.size(), nonce.data(), place(aad),
                     aad.size(), icv.data(), icv_bytes);
  }
  void authenticate(const Nonce& nonce, ByteView aad, ByteView more_aad, ByteSpan icv) override {
    m_functions.gmac_begin(&m_key, &m_state, nonce.data(), nonce.size());
    m_functions.gmac_add(&m_key, &m_state, place(aad), aad.size());
    m_functions.gmac_add(&m_key, &m_state, place(more_aad), more_aad.size());
    m_functions.gmac_end(&m_key, &m_state, icv.data(), icv_bytes);
  }

 private:
  // Of a null pointer the library says that it is one, and writes no ICV.
  const std::uint8_t* place(ByteView bytes) const { return bytes.empty() ? &m_nothing : bytes.data(); }
  std::uint8_t* place(ByteSpan bytes) { return bytes.empty() ? &m_nothing : bytes.data(); }

  // The library asks for aligned keys, and declares it for its own builds only.
  static constexpr std::size_t alignment = 64;
  alignas(alignment) gcm_key_data m_key{};
  alignas(alignment) gcm_context_data m_state{};
  const Functions& m_functions;
  std::uint8_t m_nothing = 0;
};

}  // namespace

bool IpsecMbGcm::available() {
  return library().has_value();
}

std::unique_ptr<IpsecMbGcm> IpsecMbGcm::create(ByteView key) {
  const auto& all = library();
  if (!all || (key.size() != 16 && key.size() != 32)) {
    return nullptr;
  }
  return std::make_unique<Gcm>(key.size() == 16 ? all->aes_128 : all->aes_256, key);
}

}  // namespace espgate::driver::software
