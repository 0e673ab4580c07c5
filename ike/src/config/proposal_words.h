// The words of strongSwan's proposal notation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ike/config.h"

namespace espgate::ike {

using ProposalWord = std::variant<EncryptionTransform, Prf, Integrity, Group, EsnMode>;

// nullopt: not a word that this version offers.
std::optional<ProposalWord> find_word(std::string_view word);
// The word for a value, as we write it.
std::string word_of(const ProposalWord& value);
// Why a word of strongSwan's is not offered here; empty when it is not one.
std::string_view why_refused(std::string_view word);
// Why a word that ESP or AH may use is refused in an IKE proposal; empty when it is not.
std::string_view why_not_for_ike(const ProposalWord& value);
// The PRF over the same hash or cipher.
Prf prf_of(Integrity integrity);

}  // namespace espgate::ike
