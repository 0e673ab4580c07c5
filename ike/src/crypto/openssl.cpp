#include "crypto/openssl.h"

namespace espgate::ike {

PkeyPtr key_from_params(const char* type, OSSL_PARAM_BLD* builder, int selection) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  require(params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1, "key parameters");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(ctx.get(), &key, selection, params.get()) != 1) {
    return nullptr;
  }
  return PkeyPtr(key);
}

BignumPtr secret_number(ByteView bytes) {
  BignumPtr number(BN_secure_new());
  require(number != nullptr, "number");
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  require(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()) != nullptr, "number");
  return number;
}

}  // namespace espgate::ike
