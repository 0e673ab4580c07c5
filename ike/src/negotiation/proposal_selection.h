// Choosing algorithms (RFC 7296 sections 2.7 and 3.3).
#pragma once

#include <optional>
#include <span>

#include "ike/config.h"
#include "wire/sa_payload.h"

namespace espgate::ike {

wire::Protocol protocol_of(const EspProposal& proposal);

// `spi` is that of the IKE SA that replaces this one; 0 in IKE_SA_INIT, where the header has it.
wire::SaPayload offer_ike(std::span<const IkeProposal> proposals, std::uint64_t spi = 0);
// Whether there is a key exchange of the Child SA's own: not in IKE_AUTH, where groups are neither offered
// nor looked at (RFC 7296 section 1.2).
enum class Pfs : bool { none, as_configured };
wire::SaPayload offer_esp(std::span<const EspProposal> proposals, std::uint32_t spi, Pfs pfs = Pfs::none);

struct IkeChoice {
  IkeProposal proposal;  // one value of each kind
  std::uint8_t number = 0;
  std::uint64_t spi = 0;  // the sender's; 0 in IKE_SA_INIT
};
struct EspChoice {
  EspProposal proposal;
  std::uint8_t number = 0;
  std::uint32_t spi = 0;  // the sender's
};

// Where the SPI of an IKE SA stands: in the header, or in the proposal of a CREATE_CHILD_SA exchange.
enum class IkeSpi : bool { in_header, in_proposal };

// The responder's choice: our order of preference decides. `ke_group`, the group that the peer has already
// computed for, goes before our preference, for it saves a round trip. The group chosen for a Child SA is
// Group::none without PFS.
std::optional<IkeChoice> choose_ike(std::span<const IkeProposal> ours, const wire::SaPayload& offered,
                                    std::optional<Group> ke_group, IkeSpi where = IkeSpi::in_header);
std::optional<EspChoice> choose_esp(std::span<const EspProposal> ours, const wire::SaPayload& offered,
                                    Pfs pfs = Pfs::none, std::optional<Group> ke_group = std::nullopt);
Group group_of(const EspChoice& choice);

// `own_spi` is 0 in IKE_SA_INIT.
wire::SaPayload answer_ike(const IkeChoice& choice, std::uint64_t own_spi = 0);
wire::SaPayload answer_esp(const EspChoice& choice, std::uint32_t own_spi);

// What the responder chose; nullopt when that is not one transform of each kind out of what we offered.
std::optional<IkeChoice> accept_ike(std::span<const IkeProposal> offered, const wire::SaPayload& answer,
                                    IkeSpi where = IkeSpi::in_header);
std::optional<EspChoice> accept_esp(std::span<const EspProposal> offered, const wire::SaPayload& answer,
                                    Pfs pfs = Pfs::none);

}  // namespace espgate::ike
