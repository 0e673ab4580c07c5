// INFORMATIONAL exchanges (RFC 7296 sections 1.4 and 2.21): deletions, liveness, the notice that
// authentication failed; and the answer to all of them.
#pragma once

#include "sa/ike_sa.h"

namespace espgate::ike {

Reply answer_informational(IkeSa& sa, const Incoming& request);

class InformationalExchange : public Exchange {
 public:
  wire::ExchangeType type() const final { return wire::ExchangeType::informational; }
};

class DeleteIkeSa final : public InformationalExchange {
 public:
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  Work work() const override { return Work::delete_ike; }
};

class DeleteChildSa final : public InformationalExchange {
 public:
  explicit DeleteChildSa(ChildSaId id) : m_id(id) {}
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  Work work() const override { return Work::delete_child; }
  ChildSaId subject() const override { return m_id; }

 private:
  ChildSaId m_id;
};

// Deletes at the peer a Child SA that we do not have: we could not install it, or it has come to its end.
class DeleteSpi final : public InformationalExchange {
 public:
  DeleteSpi(std::uint32_t inbound_spi, wire::Protocol protocol) : m_spi(inbound_spi), m_protocol(protocol) {}
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  Work work() const override { return Work::delete_child; }

 private:
  std::uint32_t m_spi;
  wire::Protocol m_protocol;
};

// An empty request, to learn whether the peer still answers.
class LivenessCheck final : public InformationalExchange {
 public:
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
};

// The initiator's word that it does not accept the responder (RFC 7296 section 2.21.2).
class AuthenticationFailedNotice final : public InformationalExchange {
 public:
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
};

}  // namespace espgate::ike
