#include "crypto/key_exchange.h"

#include <openssl/dh.h>

#include "crypto/key_exchange_groups.h"
#include "crypto/openssl.h"

namespace espgate::ike {

std::unique_ptr<KeyExchange> KeyExchange::generate(Group group, Random& random) {
  // Drawing again is the way without bias; for these orders a second draw is needed once in 2^32 times or
  // less.
  constexpr int draws = 64;
  Secret key(private_key_size(group));
  for (int i = 0; i < draws; ++i) {
    random.fill(key.span());
    if (group == Group::ecp_521) {
      key.span().front() &= 1;  // 521 bits in 66 bytes
    }
    if (auto made = from_private(group, key.view())) {
      return std::move(*made);
    }
  }
  throw CryptoFailure("the random source gives no usable private key");
}

Result<std::unique_ptr<KeyExchange>> KeyExchange::from_private(Group group, ByteView private_key) {
  switch (group) {
    case Group::curve25519:
    case Group::curve448:
      return make_montgomery(group, private_key);
    case Group::ecp_256:
    case Group::ecp_384:
    case Group::ecp_521:
      return make_ecp(group, private_key);
    case Group::modp_2048:
    case Group::modp_3072:
    case Group::modp_4096:
    case Group::modp_6144:
    case Group::modp_8192:
      return make_modp(group, private_key);
    case Group::none:
      break;
  }
  throw CryptoFailure("a key exchange group that does not exist");
}

std::size_t private_key_size(Group group) {
  switch (group) {
    case Group::curve25519:
    case Group::ecp_256:
      return 32;
    case Group::curve448:
      return 56;
    case Group::ecp_384:
      return 48;
    case Group::ecp_521:
      return 66;
    // RFC 3526 section 8: exponents of 320, 420, 480, 540 and 620 bits for the stronger estimate.
    case Group::modp_2048:
      return 40;
    case Group::modp_3072:
      return 53;
    case Group::modp_4096:
      return 60;
    case Group::modp_6144:
      return 68;
    case Group::modp_8192:
      return 78;
    case Group::none:
      break;
  }
  throw CryptoFailure("a key exchange group that does not exist");
}

Result<Secret> derive_secret(EVP_PKEY* own, EVP_PKEY* peer, PeerCheck check) {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  require(ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1, "key exchange");
  // RFC 7296 section 2.14: a MODP result is as long as the prime. The curves' results always are.
  if (EVP_PKEY_is_a(own, "DH") == 1) {
    require(EVP_PKEY_CTX_set_dh_pad(ctx.get(), 1) == 1, "key exchange padding");
  }
  std::size_t size = 0;
  if (EVP_PKEY_derive_set_peer_ex(ctx.get(), peer, check == PeerCheck::by_library ? 1 : 0) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1) {
    return std::unexpected(Reason::public_value_refused);
  }
  Secret secret(size);
  if (EVP_PKEY_derive(ctx.get(), secret.span().data(), &size) != 1 || size != secret.size()) {
    return std::unexpected(Reason::public_value_refused);
  }
  return secret;
}

}  // namespace espgate::ike
