#include <openssl/core_names.h>

#include "crypto/key_exchange_groups.h"

namespace espgate::ike {
namespace {

// RFC 3526; g is 2, the primes are safe ones. The shared secret is as long as the prime (RFC 7296
// section 2.14).
class ModpGroup final : public KeyExchange {
 public:
  struct Parameters {
    Group group;
    const char* name;
    BIGNUM* (*prime)(BIGNUM*);
  };
  static Parameters parameters_of(Group group) {
    switch (group) {
      case Group::modp_2048:
        return {group, "modp_2048", BN_get_rfc3526_prime_2048};
      case Group::modp_3072:
        return {group, "modp_3072", BN_get_rfc3526_prime_3072};
      case Group::modp_4096:
        return {group, "modp_4096", BN_get_rfc3526_prime_4096};
      case Group::modp_6144:
        return {group, "modp_6144", BN_get_rfc3526_prime_6144};
      case Group::modp_8192:
        return {group, "modp_8192", BN_get_rfc3526_prime_8192};
      default:
        throw CryptoFailure("not a MODP group");
    }
  }

  ModpGroup(const Parameters& parameters, BignumPtr prime, const BIGNUM* number)
      : m_parameters(parameters),
        m_prime(std::move(prime)),
        m_public(static_cast<std::size_t>(BN_num_bytes(m_prime.get()))) {
    const BignumPtr value(BN_new());
    const BignumPtr generator(BN_new());
    const BignumCtxPtr scratch(BN_CTX_secure_new());
    require(value != nullptr && generator != nullptr && scratch != nullptr &&
                BN_set_word(generator.get(), 2) == 1 &&
                BN_mod_exp_mont_consttime(value.get(), generator.get(), number, m_prime.get(), scratch.get(),
                                          nullptr) == 1 &&
                BN_bn2binpad(value.get(), m_public.data(), static_cast<int>(m_public.size())) ==
                    static_cast<int>(m_public.size()),
            "MODP public value");
    m_key = make_key(value.get(), number);
    require(m_key != nullptr, "MODP key");
  }

  Group group() const override { return m_parameters.group; }
  const Bytes& public_value() const override { return m_public; }

  Result<Secret> shared_secret(ByteView peer_value) const override {
    if (peer_value.size() != m_public.size()) {
      return std::unexpected(Reason::public_value_refused);
    }
    const BignumPtr value(BN_bin2bn(peer_value.data(), static_cast<int>(peer_value.size()), nullptr));
    const BignumPtr minus_one(BN_dup(m_prime.get()));
    require(value != nullptr && minus_one != nullptr && BN_sub_word(minus_one.get(), 1) == 1, "MODP value");
    // RFC 6989 section 2.1: with a safe prime, 1 < value < p - 1 is all that is to be checked.
    if (BN_is_zero(value.get()) || BN_is_one(value.get()) || BN_cmp(value.get(), minus_one.get()) >= 0) {
      return std::unexpected(Reason::public_value_refused);
    }
    const PkeyPtr peer = make_key(value.get(), nullptr);
    if (peer == nullptr) {
      return std::unexpected(Reason::public_value_refused);
    }
    return derive_secret(m_key.get(), peer.get(), PeerCheck::done);
  }

 private:
  PkeyPtr make_key(const BIGNUM* value, const BIGNUM* number) const {
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    require(builder != nullptr &&
                OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, m_parameters.name,
                                                0) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, value) == 1 &&
                (number == nullptr ||
                 OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number) == 1),
            "MODP parameters");
    return key_from_params("DH", builder.get(), number == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
  }

  Parameters m_parameters;
  BignumPtr m_prime;
  PkeyPtr m_key;
  Bytes m_public;
};

}  // namespace

Result<std::unique_ptr<KeyExchange>> make_modp(Group group, ByteView private_key) {
  const ModpGroup::Parameters parameters = ModpGroup::parameters_of(group);
  BignumPtr prime(parameters.prime(nullptr));
  const BignumPtr number = secret_number(private_key);
  const BignumPtr order(prime == nullptr ? nullptr : BN_dup(prime.get()));
  require(order != nullptr && BN_rshift1(order.get(), order.get()) == 1, "MODP group");
  if (BN_is_zero(number.get()) || BN_is_one(number.get()) || BN_cmp(number.get(), order.get()) >= 0) {
    return std::unexpected(Reason::public_value_refused);
  }
  return std::make_unique<ModpGroup>(parameters, std::move(prime), number.get());
}

}  // namespace espgate::ike
