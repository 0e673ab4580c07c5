#include "exchanges/informational.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace espgate::ike {
namespace {

using wire::DeletePayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::Protocol;

Protocol protocol_of(const ChildSaView& child) {
  return child.proposal.protocol == ChildProtocol::ah ? Protocol::ah : Protocol::esp;
}

DeletePayload deletion_of(Protocol protocol, const std::vector<std::uint32_t>& spis) {
  return protocol == Protocol::ah ? DeletePayload::ah(spis) : DeletePayload::esp(spis);
}

// Takes away the Child SAs that the peer deletes, and returns our SPIs of them (RFC 7296 section 1.4.1). SPIs
// that we do not know are passed over: both ends may have deleted at the same time.
std::vector<std::uint32_t> delete_children(IkeSa& sa, const DeletePayload& payload) {
  std::vector<std::uint32_t> ours;
  for (const std::uint32_t spi : payload.spi_values()) {
    const ChildSaView* child = sa.find_child_by_outbound_spi(spi);
    if (child != nullptr && protocol_of(*child) == payload.protocol) {
      ours.push_back(child->inbound_spi);
      sa.remove_child(child->id, "deleted by the peer");
    }
  }
  return ours;
}

}  // namespace

Reply answer_informational(IkeSa& sa, const Incoming& request) {
  for (const NotifyType fatal : {NotifyType::authentication_failed, NotifyType::invalid_syntax}) {
    if (wire::find_notify(request.payloads, fatal) != nullptr) {
      return {{}, Reply::Move{SaState::gone, "the peer sent " + wire::to_string(fatal)}};
    }
  }
  std::vector<std::uint32_t> deleted_esp;
  std::vector<std::uint32_t> deleted_ah;
  for (const wire::Payload& payload : request.payloads) {
    const auto* deletion = std::get_if<DeletePayload>(&payload);
    if (deletion == nullptr) {
      continue;
    }
    if (deletion->protocol == Protocol::ike) {
      return {{}, Reply::Move{SaState::gone, "deleted by the peer"}};
    }
    if (deletion->protocol == Protocol::esp || deletion->protocol == Protocol::ah) {
      std::ranges::copy(delete_children(sa, *deletion),
                        std::back_inserter(deletion->protocol == Protocol::ah ? deleted_ah : deleted_esp));
    }
  }
  Reply reply;
  if (!deleted_esp.empty()) {
    reply.payloads.emplace_back(DeletePayload::esp(deleted_esp));
  }
  if (!deleted_ah.empty()) {
    reply.payloads.emplace_back(DeletePayload::ah(deleted_ah));
  }
  return reply;
}

std::optional<wire::Payloads> DeleteIkeSa::build(IkeSa& /*sa*/) {
  return wire::Payloads{DeletePayload::ike_sa()};
}

Exchange::Outcome DeleteIkeSa::process(IkeSa& sa, const Incoming& /*response*/) {
  sa.set_state(SaState::gone, "deleted");
  return Outcome::done;
}

std::optional<wire::Payloads> DeleteChildSa::build(IkeSa& sa) {
  const ChildSaView* child = sa.find_child(m_id);
  if (child == nullptr) {
    return std::nullopt;
  }
  return wire::Payloads{deletion_of(protocol_of(*child), {child->inbound_spi})};
}

Exchange::Outcome DeleteChildSa::process(IkeSa& sa, const Incoming& /*response*/) {
  sa.remove_child(m_id, "deleted");
  return Outcome::done;
}

std::optional<wire::Payloads> DeleteUninstalledChild::build(IkeSa& /*sa*/) {
  return wire::Payloads{deletion_of(m_protocol, {m_spi})};
}

Exchange::Outcome DeleteUninstalledChild::process(IkeSa& /*sa*/, const Incoming& /*response*/) {
  return Outcome::done;
}

std::optional<wire::Payloads> LivenessCheck::build(IkeSa& /*sa*/) {
  return wire::Payloads{};
}

Exchange::Outcome LivenessCheck::process(IkeSa& /*sa*/, const Incoming& /*response*/) {
  return Outcome::done;
}

std::optional<wire::Payloads> AuthenticationFailedNotice::build(IkeSa& /*sa*/) {
  return wire::Payloads{NotifyPayload{.notify = NotifyType::authentication_failed}};
}

Exchange::Outcome AuthenticationFailedNotice::process(IkeSa& sa, const Incoming& /*response*/) {
  sa.set_state(SaState::gone, "authentication failed");
  return Outcome::done;
}

}  // namespace espgate::ike
