// CREATE_CHILD_SA for Child SAs: a further one, or one in place of another (RFC 7296 sections 1.3.1, 1.3.3
// and 2.8).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "crypto/key_exchange.h"
#include "negotiation/child_negotiation.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

// Answers every CREATE_CHILD_SA request.
Reply answer_create_child_sa(IkeSa& sa, const Incoming& request);

class CreateChildSa final : public Exchange {
 public:
  explicit CreateChildSa(std::string child, ChildSaId replaces = 0)
      : m_child(std::move(child)), m_replaces(replaces) {}

  wire::ExchangeType type() const override { return wire::ExchangeType::create_child_sa; }
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  Work work() const override { return m_replaces != 0 ? Work::rekey_child : Work::create_child; }
  ChildSaId subject() const override { return m_replaces; }
  void collide(const Collision& collision) override { m_collision = collision; }
  void peer_deleted(std::uint32_t outbound_spi) override { m_deleted.push_back(outbound_spi); }
  std::string child_name() const override { return m_replaces != 0 ? std::string() : m_child; }

 private:
  void take_error(IkeSa& sa, const wire::NotifyPayload& error);
  bool take_group(IkeSa& sa, const wire::NotifyPayload& error);
  void take_answer(IkeSa& sa, const ChildConfig& child, const wire::Payloads& answer);
  // The peer has an SA that we do not take.
  void give_back(IkeSa& sa, const wire::Payloads& answer, Reason counter, const std::string& reason);
  void fail(IkeSa& sa, const std::string& reason);

  std::string m_child;
  ChildSaId m_replaces;
  unsigned m_temporary_failures = 0;
  // The group that the peer has asked for; it is asked once.
  std::optional<Group> m_group;
  std::optional<SpiReservation> m_spi;
  Bytes m_nonce;
  std::unique_ptr<KeyExchange> m_key_exchange;
  std::optional<Collision> m_collision;
  std::vector<std::uint32_t> m_deleted;
};

}  // namespace espgate::ike
