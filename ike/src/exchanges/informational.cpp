#include "exchanges/informational.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "negotiation/proposal_selection.h"

namespace espgate::ike {
namespace {

using wire::DeletePayload;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::Protocol;

DeletePayload deletion_of(Protocol protocol, const std::vector<std::uint32_t>& spis) {
  return protocol == Protocol::ah ? DeletePayload::ah(spis) : DeletePayload::esp(spis);
}

// Takes away the Child SAs that the peer deletes, and returns our SPIs of them (RFC 7296 section 1.4.1). SPIs
// that we do not know are passed over: both ends may have deleted at the same time. One that we are deleting
// ourselves is not named in the answer (section 2.25.1).
std::vector<std::uint32_t> delete_children(IkeSa& sa, const DeletePayload& payload) {
  std::vector<std::uint32_t> ours;
  const ChildSaId being_deleted =
      sa.active() != nullptr && sa.active()->work() == Work::delete_child ? sa.active()->subject() : 0;
  for (const std::uint32_t spi : payload.spi_values()) {
    if (const Child* child = sa.children().find_by_outbound_spi(payload.protocol, spi)) {
      if (child->view.id != being_deleted) {
        ours.push_back(child->view.inbound_spi);
      }
      sa.close_child(child->view.id);
    } else if (sa.active() != nullptr) {
      sa.active()->peer_deleted(spi);
    }
  }
  return ours;
}

// RFC 7296 section 2.8.2: when the peer deletes what both ends were replacing, its new IKE SA is the one that
// takes over. Should it have noticed our attempt, its answer may still come, with an IKE SA to be deleted.
Reply end_by_peer(IkeSa& sa) {
  if (const IkeSa* heir = sa.heir()) {
    sa.linger();
    return {{}, std::nullopt, heir->id()};
  }
  sa.close_by_peer();
  return {{}, Reply::Move{SaState::gone, "deleted by the peer"}};
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
      return end_by_peer(sa);
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
  const Child* child = sa.children().find(m_id);
  if (child == nullptr) {
    return std::nullopt;
  }
  return wire::Payloads{deletion_of(protocol_of(child->view.proposal), {child->view.inbound_spi})};
}

Exchange::Outcome DeleteChildSa::process(IkeSa& sa, const Incoming& /*response*/) {
  sa.remove_child(m_id, "deleted");
  return Outcome::done;
}

std::optional<wire::Payloads> DeleteSpi::build(IkeSa& /*sa*/) {
  return wire::Payloads{deletion_of(m_protocol, {m_spi})};
}

Exchange::Outcome DeleteSpi::process(IkeSa& /*sa*/, const Incoming& /*response*/) {
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
