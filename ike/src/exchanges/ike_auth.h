// IKE_AUTH (RFC 7296 sections 1.2 and 2.15).
#pragma once

#include <optional>

#include "negotiation/child_negotiation.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

Reply answer_ike_auth(IkeSa& sa, const Incoming& request);

class IkeAuth final : public Exchange {
 public:
  // Without a child when its name is empty (RFC 6023).
  explicit IkeAuth(std::string child) : m_child(std::move(child)) {}

  wire::ExchangeType type() const override { return wire::ExchangeType::ike_auth; }
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  std::string child_name() const override { return m_child; }

 private:
  std::string m_child;
  std::optional<SpiReservation> m_spi;
};

}  // namespace espgate::ike
