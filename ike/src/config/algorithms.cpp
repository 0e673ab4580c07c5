#include "config/algorithms.h"

namespace espgate::ike {

bool is_aead(Encryption algorithm) {
  switch (algorithm) {
    case Encryption::null:
    case Encryption::aes_cbc:
    case Encryption::aes_ctr:
      return false;
    case Encryption::aes_ccm_8:
    case Encryption::aes_ccm_12:
    case Encryption::aes_ccm_16:
    case Encryption::aes_gcm_8:
    case Encryption::aes_gcm_12:
    case Encryption::aes_gcm_16:
    case Encryption::null_auth_aes_gmac:
    case Encryption::chacha20_poly1305:
      return true;
  }
  return false;
}

std::size_t salt_size(Encryption algorithm) {
  switch (algorithm) {
    case Encryption::null:
    case Encryption::aes_cbc:
      return 0;
    case Encryption::aes_ccm_8:
    case Encryption::aes_ccm_12:
    case Encryption::aes_ccm_16:
      return 3;  // RFC 4309 section 7.1
    case Encryption::aes_ctr:
    case Encryption::aes_gcm_8:
    case Encryption::aes_gcm_12:
    case Encryption::aes_gcm_16:
    case Encryption::null_auth_aes_gmac:
    case Encryption::chacha20_poly1305:
      return 4;  // RFC 3686 section 5.1, RFC 4106 section 8.1, RFC 4543 section 5.1, RFC 7634 section 2
  }
  return 0;
}

std::size_t key_material_size(const EncryptionTransform& transform) {
  constexpr std::size_t chacha20_key_size = 32;
  const std::size_t key =
      transform.algorithm == Encryption::chacha20_poly1305 ? chacha20_key_size : transform.key_bits / 8U;
  return key + salt_size(transform.algorithm);
}

std::size_t output_size(Prf prf) {
  switch (prf) {
    case Prf::hmac_sha1:
      return 20;
    case Prf::hmac_sha2_256:
      return 32;
    case Prf::hmac_sha2_384:
      return 48;
    case Prf::hmac_sha2_512:
      return 64;
    case Prf::aes128_cmac:
      return 16;
  }
  return 0;
}

std::size_t key_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::none:
      return 0;
    case Integrity::hmac_sha1_96:
      return 20;
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
      return 16;
    case Integrity::hmac_sha2_256_128:
      return 32;
    case Integrity::hmac_sha2_384_192:
      return 48;
    case Integrity::hmac_sha2_512_256:
      return 64;
  }
  return 0;
}

std::size_t icv_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::none:
      return 0;
    case Integrity::hmac_sha1_96:
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
      return 12;
    case Integrity::hmac_sha2_256_128:
      return 16;
    case Integrity::hmac_sha2_384_192:
      return 24;
    case Integrity::hmac_sha2_512_256:
      return 32;
  }
  return 0;
}

std::string_view to_string(Encryption value) {
  switch (value) {
    case Encryption::null:
      return "NULL";
    case Encryption::aes_cbc:
      return "AES_CBC";
    case Encryption::aes_ctr:
      return "AES_CTR";
    case Encryption::aes_ccm_8:
      return "AES_CCM_8";
    case Encryption::aes_ccm_12:
      return "AES_CCM_12";
    case Encryption::aes_ccm_16:
      return "AES_CCM_16";
    case Encryption::aes_gcm_8:
      return "AES_GCM_8";
    case Encryption::aes_gcm_12:
      return "AES_GCM_12";
    case Encryption::aes_gcm_16:
      return "AES_GCM_16";
    case Encryption::null_auth_aes_gmac:
      return "NULL_AES_GMAC";
    case Encryption::chacha20_poly1305:
      return "CHACHA20_POLY1305";
  }
  return "unknown";
}

std::string_view to_string(Prf value) {
  switch (value) {
    case Prf::hmac_sha1:
      return "PRF_HMAC_SHA1";
    case Prf::hmac_sha2_256:
      return "PRF_HMAC_SHA2_256";
    case Prf::hmac_sha2_384:
      return "PRF_HMAC_SHA2_384";
    case Prf::hmac_sha2_512:
      return "PRF_HMAC_SHA2_512";
    case Prf::aes128_cmac:
      return "PRF_AES128_CMAC";
  }
  return "unknown";
}

std::string_view to_string(Integrity value) {
  switch (value) {
    case Integrity::none:
      return "NONE";
    case Integrity::hmac_sha1_96:
      return "HMAC_SHA1_96";
    case Integrity::aes_xcbc_96:
      return "AES_XCBC_96";
    case Integrity::aes_cmac_96:
      return "AES_CMAC_96";
    case Integrity::hmac_sha2_256_128:
      return "HMAC_SHA2_256_128";
    case Integrity::hmac_sha2_384_192:
      return "HMAC_SHA2_384_192";
    case Integrity::hmac_sha2_512_256:
      return "HMAC_SHA2_512_256";
  }
  return "unknown";
}

std::string_view to_string(Group value) {
  switch (value) {
    case Group::none:
      return "NONE";
    case Group::modp_2048:
      return "MODP_2048";
    case Group::modp_3072:
      return "MODP_3072";
    case Group::modp_4096:
      return "MODP_4096";
    case Group::modp_6144:
      return "MODP_6144";
    case Group::modp_8192:
      return "MODP_8192";
    case Group::ecp_256:
      return "ECP_256";
    case Group::ecp_384:
      return "ECP_384";
    case Group::ecp_521:
      return "ECP_521";
    case Group::curve25519:
      return "CURVE_25519";
    case Group::curve448:
      return "CURVE_448";
  }
  return "unknown";
}

}  // namespace espgate::ike
