// IKE_SA_INIT as initiator (RFC 7296 sections 1.2, 2.6 and 2.7).
#pragma once

#include <memory>
#include <set>

#include "crypto/key_exchange.h"
#include "sa/ike_sa.h"

namespace espgate::ike {

class IkeSaInit final : public Exchange {
 public:
  // `child` is to be brought up afterwards; empty: none.
  explicit IkeSaInit(std::string child) : m_child(std::move(child)) {}

  wire::ExchangeType type() const override { return wire::ExchangeType::ike_sa_init; }
  std::optional<wire::Payloads> build(IkeSa& sa) override;
  Outcome process(IkeSa& sa, const Incoming& response) override;
  std::string stop_reason() const override { return m_refusal; }
  std::string child_name() const override { return m_child; }

 private:
  Outcome take_cookie(IkeSa& sa, const wire::NotifyPayload& notify);
  Outcome take_group(IkeSa& sa, const wire::NotifyPayload& notify);
  Outcome take_answer(IkeSa& sa, const Incoming& response);
  void begin_auth(IkeSa& sa, bool childless_supported);

  std::string m_child;
  Bytes m_nonce;
  Bytes m_cookie;
  unsigned m_cookies_taken = 0;
  std::unique_ptr<KeyExchange> m_key_exchange;
  std::set<Group> m_groups_tried;
  // What an error notify said. Such notifies are not authenticated: until the next retransmission is due, a
  // genuine answer is waited for (RFC 7296 section 2.21.1).
  std::string m_refusal;
};

// The groups of all proposals, the preferred one first.
bool offers_group(const ConnectionConfig& connection, Group group);
constexpr std::size_t own_nonce_size = 32;

}  // namespace espgate::ike
