// Agreeing on a Child SA inside IKE_AUTH or CREATE_CHILD_SA (RFC 7296 sections 1.2, 1.3, 2.9 and 2.17).
#pragma once

#include <expected>

#include "negotiation/proposal_selection.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

// An SPI of the data path: given back unless a Child SA was installed under it.
class SpiReservation {
 public:
  static Expected<SpiReservation> allocate(ChildSaHandler& handler);
  SpiReservation(SpiReservation&& other) noexcept;
  SpiReservation& operator=(SpiReservation&& other) noexcept;
  SpiReservation(const SpiReservation&) = delete;
  SpiReservation& operator=(const SpiReservation&) = delete;
  ~SpiReservation() { give_back(); }

  std::uint32_t value() const { return m_spi; }
  void keep() { m_spi = 0; }

 private:
  SpiReservation(ChildSaHandler& handler, std::uint32_t spi) : m_handler(&handler), m_spi(spi) {}
  void give_back();

  ChildSaHandler* m_handler;
  std::uint32_t m_spi = 0;  // 0: none held
};

// What both ends have agreed on for a Child SA.
struct ChildAgreement {
  const ChildConfig* child = nullptr;
  EspChoice choice;
  bool transport_mode = false;
  std::vector<TrafficSelector> local_ts;
  std::vector<TrafficSelector> remote_ts;
};

// What the keys are made of, and what the new Child SA takes over from.
struct ChildMaking {
  bool initiator = false;  // the request was ours
  ByteView initiator_nonce;
  ByteView responder_nonce;
  ByteView shared_secret{};  // empty without PFS
  ChildSaId replaces = 0;
  bool receive_only = false;
};

// Why a responder does not agree.
struct ChildRefusal {
  Reason counter;
  wire::NotifyType notify;
  std::string child;  // the one that came nearest; may be empty
  std::string why;
};
// Counts it, reports it, and gives what the peer is told.
wire::Payloads refuse_child(IkeSa& sa, const ChildRefusal& refusal);

// What the initiator asks for: SA, TSi, TSr and, where wanted, USE_TRANSPORT_MODE are appended.
void add_child_offer(wire::Payloads& payloads, const IkeSa& sa, const ChildConfig& child, std::uint32_t spi,
                     Pfs pfs = Pfs::none);

// The responder's part: the first configured child that fits, or `only`. The request has SA, TSi and TSr.
std::expected<ChildAgreement, ChildRefusal> agree_on_child(const IkeSa& sa, const wire::Payloads& request,
                                                           Pfs pfs, std::optional<Group> ke_group,
                                                           const std::string& only = {});
// Makes and installs it. What is to be appended to the answer: SA, TSi, TSr.
struct ChildAnswer {
  ChildSaId id = 0;
  wire::Payloads payloads;
};
std::expected<ChildAnswer, ChildRefusal> grant_child(IkeSa& sa, ChildAgreement agreement,
                                                     const ChildMaking& making);

// The initiator's part: what the responder agreed to; nullopt when that is not what it was offered.
std::optional<ChildAgreement> read_child_answer(const IkeSa& sa, const ChildConfig& child,
                                                const wire::Payloads& answer, Pfs pfs);
// What the peer has installed, as far as its answer says.
wire::Protocol answered_protocol(const wire::Payloads& answer);
// Makes and installs it; the SPI is kept when that works.
Expected<ChildSaId> install_agreed(IkeSa& sa, ChildAgreement agreement, SpiReservation& spi,
                                   const ChildMaking& making);

// The first Child SA, in IKE_AUTH. What to append to the answer: the Child SA is installed, or the appended
// payload is the notify that says why not; the IKE SA stays in either case (RFC 7296 section 2.21.2).
wire::Payloads answer_child_offer(IkeSa& sa, const wire::Payloads& request);
// The initiator's part, with the responder's answer. When the responder has an SA that we do not take, its
// deletion is put into the queue.
void accept_child_answer(IkeSa& sa, const ChildConfig& child, SpiReservation spi,
                         const wire::Payloads& answer);

}  // namespace espgate::ike
