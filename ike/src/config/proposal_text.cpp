// strongSwan's proposal notation, both ways.
#include <fmt/format.h>

#include <algorithm>

#include "config/algorithms.h"
#include "config/proposal_words.h"
#include "ike/config.h"

namespace espgate::ike {
namespace {

// Every kind of word, in the order in which it was written.
struct Words {
  std::vector<EncryptionTransform> encryption;
  std::vector<Prf> prf;
  std::vector<Integrity> integrity;
  std::vector<Group> groups;
  std::vector<EsnMode> esn;

  void add(const EncryptionTransform& v) { append(encryption, v); }
  void add(Prf v) { append(prf, v); }
  void add(Integrity v) { append(integrity, v); }
  void add(Group v) { append(groups, v); }
  void add(EsnMode v) { append(esn, v); }

 private:
  template <typename T>
  static void append(std::vector<T>& list, const T& value) {
    if (std::ranges::find(list, value) == list.end()) {
      list.push_back(value);
    }
  }
};

Expected<Words> parse_words(std::string_view text) {
  Words words;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t dash = rest.find('-');
    const std::string_view word = rest.substr(0, dash);
    more = dash != std::string_view::npos;
    rest = more ? rest.substr(dash + 1) : std::string_view{};
    if (word.empty()) {
      return fail(fmt::format("proposal '{}': an empty word; words are joined by one '-' each", text));
    }
    const auto value = find_word(word);
    if (!value) {
      const std::string_view reason = why_refused(word);
      return fail(reason.empty() ? fmt::format("proposal '{}': unknown word '{}'", text, word)
                                 : fmt::format("proposal '{}': '{}' is refused: {}", text, word, reason));
    }
    std::visit([&words](const auto& v) { words.add(v); }, *value);
  }
  return words;
}

// What holds for both kinds of proposal that encrypt.
Expected<> check_ciphers(std::string_view text, const Words& words) {
  if (words.encryption.empty()) {
    return fail(fmt::format("proposal '{}': no encryption algorithm, for example aes256gcm16", text));
  }
  const EncryptionTransform& first = words.encryption.front();
  const bool aead = is_aead(first.algorithm);
  const auto other = std::ranges::find_if(
      words.encryption, [aead](const EncryptionTransform& t) { return is_aead(t.algorithm) != aead; });
  if (other != words.encryption.end()) {
    return fail(fmt::format(
        "proposal '{}': '{}' and '{}' cannot stand in one proposal, for only one of them protects integrity "
        "itself (RFC 7296 section 3.3); write two",
        text, word_of(first), word_of(*other)));
  }
  if (aead && !words.integrity.empty()) {
    const Integrity integrity = words.integrity.front();
    return fail(fmt::format(
        "proposal '{}': '{}' protects integrity itself; leave '{}' out, or write '{}' if a PRF is "
        "meant",
        text, word_of(first), word_of(integrity), word_of(prf_of(integrity))));
  }
  if (!aead && words.integrity.empty()) {
    return fail(fmt::format("proposal '{}': '{}' needs an integrity algorithm, for example sha256", text,
                            word_of(first)));
  }
  return {};
}

template <typename T>
Expected<> check_for_ike(std::string_view text, const std::vector<T>& values) {
  for (const T& value : values) {
    if (const std::string_view reason = why_not_for_ike(value); !reason.empty()) {
      return fail(fmt::format("proposal '{}': '{}' is refused: {}", text, word_of(value), reason));
    }
  }
  return {};
}

// What holds for both protocols of Child SAs. strongSwan's meaning of a proposal that does not say: no ESN.
Expected<EspProposal> to_child_proposal(std::string_view text, ChildProtocol protocol, Words words) {
  if (!words.prf.empty()) {
    return fail(
        fmt::format("proposal '{}': '{}' belongs into an IKE proposal", text, word_of(words.prf.front())));
  }
  if (words.esn.empty()) {
    words.esn = {EsnMode::no};
  }
  return EspProposal{.encryption = std::move(words.encryption),
                     .integrity = std::move(words.integrity),
                     .groups = std::move(words.groups),
                     .esn = std::move(words.esn),
                     .protocol = protocol};
}

template <typename T>
void append_words(std::string& text, const std::vector<T>& values) {
  for (const T& value : values) {
    if (!text.empty()) {
      text += '-';
    }
    text += word_of(value);
  }
}

}  // namespace

Expected<IkeProposal> parse_ike_proposal(std::string_view text) {
  if (text == "default") {
    return IkeProposal{.encryption = {{Encryption::aes_gcm_16, 256}, {Encryption::aes_gcm_16, 128}},
                       .prf = {Prf::hmac_sha2_256, Prf::hmac_sha2_384, Prf::hmac_sha2_512},
                       .integrity = {},
                       .groups = {Group::curve25519, Group::ecp_256, Group::ecp_384}};
  }
  auto words = parse_words(text);
  if (!words) {
    return std::unexpected(words.error());
  }
  for (const auto& checked : {check_for_ike(text, words->encryption), check_for_ike(text, words->integrity),
                              check_for_ike(text, words->esn), check_ciphers(text, *words)}) {
    if (!checked) {
      return std::unexpected(checked.error());
    }
  }
  if (words->prf.empty()) {
    if (words->integrity.empty()) {
      return fail(
          fmt::format("proposal '{}': with '{}' there is no integrity algorithm to take the PRF from; add "
                      "one, for example prfsha256",
                      text, word_of(words->encryption.front())));
    }
    for (const Integrity integrity : words->integrity) {
      words->prf.push_back(prf_of(integrity));
    }
  }
  if (words->groups.empty()) {
    return fail(fmt::format("proposal '{}': no key exchange group, for example x25519", text));
  }
  return IkeProposal{std::move(words->encryption), std::move(words->prf), std::move(words->integrity),
                     std::move(words->groups)};
}

Expected<EspProposal> parse_esp_proposal(std::string_view text) {
  if (text == "default") {
    return EspProposal{.encryption = {{Encryption::aes_gcm_16, 256}, {Encryption::aes_gcm_16, 128}},
                       .integrity = {},
                       .groups = {},
                       .esn = {EsnMode::yes, EsnMode::no}};
  }
  auto words = parse_words(text);
  if (!words) {
    return std::unexpected(words.error());
  }
  if (const auto ciphers = check_ciphers(text, *words); !ciphers) {
    return std::unexpected(ciphers.error());
  }
  return to_child_proposal(text, ChildProtocol::esp, std::move(*words));
}

Expected<EspProposal> parse_ah_proposal(std::string_view text) {
  if (text == "default") {
    return EspProposal{.encryption = {},
                       .integrity = {Integrity::hmac_sha2_256_128, Integrity::hmac_sha2_384_192,
                                     Integrity::hmac_sha2_512_256},
                       .groups = {},
                       .esn = {EsnMode::yes, EsnMode::no},
                       .protocol = ChildProtocol::ah};
  }
  auto words = parse_words(text);
  if (!words) {
    return std::unexpected(words.error());
  }
  if (!words->encryption.empty()) {
    return fail(fmt::format("proposal '{}': '{}' belongs into an ESP proposal, AH does not encrypt", text,
                            word_of(words->encryption.front())));
  }
  if (words->integrity.empty()) {
    return fail(fmt::format("proposal '{}': no integrity algorithm, for example sha256", text));
  }
  return to_child_proposal(text, ChildProtocol::ah, std::move(*words));
}

std::string to_string(const IkeProposal& proposal) {
  std::string text;
  append_words(text, proposal.encryption);
  append_words(text, proposal.integrity);
  append_words(text, proposal.prf);
  append_words(text, proposal.groups);
  return text;
}

std::string to_string(const EspProposal& proposal) {
  std::string text;
  append_words(text, proposal.encryption);
  append_words(text, proposal.integrity);
  append_words(text, proposal.groups);
  append_words(text, proposal.esn);
  return text;
}

}  // namespace espgate::ike
