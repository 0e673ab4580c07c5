#include "config/algorithms.h"

namespace espgate::ike {

std::size_t output_size(Prf prf) {
  switch (prf) {
    case Prf::hmac_sha2_256:
      return 32;
    case Prf::hmac_sha2_384:
      return 48;
    case Prf::hmac_sha2_512:
      return 64;
  }
  return 0;
}

std::size_t key_size(Integrity integrity) {
  return 2 * icv_size(integrity);
}

std::size_t icv_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_sha2_256_128:
      return 16;
    case Integrity::hmac_sha2_384_192:
      return 24;
    case Integrity::hmac_sha2_512_256:
      return 32;
    case Integrity::none:
      break;
  }
  return 0;
}

std::string_view to_string(Encryption value) {
  switch (value) {
    case Encryption::aes_cbc:
      return "AES_CBC";
    case Encryption::aes_gcm_16:
      return "AES_GCM_16";
  }
  return "unknown";
}

std::string_view to_string(Prf value) {
  switch (value) {
    case Prf::hmac_sha2_256:
      return "PRF_HMAC_SHA2_256";
    case Prf::hmac_sha2_384:
      return "PRF_HMAC_SHA2_384";
    case Prf::hmac_sha2_512:
      return "PRF_HMAC_SHA2_512";
  }
  return "unknown";
}

std::string_view to_string(Integrity value) {
  switch (value) {
    case Integrity::none:
      return "NONE";
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
    case Group::ecp_256:
      return "ECP_256";
    case Group::ecp_384:
      return "ECP_384";
    case Group::curve25519:
      return "CURVE_25519";
  }
  return "unknown";
}

}  // namespace espgate::ike
