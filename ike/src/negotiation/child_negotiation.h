// Agreeing on a Child SA inside IKE_AUTH (RFC 7296 sections 1.2, 2.9 and 2.17).
#pragma once

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

// What the initiator asks for; appended to its IKE_AUTH request.
void add_child_offer(wire::Payloads& payloads, const IkeSa& sa, const ChildConfig& child, std::uint32_t spi);

// The responder's part: what to append to the answer. The Child SA is installed, or the appended payload is
// the notify that says why not; the IKE SA stays in either case (RFC 7296 section 2.21.2).
wire::Payloads answer_child_offer(IkeSa& sa, const wire::Payloads& request);

// The initiator's part, with the responder's answer. When the responder has an SA that we do not take, its
// deletion is put into the queue.
void accept_child_answer(IkeSa& sa, const ChildConfig& child, SpiReservation spi,
                         const wire::Payloads& answer);

}  // namespace espgate::ike
