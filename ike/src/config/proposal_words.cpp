#include "config/proposal_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace espgate::ike {
namespace {

struct Word {
  std::string_view text;
  ProposalWord value;
};

// The first word of a value is the one that we write.
constexpr std::array words{
    Word{"chacha20poly1305", EncryptionTransform{Encryption::chacha20_poly1305, 0}},
    Word{"null", EncryptionTransform{Encryption::null, 0}},
    Word{"sha256", Integrity::hmac_sha2_256_128},
    Word{"sha384", Integrity::hmac_sha2_384_192},
    Word{"sha512", Integrity::hmac_sha2_512_256},
    Word{"sha2_256", Integrity::hmac_sha2_256_128},
    Word{"sha2_384", Integrity::hmac_sha2_384_192},
    Word{"sha2_512", Integrity::hmac_sha2_512_256},
    Word{"sha1", Integrity::hmac_sha1_96},
    Word{"sha", Integrity::hmac_sha1_96},
    Word{"aescmac", Integrity::aes_cmac_96},
    Word{"aesxcbc", Integrity::aes_xcbc_96},
    Word{"prfsha256", Prf::hmac_sha2_256},
    Word{"prfsha384", Prf::hmac_sha2_384},
    Word{"prfsha512", Prf::hmac_sha2_512},
    Word{"prfsha1", Prf::hmac_sha1},
    Word{"prfaescmac", Prf::aes128_cmac},
    Word{"x25519", Group::curve25519},
    Word{"curve25519", Group::curve25519},
    Word{"x448", Group::curve448},
    Word{"curve448", Group::curve448},
    Word{"ecp256", Group::ecp_256},
    Word{"ecp384", Group::ecp_384},
    Word{"ecp521", Group::ecp_521},
    Word{"modp2048", Group::modp_2048},
    Word{"modp3072", Group::modp_3072},
    Word{"modp4096", Group::modp_4096},
    Word{"modp6144", Group::modp_6144},
    Word{"modp8192", Group::modp_8192},
    Word{"esn", EsnMode::yes},
    Word{"noesn", EsnMode::no},
};

// What follows "aes128", "aes192" or "aes256": an ICV size stands in bytes or in bits.
struct AesSuffix {
  std::string_view text;
  Encryption algorithm;
};
constexpr std::array aes_suffixes{
    AesSuffix{"", Encryption::aes_cbc},          AesSuffix{"gcm16", Encryption::aes_gcm_16},
    AesSuffix{"gcm128", Encryption::aes_gcm_16}, AesSuffix{"gcm", Encryption::aes_gcm_16},
    AesSuffix{"gcm12", Encryption::aes_gcm_12},  AesSuffix{"gcm96", Encryption::aes_gcm_12},
    AesSuffix{"gcm8", Encryption::aes_gcm_8},    AesSuffix{"gcm64", Encryption::aes_gcm_8},
    AesSuffix{"ccm16", Encryption::aes_ccm_16},  AesSuffix{"ccm128", Encryption::aes_ccm_16},
    AesSuffix{"ccm12", Encryption::aes_ccm_12},  AesSuffix{"ccm96", Encryption::aes_ccm_12},
    AesSuffix{"ccm8", Encryption::aes_ccm_8},    AesSuffix{"ccm64", Encryption::aes_ccm_8},
    AesSuffix{"ctr", Encryption::aes_ctr},       AesSuffix{"gmac", Encryption::null_auth_aes_gmac},
};
struct AesSize {
  std::string_view text;
  std::uint16_t bits;
};
constexpr std::array aes_sizes{AesSize{"aes128", 128}, AesSize{"aes192", 192}, AesSize{"aes256", 256}};

std::optional<EncryptionTransform> find_aes(std::string_view word) {
  if (word == "aes") {
    return EncryptionTransform{Encryption::aes_cbc, 128};
  }
  for (const AesSize& size : aes_sizes) {
    if (!word.starts_with(size.text)) {
      continue;
    }
    const auto* const suffix =
        std::ranges::find(aes_suffixes, word.substr(size.text.size()), &AesSuffix::text);
    if (suffix != aes_suffixes.end()) {
      return EncryptionTransform{suffix->algorithm, size.bits};
    }
  }
  return std::nullopt;
}

struct Refusal {
  std::string_view text;
  std::string_view reason;
};

constexpr std::string_view short_block =
    "its 64-bit block is too short (RFC 8221 section 5, RFC 8247 section 2.1)";
constexpr std::string_view broken_hash =
    "its hash is broken (RFC 8247 sections 2.2 and 2.3, RFC 8221 section 6)";
constexpr std::string_view weak_group = "the group is too weak (RFC 8247 section 2.4); use x25519 or ecp256";
constexpr std::string_view odd_group =
    "RFC 8247 section 2.4 does not list the group, and this version does not have it; use x25519 or ecp256";
constexpr std::string_view odd_cipher =
    "RFC 8221 section 5 does not list the cipher, and this version does not have it; use aes256gcm16";
constexpr std::string_view odd_sha2 =
    "the truncation of HMAC-SHA2-256 to 96 bits is of a draft and not of RFC 4868; use sha256";
constexpr std::string_view key_encapsulation = "this version does not have post-quantum key exchanges";

constexpr std::array refusals{
    Refusal{"3des", short_block},
    Refusal{"des", "a key of 56 bits can be searched (RFC 8221 section 5)"},
    Refusal{"blowfish", short_block},
    Refusal{"blowfish128", short_block},
    Refusal{"blowfish192", short_block},
    Refusal{"blowfish256", short_block},
    Refusal{"cast128", short_block},
    Refusal{"twofish", odd_cipher},
    Refusal{"twofish128", odd_cipher},
    Refusal{"twofish192", odd_cipher},
    Refusal{"twofish256", odd_cipher},
    Refusal{"serpent", odd_cipher},
    Refusal{"serpent128", odd_cipher},
    Refusal{"serpent192", odd_cipher},
    Refusal{"serpent256", odd_cipher},
    Refusal{"camellia", odd_cipher},
    Refusal{"camellia128", odd_cipher},
    Refusal{"camellia192", odd_cipher},
    Refusal{"camellia256", odd_cipher},
    Refusal{"md5", broken_hash},
    Refusal{"md5_128", broken_hash},
    Refusal{"prfmd5", broken_hash},
    Refusal{"sha1_160", "HMAC-SHA1-160 is for Fibre Channel (RFC 4595); use sha256"},
    Refusal{"sha256_96", odd_sha2},
    Refusal{"sha2_256_96", odd_sha2},
    Refusal{"prfaesxcbc", "this version does not have it; use prfsha256 or prfaescmac"},
    Refusal{"modpnone", "without a key exchange the keys would be known to everybody"},
    Refusal{"modpnull", "without a key exchange the keys would be known to everybody"},
    Refusal{"modp768", weak_group},
    Refusal{"modp1024", weak_group},
    Refusal{"modp1536", weak_group},
    Refusal{"modp1024s160", weak_group},
    Refusal{"modp2048s224", weak_group},
    Refusal{"modp2048s256", weak_group},
    Refusal{"ecp192", weak_group},
    Refusal{"ecp224", weak_group},
    Refusal{"ecp224bp", weak_group},
    Refusal{"ecp256bp", odd_group},
    Refusal{"ecp384bp", odd_group},
    Refusal{"ecp512bp", odd_group},
    Refusal{"ntru112", key_encapsulation},
    Refusal{"ntru128", key_encapsulation},
    Refusal{"ntru192", key_encapsulation},
    Refusal{"ntru256", key_encapsulation},
    Refusal{"newhope128", key_encapsulation},
    Refusal{"mlkem512", key_encapsulation},
    Refusal{"mlkem768", key_encapsulation},
    Refusal{"mlkem1024", key_encapsulation},
};

}  // namespace

std::optional<ProposalWord> find_word(std::string_view word) {
  for (const Word& known : words) {
    if (known.text == word) {
      return known.value;
    }
  }
  if (const auto aes = find_aes(word)) {
    return *aes;
  }
  return std::nullopt;
}

std::string word_of(const ProposalWord& value) {
  for (const Word& known : words) {
    if (known.value == value) {
      return std::string(known.text);
    }
  }
  if (const auto* const cipher = std::get_if<EncryptionTransform>(&value)) {
    const auto* const suffix = std::ranges::find(aes_suffixes, cipher->algorithm, &AesSuffix::algorithm);
    if (suffix != aes_suffixes.end()) {
      return fmt::format("aes{}{}", cipher->key_bits, suffix->text);
    }
  }
  return "unknown";
}

std::string_view why_refused(std::string_view word) {
  const auto* const refusal = std::ranges::find(refusals, word, &Refusal::text);
  return refusal == refusals.end() ? std::string_view{} : refusal->reason;
}

std::string_view why_not_for_ike(const ProposalWord& value) {
  if (const auto* const cipher = std::get_if<EncryptionTransform>(&value)) {
    switch (cipher->algorithm) {
      case Encryption::null:
      case Encryption::null_auth_aes_gmac:
        return "it does not encrypt (RFC 8247 section 2.1)";
      case Encryption::aes_ccm_8:
      case Encryption::aes_ccm_12:
      case Encryption::aes_ccm_16:
        return "this version has AES-CCM for ESP only; use AES-GCM";
      default:
        return {};
    }
  }
  if (const auto* const integrity = std::get_if<Integrity>(&value);
      integrity != nullptr && *integrity == Integrity::aes_xcbc_96) {
    return "this version has AES-XCBC for ESP and AH only; use sha256 or aescmac";
  }
  return std::holds_alternative<EsnMode>(value) ? "it belongs into an ESP proposal" : std::string_view{};
}

Prf prf_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_sha1_96:
      return Prf::hmac_sha1;
    case Integrity::hmac_sha2_384_192:
      return Prf::hmac_sha2_384;
    case Integrity::hmac_sha2_512_256:
      return Prf::hmac_sha2_512;
    case Integrity::aes_cmac_96:
      return Prf::aes128_cmac;
    case Integrity::hmac_sha2_256_128:
    case Integrity::aes_xcbc_96:  // never in an IKE proposal
    case Integrity::none:
      break;
  }
  return Prf::hmac_sha2_256;
}

}  // namespace espgate::ike
