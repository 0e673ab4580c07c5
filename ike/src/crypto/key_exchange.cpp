#include "crypto/key_exchange.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <string>

#include "crypto/openssl.h"

namespace espgate::ike {
namespace {

Result<Secret> derive(EVP_PKEY* own, EVP_PKEY* peer) {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  require(ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1, "key exchange");
  std::size_t size = 0;
  if (EVP_PKEY_derive_set_peer_ex(ctx.get(), peer, 1) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1) {
    return std::unexpected(Reason::public_value_refused);
  }
  Secret secret(size);
  if (EVP_PKEY_derive(ctx.get(), secret.span().data(), &size) != 1 || size != secret.size()) {
    return std::unexpected(Reason::public_value_refused);
  }
  return secret;
}

class X25519 final : public KeyExchange {
 public:
  static constexpr std::size_t key_size = 32;

  explicit X25519(ByteView private_key)
      : m_key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_key.data(), private_key.size())),
        m_public(key_size) {
    std::size_t size = m_public.size();
    require(m_key != nullptr && EVP_PKEY_get_raw_public_key(m_key.get(), m_public.data(), &size) == 1 &&
                size == key_size,
            "X25519");
  }

  Group group() const override { return Group::curve25519; }
  const Bytes& public_value() const override { return m_public; }

  Result<Secret> shared_secret(ByteView peer_value) const override {
    if (peer_value.size() != key_size) {
      return std::unexpected(Reason::public_value_refused);
    }
    const PkeyPtr peer(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer_value.data(), peer_value.size()));
    if (peer == nullptr) {
      return std::unexpected(Reason::public_value_refused);
    }
    auto secret = derive(m_key.get(), peer.get());
    // A point of small order gives zero whatever our key is. (For ECP groups x may be zero: there the order
    // is prime, and the point at infinity is refused as a public value.)
    const Secret zero(key_size);
    if (secret && equal_constant_time(secret->view(), zero.view())) {
      return std::unexpected(Reason::public_value_refused);
    }
    return secret;
  }

 private:
  PkeyPtr m_key;
  Bytes m_public;
};

// RFC 5903 section 7: the public value is x followed by y, without the point-format byte; the shared secret
// is x of the product.
class EcpGroup final : public KeyExchange {
 public:
  struct Parameters {
    Group group;
    int nid;
    const char* name;
    std::size_t coordinate_size;
  };
  static Parameters parameters_of(Group group) {
    if (group == Group::ecp_384) {
      return {group, NID_secp384r1, "P-384", 48};
    }
    return {Group::ecp_256, NID_X9_62_prime256v1, "P-256", 32};
  }

  // nullptr when the number is not between 1 and the group's order.
  static std::unique_ptr<EcpGroup> create(Group group, ByteView private_key) {
    const Parameters parameters = parameters_of(group);
    const GroupPtr curve(EC_GROUP_new_by_curve_name(parameters.nid));
    const BignumPtr number(BN_secure_new());
    require(curve != nullptr && number != nullptr, "ECP group");
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    require(BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), number.get()) != nullptr,
            "ECP private key");
    if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(curve.get())) >= 0) {
      return nullptr;
    }
    return std::unique_ptr<EcpGroup>(new EcpGroup(parameters, curve.get(), number.get()));
  }

  Group group() const override { return m_parameters.group; }
  const Bytes& public_value() const override { return m_public; }

  Result<Secret> shared_secret(ByteView peer_value) const override {
    if (peer_value.size() != 2 * m_parameters.coordinate_size) {
      return std::unexpected(Reason::public_value_refused);
    }
    const PkeyPtr peer = make_key(peer_value, nullptr);
    if (peer == nullptr) {
      return std::unexpected(Reason::public_value_refused);
    }
    return derive(m_key.get(), peer.get());
  }

 private:
  EcpGroup(const Parameters& parameters, const EC_GROUP* curve, const BIGNUM* number)
      : m_parameters(parameters), m_public(2 * parameters.coordinate_size) {
    const PointPtr point(EC_POINT_new(curve));
    const BignumCtxPtr scratch(BN_CTX_secure_new());
    Bytes encoded(m_public.size() + 1);
    require(point != nullptr && scratch != nullptr &&
                EC_POINT_mul(curve, point.get(), number, nullptr, nullptr, scratch.get()) == 1 &&
                EC_POINT_point2oct(curve, point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                                   encoded.size(), scratch.get()) == encoded.size(),
            "ECP public value");
    std::copy(encoded.begin() + 1, encoded.end(), m_public.begin());
    m_key = make_key(m_public, number);
    require(m_key != nullptr, "ECP key");
  }

  // nullptr when the point is not on the curve.
  PkeyPtr make_key(ByteView point, const BIGNUM* number) const {
    Bytes encoded{POINT_CONVERSION_UNCOMPRESSED};
    encoded.insert(encoded.end(), point.begin(), point.end());
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    require(builder != nullptr &&
                OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, m_parameters.name,
                                                0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                                 encoded.size()) == 1 &&
                (number == nullptr ||
                 OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number) == 1),
            "ECP parameters");
    const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
    const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    require(params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1, "ECP parameters");
    EVP_PKEY* key = nullptr;
    const int selection = number == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    if (EVP_PKEY_fromdata(ctx.get(), &key, selection, params.get()) != 1) {
      return nullptr;
    }
    return PkeyPtr(key);
  }

  Parameters m_parameters;
  PkeyPtr m_key;
  Bytes m_public;
};

}  // namespace

std::unique_ptr<KeyExchange> KeyExchange::generate(Group group, Random& random) {
  if (group == Group::curve25519) {
    Secret key(X25519::key_size);
    random.fill(key.span());
    return std::make_unique<X25519>(key.view());
  }
  // Drawing again is the way without bias; for these orders a second draw is needed once in 2^32 times or
  // less.
  constexpr int draws = 64;
  Secret key(EcpGroup::parameters_of(group).coordinate_size);
  for (int i = 0; i < draws; ++i) {
    random.fill(key.span());
    if (auto made = EcpGroup::create(group, key.view())) {
      return made;
    }
  }
  throw CryptoFailure("the random source gives no usable private key");
}

Result<std::unique_ptr<KeyExchange>> KeyExchange::from_private(Group group, ByteView private_key) {
  if (group == Group::curve25519) {
    if (private_key.size() != X25519::key_size) {
      return std::unexpected(Reason::public_value_refused);
    }
    return std::make_unique<X25519>(private_key);
  }
  auto made = EcpGroup::create(group, private_key);
  if (made == nullptr) {
    return std::unexpected(Reason::public_value_refused);
  }
  return made;
}

}  // namespace espgate::ike
