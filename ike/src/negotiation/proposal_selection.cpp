#include "negotiation/proposal_selection.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "config/algorithms.h"

namespace espgate::ike {
namespace {

using wire::Protocol;
using wire::Transform;
using wire::TransformType;

constexpr std::size_t child_spi_size = 4;

// A proposal as it came, sorted by kind. Values that we do not know are left out, but make the kind present.
struct Offer {
  struct Kind {
    std::vector<std::uint16_t> ids;
    std::size_t count = 0;  // with those that we cannot use
  };
  std::vector<EncryptionTransform> encryption;
  std::size_t encryption_count = 0;
  Kind prf;
  Kind integrity;
  Kind groups;
  Kind esn;
  bool unknown_kind = false;
};

void add(Offer::Kind& kind, const Transform& transform) {
  ++kind.count;
  // An attribute that does not belong there makes the transform unusable (RFC 7296 section 3.3.6).
  if (transform.attributes.empty()) {
    kind.ids.push_back(transform.id);
  }
}

Offer sort(const wire::Proposal& proposal) {
  Offer offer;
  for (const Transform& transform : proposal.transforms) {
    switch (transform.type) {
      case TransformType::encryption:
        ++offer.encryption_count;
        if (const auto bits = transform.key_bits()) {
          offer.encryption.push_back({Encryption{transform.id}, *bits});
        }
        break;
      case TransformType::prf:
        add(offer.prf, transform);
        break;
      case TransformType::integrity:
        add(offer.integrity, transform);
        break;
      case TransformType::key_exchange:
        add(offer.groups, transform);
        break;
      case TransformType::extended_sequence_numbers:
        add(offer.esn, transform);
        break;
      default:
        // RFC 7296 section 3.3.6: one transform of each kind is to be chosen, and of this one we cannot.
        offer.unknown_kind = true;
    }
  }
  return offer;
}

template <typename T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

// The first of ours that is offered.
template <typename T>
std::optional<T> first_common(const std::vector<T>& ours, const Offer::Kind& offered) {
  for (const T value : ours) {
    if (contains(offered.ids, std::to_underlying(value))) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<EncryptionTransform> first_common(const std::vector<EncryptionTransform>& ours,
                                                const Offer& offered) {
  for (const EncryptionTransform& value : ours) {
    if (contains(offered.encryption, value)) {
      return value;
    }
  }
  return std::nullopt;
}

// Integrity to go with a cipher: none with an AEAD, which the peer says by NONE or by silence.
std::optional<std::vector<Integrity>> choose_integrity(bool aead, const std::vector<Integrity>& ours,
                                                       const Offer& offered) {
  if (aead) {
    const bool none =
        offered.integrity.count == 0 || contains(offered.integrity.ids, std::to_underlying(Integrity::none));
    return none ? std::optional(std::vector<Integrity>{}) : std::nullopt;
  }
  const auto common = first_common(ours, offered.integrity);
  return common ? std::optional(std::vector{*common}) : std::nullopt;
}

std::optional<IkeProposal> match(const IkeProposal& ours, const Offer& offered,
                                 std::optional<Group> ke_group) {
  const auto encryption = first_common(ours.encryption, offered);
  const auto prf = first_common(ours.prf, offered.prf);
  auto group = first_common(ours.groups, offered.groups);
  if (!encryption || !prf || !group || offered.esn.count != 0 || offered.unknown_kind) {
    return std::nullopt;
  }
  if (ke_group && contains(ours.groups, *ke_group) &&
      contains(offered.groups.ids, std::to_underlying(*ke_group))) {
    group = ke_group;
  }
  auto integrity = choose_integrity(is_aead(encryption->algorithm), ours.integrity, offered);
  if (!integrity) {
    return std::nullopt;
  }
  return IkeProposal{{*encryption}, {*prf}, std::move(*integrity), {*group}};
}

// The group for PFS; Group::none, said or left unsaid, is to have none.
std::optional<Group> choose_group(const std::vector<Group>& ours, const Offer::Kind& offered,
                                  std::optional<Group> ke_group) {
  const bool without = offered.count == 0 || contains(offered.ids, std::to_underlying(Group::none));
  if (ours.empty()) {
    return without ? std::optional(Group::none) : std::nullopt;
  }
  if (ke_group && contains(ours, *ke_group) && contains(offered.ids, std::to_underlying(*ke_group))) {
    return ke_group;
  }
  if (const auto common = first_common(ours, offered)) {
    return common;
  }
  return without && contains(ours, Group::none) ? std::optional(Group::none) : std::nullopt;
}

std::optional<EspProposal> match(const EspProposal& ours, const Offer& offered, Pfs pfs,
                                 std::optional<Group> ke_group) {
  const auto esn = first_common(ours.esn, offered.esn);
  if (!esn || offered.prf.count != 0 || offered.unknown_kind) {
    return std::nullopt;
  }
  EspProposal chosen{
      .encryption = {}, .integrity = {}, .groups = {}, .esn = {*esn}, .protocol = ours.protocol};
  if (pfs == Pfs::as_configured) {
    const auto group = choose_group(ours.groups, offered.groups, ke_group);
    if (!group) {
      return std::nullopt;
    }
    if (*group != Group::none) {
      chosen.groups = {*group};
    }
  }
  if (ours.protocol == ChildProtocol::ah) {
    const auto integrity = first_common(ours.integrity, offered.integrity);
    if (!integrity || offered.encryption_count != 0) {
      return std::nullopt;
    }
    chosen.integrity = {*integrity};
    return chosen;
  }
  const auto encryption = first_common(ours.encryption, offered);
  auto integrity =
      encryption ? choose_integrity(is_aead(encryption->algorithm), ours.integrity, offered) : std::nullopt;
  if (!integrity) {
    return std::nullopt;
  }
  chosen.encryption = {*encryption};
  chosen.integrity = std::move(*integrity);
  return chosen;
}

// 0 where there is none, as in IKE_SA_INIT.
std::optional<std::uint64_t> ike_spi(const wire::Proposal& proposal, IkeSpi where) {
  constexpr std::size_t ike_spi_size = 8;
  if (proposal.protocol != Protocol::ike ||
      proposal.spi.size() != (where == IkeSpi::in_proposal ? ike_spi_size : 0)) {
    return std::nullopt;
  }
  if (where == IkeSpi::in_header) {
    return 0;
  }
  const std::uint64_t spi = load_be64(proposal.spi);
  return spi != 0 ? std::optional(spi) : std::nullopt;
}

std::optional<std::uint32_t> child_spi(const EspProposal& ours, const wire::Proposal& proposal) {
  if (proposal.protocol != protocol_of(ours) || proposal.spi.size() != child_spi_size) {
    return std::nullopt;
  }
  const std::uint32_t spi = load_be32(proposal.spi);
  // RFC 4303 section 2.1, RFC 4302 section 2.4: 0 is for local use, 1 to 255 are reserved.
  return spi > 255 ? std::optional(spi) : std::nullopt;
}

void add_encryption(wire::Proposal& to, const std::vector<EncryptionTransform>& values) {
  for (const EncryptionTransform& value : values) {
    wire::Transform transform{TransformType::encryption, std::to_underlying(value.algorithm), {}};
    if (value.key_bits != 0) {
      transform.attributes.push_back({wire::key_length_attribute, true, value.key_bits, {}});
    }
    to.transforms.push_back(std::move(transform));
  }
}

template <typename T>
void add_transforms(wire::Proposal& to, TransformType type, const std::vector<T>& values) {
  for (const T value : values) {
    to.transforms.push_back({type, std::to_underlying(value), {}});
  }
}

wire::Proposal to_wire(const IkeProposal& proposal, std::uint8_t number, std::uint64_t spi) {
  Writer writer;
  if (spi != 0) {
    writer.u64(spi);
  }
  wire::Proposal out{number, Protocol::ike, std::move(writer).finish(), {}};
  add_encryption(out, proposal.encryption);
  add_transforms(out, TransformType::integrity, proposal.integrity);
  add_transforms(out, TransformType::prf, proposal.prf);
  add_transforms(out, TransformType::key_exchange, proposal.groups);
  return out;
}

wire::Proposal to_wire(const EspProposal& proposal, std::uint8_t number, std::uint32_t spi, Pfs pfs) {
  Writer writer;
  writer.u32(spi);
  wire::Proposal out{number, protocol_of(proposal), std::move(writer).finish(), {}};
  add_encryption(out, proposal.encryption);
  add_transforms(out, TransformType::integrity, proposal.integrity);
  if (pfs == Pfs::as_configured) {
    add_transforms(out, TransformType::key_exchange, proposal.groups);
  }
  add_transforms(out, TransformType::extended_sequence_numbers, proposal.esn);
  return out;
}

bool one_of_each(const Offer& offer) {
  return offer.encryption_count <= 1 && offer.prf.count <= 1 && offer.integrity.count <= 1 &&
         offer.groups.count <= 1 && offer.esn.count <= 1;
}

// The proposal of ours that an answer of one proposal refers to.
template <typename T>
const T* referred(std::span<const T> offered, const wire::SaPayload& answer) {
  if (answer.proposals.size() != 1) {
    return nullptr;
  }
  const std::size_t number = answer.proposals.front().number;
  return number >= 1 && number <= offered.size() ? &offered[number - 1] : nullptr;
}

}  // namespace

wire::Protocol protocol_of(const EspProposal& proposal) {
  return proposal.protocol == ChildProtocol::ah ? Protocol::ah : Protocol::esp;
}

wire::SaPayload offer_ike(std::span<const IkeProposal> proposals, std::uint64_t spi) {
  wire::SaPayload payload;
  for (const IkeProposal& proposal : proposals) {
    payload.proposals.push_back(
        to_wire(proposal, static_cast<std::uint8_t>(payload.proposals.size() + 1), spi));
  }
  return payload;
}

wire::SaPayload offer_esp(std::span<const EspProposal> proposals, std::uint32_t spi, Pfs pfs) {
  wire::SaPayload payload;
  for (const EspProposal& proposal : proposals) {
    payload.proposals.push_back(
        to_wire(proposal, static_cast<std::uint8_t>(payload.proposals.size() + 1), spi, pfs));
  }
  return payload;
}

std::optional<IkeChoice> choose_ike(std::span<const IkeProposal> ours, const wire::SaPayload& offered,
                                    std::optional<Group> ke_group, IkeSpi where) {
  for (const IkeProposal& own : ours) {
    for (const wire::Proposal& proposal : offered.proposals) {
      const auto spi = ike_spi(proposal, where);
      if (!spi) {
        continue;
      }
      if (auto common = match(own, sort(proposal), ke_group)) {
        return IkeChoice{std::move(*common), proposal.number, *spi};
      }
    }
  }
  return std::nullopt;
}

std::optional<EspChoice> choose_esp(std::span<const EspProposal> ours, const wire::SaPayload& offered,
                                    Pfs pfs, std::optional<Group> ke_group) {
  for (const EspProposal& own : ours) {
    for (const wire::Proposal& proposal : offered.proposals) {
      const auto spi = child_spi(own, proposal);
      if (!spi) {
        continue;
      }
      if (auto common = match(own, sort(proposal), pfs, ke_group)) {
        return EspChoice{std::move(*common), proposal.number, *spi};
      }
    }
  }
  return std::nullopt;
}

Group group_of(const EspChoice& choice) {
  return choice.proposal.groups.empty() ? Group::none : choice.proposal.groups.front();
}

wire::SaPayload answer_ike(const IkeChoice& choice, std::uint64_t own_spi) {
  return {{to_wire(choice.proposal, choice.number, own_spi)}};
}

wire::SaPayload answer_esp(const EspChoice& choice, std::uint32_t own_spi) {
  return {{to_wire(choice.proposal, choice.number, own_spi, Pfs::as_configured)}};
}

std::optional<IkeChoice> accept_ike(std::span<const IkeProposal> offered, const wire::SaPayload& answer,
                                    IkeSpi where) {
  const IkeProposal* own = referred(offered, answer);
  if (own == nullptr || answer.proposals.front().protocol != Protocol::ike ||
      !one_of_each(sort(answer.proposals.front()))) {
    return std::nullopt;
  }
  return choose_ike(std::span(own, 1), answer, std::nullopt, where);
}

std::optional<EspChoice> accept_esp(std::span<const EspProposal> offered, const wire::SaPayload& answer,
                                    Pfs pfs) {
  const EspProposal* own = referred(offered, answer);
  if (own == nullptr || !one_of_each(sort(answer.proposals.front()))) {
    return std::nullopt;
  }
  return choose_esp(std::span(own, 1), answer, pfs);
}

}  // namespace espgate::ike
