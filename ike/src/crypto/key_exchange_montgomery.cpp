#include "crypto/key_exchange_groups.h"

namespace espgate::ike {
namespace {

class MontgomeryCurve final : public KeyExchange {
 public:
  MontgomeryCurve(Group group, ByteView private_key)
      : m_group(group),
        m_key(EVP_PKEY_new_raw_private_key(kind(), nullptr, private_key.data(), private_key.size())),
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
    const PkeyPtr peer(EVP_PKEY_new_raw_public_key(kind(), nullptr, peer_value.data(), peer_value.size()));
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
  int kind() const { return m_group == Group::curve448 ? EVP_PKEY_X448 : EVP_PKEY_X25519; }

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
