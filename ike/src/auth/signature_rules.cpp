#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "ike/credentials.h"

namespace espgate::ike {
namespace {

struct HashName {
  std::string_view name;
  SignatureHash hash;
};
constexpr std::array hash_names{
    HashName{"sha256", SignatureHash::sha2_256},   HashName{"sha384", SignatureHash::sha2_384},
    HashName{"sha512", SignatureHash::sha2_512},   HashName{"sha2_256", SignatureHash::sha2_256},
    HashName{"sha2_384", SignatureHash::sha2_384}, HashName{"sha2_512", SignatureHash::sha2_512},
    HashName{"identity", SignatureHash::identity},
};

template <typename T>
void add(std::vector<T>& list, T value) {
  if (std::ranges::find(list, value) == list.end()) {
    list.push_back(value);
  }
}

class RuleReader {
 public:
  // An empty text when the word is one of the notation, else what is wrong with it.
  std::string take(std::string_view word) {
    if (const auto bits = number(word)) {
      return take_bits(*bits);
    }
    m_sized = nullptr;
    if (word == "pubkey") {
      return {};
    }
    if (word == "rsa" || word == "rsa/pss") {
      add(rules.keys, KeyType::rsa);
      rules.pss_only = rules.pss_only || word == "rsa/pss";
      m_sized = &rules.min_rsa_bits;
      return {};
    }
    if (word == "ecdsa") {
      add(rules.keys, KeyType::ecdsa);
      m_sized = &rules.min_ecdsa_bits;
      return {};
    }
    if (word == "ed25519" || word == "ed448") {
      add(rules.keys, word == "ed448" ? KeyType::ed448 : KeyType::ed25519);
      return {};
    }
    const auto* const hash = std::ranges::find(hash_names, word, &HashName::name);
    if (hash != hash_names.end()) {
      add(rules.hashes, hash->hash);
      return {};
    }
    if (word == "sha1" || word == "sha" || word == "md5") {
      return "its hash is too short for signatures (RFC 8247 section 4.2); use sha256";
    }
    if (word == "bliss" || word == "dss") {
      return "this version does not have such signatures";
    }
    return "not a kind of key, a number of bits behind one, or a hash";
  }

  SignatureRules rules;

 private:
  static std::optional<unsigned> number(std::string_view word) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
  }
  std::string take_bits(unsigned bits) {
    if (m_sized == nullptr) {
      return "a number of bits stands behind rsa or ecdsa";
    }
    *m_sized = bits;
    m_sized = nullptr;
    return {};
  }

  unsigned* m_sized = nullptr;
};

}  // namespace

Expected<SignatureRules> SignatureRules::parse(std::string_view text) {
  constexpr std::string_view for_ike = "ike:";
  std::string_view rest = text.starts_with(for_ike) ? text.substr(for_ike.size()) : text;
  RuleReader reader;
  for (bool more = true; more;) {
    const std::size_t dash = rest.find('-');
    const std::string_view word = rest.substr(0, dash);
    if (const std::string wrong = reader.take(word); !wrong.empty()) {
      return fail(fmt::format("'{}': '{}' is refused: {}", text, word, wrong));
    }
    more = dash != std::string_view::npos;
    rest = more ? rest.substr(dash + 1) : std::string_view{};
  }
  return std::move(reader.rules);
}

}  // namespace espgate::ike
