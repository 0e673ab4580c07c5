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
  // Why to stop instead of sending once more; empty: go on.
  virtual std::string stop_reason() const { return {}; }
  // The configured child that this exchange is to bring up; empty when it is not about one.
  virtual std::string child_name() const { return {}; }

 protected:
  Exchange() = default;
};

}  // namespace espgate::ike
