#include "offload/xfrm/algorithm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace espgate::offload::xfrm {

namespace {

using E = Encryption;
using I = Integrity;

// Salts: RFC 4106 section 8.1, RFC 4309 section 7.1, RFC 4543 section 5.1 and RFC 7634 section 2; the nonce
// of counter mode, RFC 3686 section 5.1, comes with the key alike.
constexpr std::array encryptions = {
    EncryptionInfo{E::null, "null", "ecb(cipher_null)", false, 0, 0},
    EncryptionInfo{E::aes_cbc, "aes-cbc", "cbc(aes)", false, 0, 0},
    EncryptionInfo{E::aes_ctr, "aes-ctr", "rfc3686(ctr(aes))", false, 4, 0},
    EncryptionInfo{E::aes_ccm_8, "aes-ccm-8", "rfc4309(ccm(aes))", true, 3, 64},
    EncryptionInfo{E::aes_ccm_12, "aes-ccm-12", "rfc4309(ccm(aes))", true, 3, 96},
    EncryptionInfo{E::aes_ccm_16, "aes-ccm-16", "rfc4309(ccm(aes))", true, 3, 128},
    EncryptionInfo{E::aes_gcm_8, "aes-gcm-8", "rfc4106(gcm(aes))", true, 4, 64},
    EncryptionInfo{E::aes_gcm_12, "aes-gcm-12", "rfc4106(gcm(aes))", true, 4, 96},
    EncryptionInfo{E::aes_gcm_16, "aes-gcm-16", "rfc4106(gcm(aes))", true, 4, 128},
    EncryptionInfo{E::null_aes_gmac, "null-aes-gmac", "rfc4543(gcm(aes))", true, 4, 128},
    EncryptionInfo{E::camellia_cbc, "camellia-cbc", "cbc(camellia)", false, 0, 0},
    EncryptionInfo{E::chacha20_poly1305, "chacha20-poly1305", "rfc7539esp(chacha20,poly1305)", true, 4, 128},
};

constexpr std::array integrities = {
    IntegrityInfo{I::hmac_sha1_96, "hmac-sha1-96", "hmac(sha1)", 160, 96},
    IntegrityInfo{I::aes_xcbc_96, "aes-xcbc-96", "xcbc(aes)", 128, 96},
    IntegrityInfo{I::aes_cmac_96, "aes-cmac-96", "cmac(aes)", 128, 96},
    IntegrityInfo{I::hmac_sha2_256_128, "hmac-sha2-256-128", "hmac(sha256)", 256, 128},
    IntegrityInfo{I::hmac_sha2_384_192, "hmac-sha2-384-192", "hmac(sha384)", 384, 192},
    IntegrityInfo{I::hmac_sha2_512_256, "hmac-sha2-512-256", "hmac(sha512)", 512, 256},
};

constexpr std::array<std::uint16_t, 3> aes_key_sizes = {128, 192, 256};
constexpr std::array<std::uint16_t, 1> chacha_key_sizes = {256};
constexpr std::array<std::uint16_t, 1> no_key_sizes = {0};

std::span<const std::uint16_t> key_sizes(Encryption id) {
  switch (id) {
    case E::none:
    case E::null:
      return no_key_sizes;
    case E::chacha20_poly1305:
      return chacha_key_sizes;
    default:
      return aes_key_sizes;
  }
}

std::vector<Suite> make_suites() {
  std::vector<Suite> suites;
  for (const EncryptionInfo& encryption : encryptions) {
    for (const std::uint16_t bits : key_sizes(encryption.id)) {
      suites.push_back({encryption.id, bits, encryption.combined ? I::none : I::hmac_sha2_256_128});
    }
  }
  for (const IntegrityInfo& integrity : integrities) {
    if (integrity.id != I::hmac_sha2_256_128) {
      suites.push_back({E::aes_cbc, 128, integrity.id});
    }
  }
  for (const IntegrityInfo& integrity : integrities) {
    suites.push_back({E::none, 0, integrity.id});
  }
  return suites;
}

}  // namespace

const EncryptionInfo* info(Encryption id) {
  const auto* const found = std::ranges::find(encryptions, id, &EncryptionInfo::id);
  return found == encryptions.end() ? nullptr : found;
}

const IntegrityInfo* info(Integrity id) {
  const auto* const found = std::ranges::find(integrities, id, &IntegrityInfo::id);
  return found == integrities.end() ? nullptr : found;
}

std::string to_string(const Suite& suite) {
  const EncryptionInfo* encryption = info(suite.encryption);
  const IntegrityInfo* integrity = info(suite.integrity);
  std::string text;
  if (encryption != nullptr) {
    text = suite.key_bits == 0 ? std::string(encryption->name)
                               : fmt::format("{}-{}", encryption->name, suite.key_bits);
  }
  if (integrity != nullptr) {
    text += fmt::format("{}{}", text.empty() ? "" : "/", integrity->name);
  }
  return text.empty() ? "no algorithm" : text;
}

Expected<> check_suite(const Suite& suite) {
  const EncryptionInfo* encryption = info(suite.encryption);
  const IntegrityInfo* integrity = info(suite.integrity);
  if (suite.encryption != E::none && encryption == nullptr) {
    return fail(fmt::format("encryption transform {} is not one that the kernel has",
                            static_cast<unsigned>(suite.encryption)));
  }
  if (suite.integrity != I::none && integrity == nullptr) {
    return fail(fmt::format("integrity transform {} is not one that the kernel has",
                            static_cast<unsigned>(suite.integrity)));
  }
  const bool combined = encryption != nullptr && encryption->combined;
  if (combined && integrity != nullptr) {
    return fail(fmt::format("{} brings its own integrity, and {} beside it is one too many", encryption->name,
                            integrity->name));
  }
  if (!combined && integrity == nullptr) {
    return fail(fmt::format("{} takes an integrity algorithm beside it (RFC 8221 section 4)",
                            encryption == nullptr ? "AH" : encryption->name));
  }
  const auto sizes = key_sizes(suite.encryption);
  if (std::ranges::find(sizes, suite.key_bits) == sizes.end()) {
    return fail(fmt::format("{} has no keys of {} bits", encryption == nullptr ? "AH" : encryption->name,
                            suite.key_bits));
  }
  return {};
}

std::span<const Suite> all_suites() {
  static const std::vector<Suite> suites = make_suites();
  return suites;
}

}  // namespace espgate::offload::xfrm
