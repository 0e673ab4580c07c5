// An exchange that we start: what it asks, and what it makes of the answer.
#pragma once

#include <optional>
#include <string>

#include "ike/stack.h"
#include "wire/message.h"

namespace espgate::ike {

class IkeSa;

// A message that came, decrypted where it was encrypted.
struct Incoming {
  const Datagram& datagram;
  const wire::Header& header;
  const wire::Payloads& payloads;
};

// What an exchange does, as far as a request of the peer's may collide with it (RFC 7296 section 2.25).
enum class Work : std::uint8_t { other, create_child, rekey_child, delete_child, rekey_ike, delete_ike };

// The peer has replaced the same SA as an exchange of ours is about to (RFC 7296 sections 2.8.1 and 2.8.2).
struct Collision {
  std::uint32_t made = 0;  // the ID of what came of it
  Bytes lowest_nonce;      // of the two of the peer's exchange
};

class Exchange {
 public:
  enum class Outcome : std::uint8_t {
    done,
    keep_waiting,  // the response was of no use
    send_again     // build() anew, under the same message ID
  };

  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  virtual wire::ExchangeType type() const = 0;
  // The payloads of the request; nullopt when it has become pointless.
  virtual std::optional<wire::Payloads> build(IkeSa& sa) = 0;
  // Called for a response to our message ID; authenticated, except in IKE_SA_INIT.
  virtual Outcome process(IkeSa& sa, const Incoming& response) = 0;
  virtual Work work() const { return Work::other; }
  // The Child SA that is replaced or deleted; 0 when there is none.
  virtual ChildSaId subject() const { return 0; }
  // Tells an exchange under way of a request of the peer's that was granted.
  virtual void collide(const Collision& /*collision*/) {}
  // The same of a Child SA that the peer deletes and that is not known here: our request may have made it,
  // and the answer be late.
  virtual void peer_deleted(std::uint32_t /*outbound_spi*/) {}
  // Why to stop instead of sending once more; empty: go on.
  virtual std::string stop_reason() const { return {}; }
  // The configured child that this exchange is to bring up; empty when it brings up none, or replaces one.
  virtual std::string child_name() const { return {}; }

 protected:
  Exchange() = default;
};

}  // namespace espgate::ike
