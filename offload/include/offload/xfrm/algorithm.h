// The ESP and AH algorithms that the kernel's XFRM may offer. Values are IKEv2's transform numbers (IANA),
// names are those of the kernel's crypto API. Which of them this kernel has is probed (Xfrm::probe).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace espgate::offload::xfrm {

enum class Encryption : std::uint16_t {
  none = 0,  // AH
  null = 11,
  aes_cbc = 12,
  aes_ctr = 13,
  aes_ccm_8 = 14,
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
  null_aes_gmac = 21,
  camellia_cbc = 23,
  chacha20_poly1305 = 28,
};

enum class Integrity : std::uint16_t {
  none = 0,  // combined-mode encryption
  hmac_sha1_96 = 2,
  aes_xcbc_96 = 5,
  aes_cmac_96 = 8,
  hmac_sha2_256_128 = 12,
  hmac_sha2_384_192 = 13,
  hmac_sha2_512_256 = 14,
};

// What one SA uses.
struct Suite {
  Encryption encryption = Encryption::none;
  std::uint16_t key_bits = 0;  // of the encryption, without salt or nonce; 0 for null and none
  Integrity integrity = Integrity::none;

  bool operator==(const Suite&) const = default;
};

struct EncryptionInfo {
  Encryption id;
  std::string_view name;    // for people
  std::string_view kernel;  // for the crypto API
  bool combined;            // brings its own integrity
  std::uint16_t salt_bytes;
  std::uint16_t icv_bits;  // of combined modes
};
struct IntegrityInfo {
  Integrity id;
  std::string_view name;
  std::string_view kernel;
  std::uint16_t key_bits;
  std::uint16_t icv_bits;
};

// nullptr for none, and for numbers that no constant names.
const EncryptionInfo* info(Encryption id);
const IntegrityInfo* info(Integrity id);

// "aes-gcm-16-256", "aes-cbc-128/hmac-sha2-256-128"
std::string to_string(const Suite& suite);

// Whether the parts go together and the key has a size that the algorithm knows. AH has no encryption; ESP
// never goes without integrity (RFC 8221 section 4).
Expected<> check_suite(const Suite& suite);

// Every suite that a probe asks for: each encryption with each of its key sizes (non-combined ones with
// HMAC-SHA2-256-128), each integrity with AES-CBC-128, and each integrity alone, for AH.
std::span<const Suite> all_suites();

}  // namespace espgate::offload::xfrm
