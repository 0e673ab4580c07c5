// CREATE_CHILD_SA for an IKE SA in place of another (RFC 7296 sections 1.3.2, 2.8.2 and 2.18).
#pragma once

#include <memory>
#include <optional>

#include "crypto/key_exchange.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

Reply answer_rekey_ike_sa(IkeSa& sa, const wire::Payloads& request, const wire::SaPayload& offered,
                          const wire::NoncePayload& nonce);

class RekeyIkeSa final : public Exchange {
 public:
  RekeyIkeSa() = default;

  wire::ExchangeType type() const override { return wire::ExchangeType::create_child_sa; }
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  Work work() const override { return Work::rekey_ike; }
  void collide(const Collision& collision) override { m_collision = collision; }

 private:
  void take_error(IkeSa& sa, const wire::NotifyPayload& error);
  void take_answer(IkeSa& sa, const wire::Payloads& answer);
  void settle(IkeSa& sa, IkeSa& made, const Bytes& lowest_nonce);

  // The group that the peer has asked for; it is asked once.
  std::optional<Group> m_group;
  std::uint64_t m_own_spi = 0;
  Bytes m_nonce;
  std::unique_ptr<KeyExchange> m_key_exchange;
  std::optional<Collision> m_collision;
};

}  // namespace espgate::ike
