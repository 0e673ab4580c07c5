#include "config/proposal_words.h"

#include <array>

namespace espgate::ike {
namespace {

struct Word {
  std::string_view text;
  ProposalWord value;
};

// The first word of a value is the one that we write.
constexpr std::array words{
    Word{"aes128gcm16", EncryptionTransform{Encryption::aes_gcm_16, 128}},
    Word{"aes192gcm16", EncryptionTransform{Encryption::aes_gcm_16, 192}},
    Word{"aes256gcm16", EncryptionTransform{Encryption::aes_gcm_16, 256}},
    Word{"aes128gcm128", EncryptionTransform{Encryption::aes_gcm_16, 128}},
    Word{"aes192gcm128", EncryptionTransform{Encryption::aes_gcm_16, 192}},
    Word{"aes256gcm128", EncryptionTransform{Encryption::aes_gcm_16, 256}},
    Word{"aes128gcm", EncryptionTransform{Encryption::aes_gcm_16, 128}},
    Word{"aes192gcm", EncryptionTransform{Encryption::aes_gcm_16, 192}},
    Word{"aes256gcm", EncryptionTransform{Encryption::aes_gcm_16, 256}},
    Word{"aes128", EncryptionTransform{Encryption::aes_cbc, 128}},
    Word{"aes192", EncryptionTransform{Encryption::aes_cbc, 192}},
    Word{"aes256", EncryptionTransform{Encryption::aes_cbc, 256}},
    Word{"aes", EncryptionTransform{Encryption::aes_cbc, 128}},
    Word{"sha256", Integrity::hmac_sha2_256_128},
    Word{"sha384", Integrity::hmac_sha2_384_192},
    Word{"sha512", Integrity::hmac_sha2_512_256},
    Word{"sha2_256", Integrity::hmac_sha2_256_128},
    Word{"sha2_384", Integrity::hmac_sha2_384_192},
    Word{"sha2_512", Integrity::hmac_sha2_512_256},
    Word{"prfsha256", Prf::hmac_sha2_256},
    Word{"prfsha384", Prf::hmac_sha2_384},
    Word{"prfsha512", Prf::hmac_sha2_512},
    Word{"x25519", Group::curve25519},
    Word{"curve25519", Group::curve25519},
    Word{"ecp256", Group::ecp_256},
    Word{"ecp384", Group::ecp_384},
    Word{"esn", EsnMode::yes},
    Word{"noesn", EsnMode::no},
};

struct Refusal {
  std::string_view text;
  std::string_view reason;
};

constexpr std::string_view short_block =
    "its 64-bit block is too short (RFC 8221 section 5, RFC 8247 section 2.1)";
constexpr std::string_view broken_hash =
    "its hash is broken (RFC 8247 sections 2.2 and 2.3, RFC 8221 section 6)";
constexpr std::string_view weak_group = "the group is too weak (RFC 8247 section 2.4)";
constexpr std::string_view short_icv =
    "a truncated ICV is not to be used (RFC 8221 section 5, RFC 8247 section 2.1)";
constexpr std::string_view later = "this version does not have it yet";

constexpr std::array refusals{
    Refusal{"3des", short_block},
    Refusal{"des", "a key of 56 bits can be searched (RFC 8221 section 5)"},
    Refusal{"blowfish", short_block},
    Refusal{"blowfish128", short_block},
    Refusal{"blowfish256", short_block},
    Refusal{"cast128", short_block},
    Refusal{"null", "it does not encrypt (RFC 8247 section 2.1)"},
    Refusal{"md5", broken_hash},
    Refusal{"prfmd5", broken_hash},
    Refusal{"sha", "SHA-1 is on its way out (RFC 8247 section 2.3); use sha256"},
    Refusal{"sha1", "SHA-1 is on its way out (RFC 8247 section 2.3); use sha256"},
    Refusal{"prfsha1", "SHA-1 is on its way out (RFC 8247 section 2.2); use prfsha256"},
    Refusal{"modp768", weak_group},
    Refusal{"modp1024", weak_group},
    Refusal{"modp1536", weak_group},
    Refusal{"modp1024s160", weak_group},
    Refusal{"modp2048s224", weak_group},
    Refusal{"modp2048s256", weak_group},
    Refusal{"aes128gcm8", short_icv},
    Refusal{"aes128gcm12", short_icv},
    Refusal{"aes256gcm8", short_icv},
    Refusal{"aes256gcm12", short_icv},
    Refusal{"aes128gmac", "it does not encrypt"},
    Refusal{"aes256gmac", "it does not encrypt"},
    Refusal{"modp2048", later},
    Refusal{"modp3072", later},
    Refusal{"modp4096", later},
    Refusal{"ecp521", later},
    Refusal{"x448", later},
    Refusal{"curve448", later},
    Refusal{"chacha20poly1305", later},
    Refusal{"aes128ctr", later},
    Refusal{"aes256ctr", later},
    Refusal{"aesxcbc", later},
    Refusal{"prfaesxcbc", later},
};

}  // namespace

std::optional<ProposalWord> find_word(std::string_view word) {
  for (const Word& known : words) {
    if (known.text == word) {
      return known.value;
    }
  }
  return std::nullopt;
}

std::string_view word_of(const ProposalWord& value) {
  for (const Word& known : words) {
    if (known.value == value) {
      return known.text;
    }
  }
  return "unknown";
}

std::string_view why_refused(std::string_view word) {
  for (const Refusal& refusal : refusals) {
    if (refusal.text == word) {
      return refusal.reason;
    }
  }
  return {};
}

Prf prf_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_sha2_384_192:
      return Prf::hmac_sha2_384;
    case Integrity::hmac_sha2_512_256:
      return Prf::hmac_sha2_512;
    case Integrity::hmac_sha2_256_128:
    case Integrity::none:
      break;
  }
  return Prf::hmac_sha2_256;
}

}  // namespace espgate::ike
