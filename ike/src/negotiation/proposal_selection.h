// Choosing algorithms (RFC 7296 sections 2.7 and 3.3).
#pragma once

#include <optional>
#include <span>

#include "ike/config.h"
#include "wire/sa_payload.h"

namespace espgate::ike {

wire::SaPayload offer_ike(std::span<const IkeProposal> proposals);
// Key exchange groups are left out: there is no second exchange in IKE_AUTH (RFC 7296 section 1.2).
wire::SaPayload offer_esp(std::span<const EspProposal> proposals, std::uint32_t spi);

struct IkeChoice {
  IkeProposal proposal;  // one value of each kind
  std::uint8_t number = 0;
};
struct EspChoice {
  EspProposal proposal;
  std::uint8_t number = 0;
  std::uint32_t spi = 0;  // the sender's
};

// The responder's choice: our order of preference decides. `ke_group`, the group that the peer has already
// computed for, goes before our preference, for it saves a round trip.
std::optional<IkeChoice> choose_ike(std::span<const IkeProposal> ours, const wire::SaPayload& offered,
                                    std::optional<Group> ke_group);
std::optional<EspChoice> choose_esp(std::span<const EspProposal> ours, const wire::SaPayload& offered);

wire::SaPayload answer_ike(const IkeChoice& choice);
wire::SaPayload answer_esp(const EspChoice& choice, std::uint32_t own_spi);

// What the responder chose; nullopt when that is not one transform of each kind out of what we offered.
std::optional<IkeChoice> accept_ike(std::span<const IkeProposal> offered, const wire::SaPayload& answer);
std::optional<EspChoice> accept_esp(std::span<const EspProposal> offered, const wire::SaPayload& answer);

}  // namespace espgate::ike
