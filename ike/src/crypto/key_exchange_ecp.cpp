#include <openssl/core_names.h>

#include <algorithm>

#include "crypto/key_exchange_groups.h"

namespace espgate::ike {
namespace {

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
    switch (group) {
      case Group::ecp_256:
        return {group, NID_X9_62_prime256v1, "P-256", 32};
      case Group::ecp_384:
        return {group, NID_secp384r1, "P-384", 48};
      case Group::ecp_521:
        return {group, NID_secp521r1, "P-521", 66};
      default:
        throw CryptoFailure("not an ECP group");
    }
  }

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

  Group group() const override { return m_parameters.group; }
  const Bytes& public_value() const override { return m_public; }

  Result<Secret> shared_secret(ByteView peer_value) const override {
    if (peer_value.size() != m_public.size()) {
      return std::unexpected(Reason::public_value_refused);
    }
    const PkeyPtr peer = make_key(peer_value, nullptr);
    if (peer == nullptr) {
      return std::unexpected(Reason::public_value_refused);
    }
    return derive_secret(m_key.get(), peer.get(), PeerCheck::by_library);
  }

 private:
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
    return key_from_params("EC", builder.get(), number == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
  }

  Parameters m_parameters;
  PkeyPtr m_key;
  Bytes m_public;
};

}  // namespace

Result<std::unique_ptr<KeyExchange>> make_ecp(Group group, ByteView private_key) {
  const EcpGroup::Parameters parameters = EcpGroup::parameters_of(group);
  const GroupPtr curve(EC_GROUP_new_by_curve_name(parameters.nid));
  const BignumPtr number = secret_number(private_key);
  require(curve != nullptr, "ECP group");
  if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(curve.get())) >= 0) {
    return std::unexpected(Reason::public_value_refused);
  }
  return std::make_unique<EcpGroup>(parameters, curve.get(), number.get());
}

}  // namespace espgate::ike
