#include <openssl/core_names.h>

#include <array>

#include "crypto/key_exchange_groups.h"

namespace espgate::ike {
namespace {

// What makes keys of one kind. OpenSSL looks the algorithm up for each that is made anew; these are kept, one
// for each thread.
EVP_PKEY_CTX* key_maker(Group group) {
  const auto make = [](const char* name) {
    PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
    require(ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1, "X25519 or X448");
    return ctx;
  };
  thread_local const PkeyCtxPtr x25519 = make("X25519");
  thread_local const PkeyCtxPtr x448 = make("X448");
  return group == Group::curve448 ? x448.get() : x25519.get();
}

// nullptr when they are not the bytes of such a key.
PkeyPtr make_key(Group group, int selection, const char* part, ByteView bytes) {
  // OpenSSL takes parameters that it only reads as pointers to what could be written.
  Secret copy(bytes);
  std::array<OSSL_PARAM, 2> params{OSSL_PARAM_construct_octet_string(part, copy.span().data(), copy.size()),
                                   OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  const bool made = EVP_PKEY_fromdata(key_maker(group), &key, selection, params.data()) == 1;
  return PkeyPtr(made ? key : nullptr);
}

class MontgomeryCurve final : public KeyExchange {
 public:
  MontgomeryCurve(Group group, ByteView private_key)
      : m_group(group),
        m_key(make_key(group, EVP_PKEY_KEYPAIR, OSSL_PKEY_PARAM_PRIV_KEY, private_key)),
        m_public(private_key.size()) {
    std::size_t size = m_public.size();
    require(m_key != nullptr && EVP_PKEY_get_raw_public_key(m_key.get(), m_public.data(), &size) == 1 &&
                size == m_public.size(),
            "X25519 or X448");
  }

  Group group() const override { return m_group; }
  const Bytes& public_value() const override { return m_public; }

  Result<Secret> shared_secret(ByteView peer_value) const override {
    if (peer_value.size() != m_public.size()) {
      return std::unexpected(Reason::public_value_refused);
    }
    const PkeyPtr peer = make_key(m_group, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY, peer_value);
    if (peer == nullptr) {
      return std::unexpected(Reason::public_value_refused);
    }
    auto secret = derive_secret(m_key.get(), peer.get(), PeerCheck::by_library);
    // A point of small order gives zero whatever our key is. (For ECP groups x may be zero: there the order
    // is prime, and the point at infinity is refused as a public value.)
    const Secret zero(m_public.size());
    if (secret && equal_constant_time(secret->view(), zero.view())) {
      return std::unexpected(Reason::public_value_refused);
    }
    return secret;
  }

 private:
  Group m_group;
  PkeyPtr m_key;
  Bytes m_public;
};

}  // namespace

Result<std::unique_ptr<KeyExchange>> make_montgomery(Group group, ByteView private_key) {
  if (private_key.size() != private_key_size(group)) {
    return std::unexpected(Reason::public_value_refused);
  }
  return std::make_unique<MontgomeryCurve>(group, private_key);
}

}  // namespace espgate::ike
